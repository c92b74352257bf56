"""Optimisers, and what is done to a gradient because it is stale."""

from empirics.optimisers.base import SGD, Correction, Optimiser

__all__ = ["SGD", "Correction", "Optimiser"]
