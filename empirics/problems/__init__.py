"""Problems that know their constants."""

from empirics.problems.base import Constant, Problem
from empirics.problems.quadratic import quadratic

__all__ = ["Constant", "Problem", "quadratic"]
