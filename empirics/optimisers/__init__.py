"""Optimisers, and what is done to a gradient because it is stale."""

from empirics.optimisers.adam import Adam, AdamW, AMSGrad
from empirics.optimisers.base import SGD, Correction, Optimiser
from empirics.optimisers.compensation import AdaptiveDelayCompensation, DelayCompensation
from empirics.optimisers.momentum import Momentum
from empirics.optimisers.picky import Picky
from empirics.optimisers.proximal import DelayedProximal
from empirics.optimisers.scaled import Adagrad, RMSProp
from empirics.optimisers.weighing import (
    DelayAdaptive,
    DelayClipping,
    PolynomialWeight,
    ScaledByDelay,
    weights,
)
from empirics.optimisers.window import WindowRule

__all__ = [
    "SGD",
    "AMSGrad",
    "Adagrad",
    "Adam",
    "AdamW",
    "AdaptiveDelayCompensation",
    "Correction",
    "DelayAdaptive",
    "DelayClipping",
    "DelayCompensation",
    "DelayedProximal",
    "Momentum",
    "Optimiser",
    "Picky",
    "PolynomialWeight",
    "RMSProp",
    "ScaledByDelay",
    "WindowRule",
    "weights",
]
