"""Problems that know their constants.

`problems.counterexamples` is the gallery, `empirics.gallery`: each of them is more than a problem.
"""

from importlib import import_module
from typing import Any

from empirics.problems.base import Constant, Problem
from empirics.problems.catalogue import describe, names
from empirics.problems.composite import lasso, on_ball, on_box, on_simplex, with_l1
from empirics.problems.deep_linear import deep_linear_chain
from empirics.problems.deep_network import deep_linear_network
from empirics.problems.estimates import estimate_constants
from empirics.problems.flattened import huber, log_cosh
from empirics.problems.from_file import own
from empirics.problems.functions import from_functions
from empirics.problems.hinge import hinge
from empirics.problems.landscapes import (
    cosine,
    double_well,
    many_wells,
    matrix_factorisation,
    phase_retrieval,
    robust_line,
    rosenbrock,
    saddle,
    scalar_factorisation,
)
from empirics.problems.logistic import logistic
from empirics.problems.noiseless import noiseless
from empirics.problems.noisy import satisfied, with_noise
from empirics.problems.perceptron import perceptron
from empirics.problems.piecewise import piecewise_quadratic
from empirics.problems.quadratic import quadratic
from empirics.problems.ratings import ratings
from empirics.problems.regions import ball, box
from empirics.problems.regression import regression
from empirics.problems.replacing import with_constants
from empirics.problems.reuse import reuse_counterexample
from empirics.problems.robust import robust_regression
from empirics.problems.sparse import sparse_quadratic
from empirics.problems.turning import turning_plane

__all__ = [
    "Constant",
    "Problem",
    "ball",
    "box",
    "cosine",
    "deep_linear_chain",
    "deep_linear_network",
    "describe",
    "double_well",
    "estimate_constants",
    "from_functions",
    "hinge",
    "huber",
    "lasso",
    "log_cosh",
    "logistic",
    "many_wells",
    "matrix_factorisation",
    "names",
    "noiseless",
    "on_ball",
    "on_box",
    "on_simplex",
    "own",
    "perceptron",
    "phase_retrieval",
    "piecewise_quadratic",
    "quadratic",
    "ratings",
    "regression",
    "reuse_counterexample",
    "robust_line",
    "robust_regression",
    "rosenbrock",
    "saddle",
    "satisfied",
    "scalar_factorisation",
    "sparse_quadratic",
    "turning_plane",
    "with_constants",
    "with_l1",
    "with_noise",
]


def __getattr__(name: str) -> Any:
    if name == "counterexamples":  # it needs the simulator, which needs the problems
        return import_module("empirics.gallery")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
