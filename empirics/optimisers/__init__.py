"""Optimisers, and what is done to a gradient because it is stale."""

from empirics.optimisers.adam import Adam, AdamW, AMSGrad
from empirics.optimisers.base import SGD, Correction, Optimiser
from empirics.optimisers.momentum import Momentum
from empirics.optimisers.scaled import Adagrad, RMSProp

__all__ = [
    "SGD",
    "AMSGrad",
    "Adagrad",
    "Adam",
    "AdamW",
    "Correction",
    "Momentum",
    "Optimiser",
    "RMSProp",
]
