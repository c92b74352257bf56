"""Exact answers for stale SGD on quadratics, without Monte Carlo."""

from empirics.exact.best import Best, best_step
from empirics.exact.coherent import ExactCoherence, coherence
from empirics.exact.expectations import Exact
from empirics.exact.maps import Locus, StabilityMap, locus, stability_map
from empirics.exact.moments import moments
from empirics.exact.runs import exact_runs
from empirics.exact.stability import (
    cache_disagreement,
    largest_delay,
    rate,
    stability_limit,
    stationary_variance,
)
from empirics.exact.turning import Turning, path, turning

__all__ = [
    "Best",
    "Exact",
    "ExactCoherence",
    "Locus",
    "StabilityMap",
    "Turning",
    "best_step",
    "cache_disagreement",
    "coherence",
    "exact_runs",
    "largest_delay",
    "locus",
    "moments",
    "path",
    "rate",
    "stability_limit",
    "stability_map",
    "stationary_variance",
    "turning",
]
