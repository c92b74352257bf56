"""Problems that know their constants."""

from empirics.problems.base import Constant, Problem
from empirics.problems.logistic import logistic
from empirics.problems.quadratic import quadratic

__all__ = ["Constant", "Problem", "logistic", "quadratic"]
