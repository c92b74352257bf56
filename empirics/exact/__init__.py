"""Exact answers for stale SGD on quadratics, without Monte Carlo."""

from empirics.exact.moments import Exact, moments
from empirics.exact.runs import exact_runs
from empirics.exact.stability import (
    Best,
    best_step,
    largest_delay,
    rate,
    stability_limit,
    stationary_variance,
)

__all__ = [
    "Best",
    "Exact",
    "best_step",
    "exact_runs",
    "largest_delay",
    "moments",
    "rate",
    "stability_limit",
    "stationary_variance",
]
