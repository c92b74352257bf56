"""Confidence limits for means, simultaneous over many looks: pure functions on arrays."""

from empirics.statistics.bernstein import bernstein_limits
from empirics.statistics.bootstrap import bootstrap_limits
from empirics.statistics.choice import Chosen, Method, limits_of_means
from empirics.statistics.family import Family
from empirics.statistics.student import Limits, simultaneous_limits

__all__ = [
    "Chosen",
    "Family",
    "Limits",
    "Method",
    "bernstein_limits",
    "bootstrap_limits",
    "limits_of_means",
    "simultaneous_limits",
]
