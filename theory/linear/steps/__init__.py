"""The kinds of steps that exact formulas are argued by, a kind a file; each is data and a check."""

from theory.linear.steps.base import Step
from theory.linear.steps.enumeration import Enumeration
from theory.linear.steps.identity import Identity
from theory.linear.steps.kernel import FromKernel
from theory.linear.steps.lemma import Lemma
from theory.linear.steps.limits import Limit
from theory.linear.steps.positive import Positive
from theory.linear.steps.recurrence import Recursion, Termwise
from theory.linear.steps.second_moments import Outcome, SecondMoments
from theory.linear.steps.stable import StableBetween
from theory.linear.steps.sums import SumIdentity

__all__ = [
    "Enumeration",
    "FromKernel",
    "Identity",
    "Lemma",
    "Limit",
    "Outcome",
    "Positive",
    "Recursion",
    "SecondMoments",
    "StableBetween",
    "Step",
    "SumIdentity",
    "Termwise",
]
