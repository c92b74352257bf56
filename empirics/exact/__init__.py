"""Exact answers for stale SGD on quadratics, without Monte Carlo."""

from empirics.exact.moments import Exact, moments

__all__ = ["Exact", "moments"]
