"""Problems that know their constants."""

from empirics.problems.base import Constant, Problem
from empirics.problems.catalogue import named, names
from empirics.problems.logistic import logistic
from empirics.problems.noiseless import noiseless
from empirics.problems.perceptron import perceptron
from empirics.problems.piecewise import piecewise_quadratic
from empirics.problems.quadratic import quadratic
from empirics.problems.reuse import reuse_counterexample

__all__ = [
    "Constant",
    "Problem",
    "logistic",
    "named",
    "names",
    "noiseless",
    "perceptron",
    "piecewise_quadratic",
    "quadratic",
    "reuse_counterexample",
]
