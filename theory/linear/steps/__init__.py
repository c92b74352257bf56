"""The kinds of steps that exact formulas are argued by, a kind a file; each is data and a check."""

from theory.linear.steps.base import Step
from theory.linear.steps.identity import Identity
from theory.linear.steps.kernel import FromKernel
from theory.linear.steps.positive import Positive
from theory.linear.steps.recurrence import Recursion, Termwise
from theory.linear.steps.stable import StableBetween

__all__ = [
    "FromKernel",
    "Identity",
    "Positive",
    "Recursion",
    "StableBetween",
    "Step",
    "Termwise",
]
