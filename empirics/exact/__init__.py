"""Exact answers for stale SGD on quadratics, without Monte Carlo."""

from empirics.exact.best import Best, best_step
from empirics.exact.expectations import Exact
from empirics.exact.moments import moments
from empirics.exact.runs import exact_runs
from empirics.exact.stability import (
    cache_disagreement,
    largest_delay,
    rate,
    stability_limit,
    stationary_variance,
)

__all__ = [
    "Best",
    "Exact",
    "best_step",
    "cache_disagreement",
    "exact_runs",
    "largest_delay",
    "moments",
    "rate",
    "stability_limit",
    "stationary_variance",
]
