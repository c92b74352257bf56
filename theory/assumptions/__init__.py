r"""The assumptions theorems make, as records: what each says, and what it lets a proof use.

>>> print(GradientCoherence())
gradient coherence: E<grad F(x_k), grad F(x_j)> >= mu E|grad F(x_k)|^2 for k-s+1 <= j <= k
>>> for use in sorted(map(str, BoundedDelay().allows)):
...     print(use)
reads lag by at most s - 1: for all k with 1 <= k: k - s + 1 <= tau[k]
reads start at x_1: for all k with 1 <= k: 1 <= tau[k]
reads the past: for all k with 1 <= k: tau[k] <= k
"""

from theory.assumptions.base import (
    FROM_ONE,
    FROM_ZERO,
    Assumed,
    Counting,
    F,
    applied_direction,
    g,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.assumptions.blocks import (
    BlockDescent,
    EffectiveDelay,
    SmoothBlocks,
    blocks_read,
    partial,
)
from theory.assumptions.delays import (
    AverageDelay,
    BoundedDelay,
    Concurrency,
    ConstantDelay,
    ExogenousDelays,
    Multiplicity,
    ReadsThePast,
)
from theory.assumptions.direction import (
    CoherentOnQuadratics,
    GradientCoherence,
    PathwiseGradientCoherence,
    SufficientDirection,
)
from theory.assumptions.functions import (
    BoundedGradient,
    ConditionNumber,
    Convex,
    InitialGap,
    Minimiser,
    PolyakLojasiewicz,
    Smooth,
    StronglyConvex,
    x_star,
)
from theory.assumptions.methods import (
    AnyDirection,
    NonincreasingSteps,
    PickySteps,
    PositiveSteps,
    ShortStep,
    StaleSGD,
    StepLimit,
)
from theory.assumptions.noise import (
    BoundedGradientsMet,
    BoundedSecondMoment,
    BoundedVariance,
    MiniBatch,
    MultiplicativeNoise,
    UnbiasedNoise,
)
from theory.assumptions.parts import (
    DelaysOfParts,
    SeveralGradients,
    StepsOverTheDelay,
    VarianceOfSamples,
    gradients_read,
)
from theory.assumptions.proximal import (
    PSI,
    CompositeMinimiser,
    DelayedProximalGradient,
    ProjectedSGD,
    ProximalSGD,
)
from theory.assumptions.stated import Stated
from theory.assumptions.windows import InterferenceRule, SomeStep, WindowRule
from theory.assumptions.workers import DeliveredGradients, RestartingWorkers

__all__ = [
    "FROM_ONE",
    "FROM_ZERO",
    "PSI",
    "AnyDirection",
    "Assumed",
    "AverageDelay",
    "BlockDescent",
    "BoundedDelay",
    "BoundedGradient",
    "BoundedGradientsMet",
    "BoundedSecondMoment",
    "BoundedVariance",
    "CoherentOnQuadratics",
    "CompositeMinimiser",
    "Concurrency",
    "ConditionNumber",
    "ConstantDelay",
    "Convex",
    "Counting",
    "DelayedProximalGradient",
    "DelaysOfParts",
    "DeliveredGradients",
    "EffectiveDelay",
    "ExogenousDelays",
    "F",
    "GradientCoherence",
    "InitialGap",
    "InterferenceRule",
    "MiniBatch",
    "Minimiser",
    "MultiplicativeNoise",
    "Multiplicity",
    "NonincreasingSteps",
    "PathwiseGradientCoherence",
    "PickySteps",
    "PolyakLojasiewicz",
    "PositiveSteps",
    "ProjectedSGD",
    "ProximalSGD",
    "ReadsThePast",
    "RestartingWorkers",
    "SeveralGradients",
    "ShortStep",
    "Smooth",
    "SmoothBlocks",
    "SomeStep",
    "StaleSGD",
    "Stated",
    "StepLimit",
    "StepsOverTheDelay",
    "StronglyConvex",
    "SufficientDirection",
    "UnbiasedNoise",
    "VarianceOfSamples",
    "WindowRule",
    "applied_direction",
    "blocks_read",
    "g",
    "gradient",
    "gradients_read",
    "objective",
    "partial",
    "squared_gradient",
    "x",
    "x_star",
    "xi",
]
