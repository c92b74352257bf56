"""Problems by name, as the command line and studies ask for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

from numpy.typing import ArrayLike

from empirics.problems import landscapes
from empirics.problems.base import Problem
from empirics.problems.composite import lasso
from empirics.problems.deep_linear import deep_linear_chain
from empirics.problems.deep_network import deep_linear_network
from empirics.problems.flattened import huber, log_cosh
from empirics.problems.hinge import hinge
from empirics.problems.logistic import logistic
from empirics.problems.perceptron import perceptron
from empirics.problems.quadratic import quadratic
from empirics.problems.ratings import ratings
from empirics.problems.regression import regression
from empirics.problems.robust import robust_regression
from empirics.problems.sparse import sparse_quadratic
from empirics.problems.turning import turning_plane

BATCH = 32  # rows a minibatch: enough for the noise not to hide the rest of a bound
SPREAD = 0.1  # sigma on landscapes: enough to leave a saddle, too little to jump out of a well


def usual_quadratic(
    dim: int | None = None,
    *,
    mu: float | None = None,
    L: float | None = None,
    condition: float | None = None,
    spectrum: ArrayLike | None = None,
    sigma: float = 0.5,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Problem:
    """A quadratic in 10 dimensions, curvatures from 0.1 to 1, sigma = 0.5, unless told otherwise.

    >>> usual_quadratic(L=2.0).constants["mu_sc"].value, usual_quadratic(spectrum=[1, 2]).dim
    (0.2, 2)
    """
    if spectrum is None:
        dim = 10 if dim is None else dim
        if mu is None and condition is None and dim != 1:
            condition = 10
    return quadratic(
        dim,
        mu=mu,
        L=L,
        condition=condition,
        spectrum=spectrum,
        sigma=sigma,
        noise=noise,
        start=start,
    )


Group: TypeAlias = Literal["convex", "nonconvex", "learned", "counterexample"]


class Named(NamedTuple):
    """What a name stands for, its constructor with other defaults, and where it is listed."""

    words: str
    maker: Callable[..., Problem]
    group: Group


# in the order in which they are listed
MAKERS: dict[str, Named] = {
    "digits": Named(
        "logistic regression, the digits 3 and 8 (scikit-learn's digits)",
        partial(logistic, "digits", batch=BATCH),
        "convex",
    ),
    "digits-multinomial": Named(
        "logistic regression, all ten digits",
        partial(logistic, "digits-multinomial", batch=BATCH),
        "convex",
    ),
    "breast-cancer": Named(
        "logistic regression, benign or malignant (scikit-learn's breast cancer)",
        partial(logistic, "breast-cancer", batch=BATCH),
        "convex",
    ),
    "logistic": Named(
        "logistic regression, classes of a CSV or LIBSVM file: data=FILE",
        partial(logistic, batch=BATCH),
        "convex",
    ),
    "hinge": Named(
        "a support vector machine, the digits 3 and 8: not smooth",
        partial(hinge, batch=BATCH),
        "convex",
    ),
    "least-squares": Named(
        "a linear fit (scikit-learn's diabetes): the noise grows with the gradient",
        partial(regression, batch=BATCH),
        "convex",
    ),
    "huber-regression": Named(
        "a linear fit with Huber's loss (scikit-learn's diabetes)",
        partial(regression, loss="huber", batch=BATCH),
        "convex",
    ),
    "log-cosh-regression": Named(
        "a linear fit with the loss log cosh (scikit-learn's diabetes)",
        partial(regression, loss="log-cosh", batch=BATCH),
        "convex",
    ),
    "lasso": Named(
        "a linear fit with 0.1 |w|_1 (scikit-learn's diabetes), by proximal steps",
        partial(lasso, batch=BATCH),
        "convex",
    ),
    "deep-linear-chain": Named(
        "a product of 4 numbers that is to become 1 (nonconvex)",
        deep_linear_chain,
        "nonconvex",
    ),
    "deep-linear-network": Named(
        "a product of 2 matrices that is to become diag(1, 0.5) (nonconvex)",
        deep_linear_network,
        "nonconvex",
    ),
    "digits-perceptron": Named(
        "one hidden layer of 32 ReLU units, all ten digits (nonconvex)",
        partial(perceptron, "digits-multinomial", batch=BATCH),
        "learned",
    ),
    "diabetes-robust": Named(
        "regression with the loss of Geman and McClure (scikit-learn's diabetes, nonconvex)",
        partial(robust_regression, "diabetes", batch=BATCH),
        "learned",
    ),
    "ratings": Named(
        "factors of users and items, of 60 by 40 ratings half are known, or of a file (nonconvex)",
        ratings,
        "learned",
    ),
    "quadratic": Named(
        "a quadratic in 10 dimensions, curvatures from 0.1 to 1, sigma = 0.5",
        usual_quadratic,
        "convex",
    ),
    "sparse-quadratic": Named(
        "a quadratic with a tridiagonal Hessian in 16 dimensions, sigma = 0.5",
        partial(sparse_quadratic, sigma=0.5),
        "convex",
    ),
    "huber": Named(
        "Huber's function in 10 dimensions: gradients are bounded, sigma = 0.5",
        partial(huber, sigma=0.5),
        "convex",
    ),
    "log-cosh": Named(
        "log cosh of 10 coordinates: gradients are bounded, sigma = 0.5",
        partial(log_cosh, sigma=0.5),
        "convex",
    ),
    "double-well": Named(
        "two wells on a line, smooth on |x| <= 2, sigma = 0.1",
        partial(landscapes.double_well, sigma=SPREAD),
        "nonconvex",
    ),
    "rosenbrock": Named(
        "Rosenbrock's curved valley, smooth in a box, sigma = 0.1",
        partial(landscapes.rosenbrock, sigma=SPREAD),
        "nonconvex",
    ),
    "many-wells": Named(
        "Rastrigin's function on a line: a bowl full of wells, sigma = 0.1",
        partial(landscapes.many_wells, sigma=SPREAD),
        "nonconvex",
    ),
    "cosine": Named(
        "1 - cos: gradients are bounded, minima everywhere, sigma = 0.1",
        partial(landscapes.cosine, sigma=SPREAD),
        "nonconvex",
    ),
    "phase-retrieval": Named(
        "a vector of the plane from squares of eight products, smooth on |x| <= 1.5, sigma = 0.1",
        partial(landscapes.phase_retrieval, sigma=SPREAD),
        "nonconvex",
    ),
    "robust-line": Named(
        "a line through points and outliers, with a bounded loss: two wells, minibatches of 8",
        landscapes.robust_line,
        "nonconvex",
    ),
    "saddle": Named(
        "a saddle in the plane, unbounded below, sigma = 0.1",
        partial(landscapes.saddle, sigma=SPREAD),
        "nonconvex",
    ),
    "bounded-saddle": Named(
        "a saddle in the plane that leads into two flat valleys, sigma = 0.1",
        partial(landscapes.saddle, bounded=True, sigma=SPREAD),
        "nonconvex",
    ),
    "scalar-factorisation": Named(
        "(u v - c)^2/2, c = 1, smooth on |(u, v)| <= 2, sigma = 0.1",
        partial(landscapes.scalar_factorisation, sigma=SPREAD),
        "nonconvex",
    ),
    "matrix-factorisation": Named(
        "|U V' - A|^2/2, A of 3 rows and columns, rank 2, sigma = 0.1",
        partial(landscapes.matrix_factorisation, sigma=SPREAD),
        "nonconvex",
    ),
    "turning-plane": Named(
        "a round bowl with noise on one circle, which turns a run for ever",
        partial(turning_plane, 0.5, 2.0),
        "counterexample",
    ),
}


def names() -> dict[str, str]:
    """Every name with what it stands for."""
    return {name: named.words for name, named in MAKERS.items()}


def describe(problem: Problem) -> str:
    """One line about a problem and how far its constants can be trusted.

    >>> describe(usual_quadratic(sigma=0))
    'quadratic, dim 10, L = 1 (exact), sigma^2 <= 0 (exact), Delta = 0.2043 (inf F: exact)'
    """
    known = problem.constants
    parts = [f"L = {problem.L:.4g} ({known['L'].provenance})"] if "L" in known else []
    if "sigma" in known:
        growth = known["relative_noise"].value if "relative_noise" in known else 0.0
        grows = f"noise <= {growth:.4g} |grad f|^2 + " if growth else "sigma^2 <= "
        parts.append(f"{grows}{problem.sigma**2:.4g} ({known['sigma'].provenance})")
    if "infimum" in known:
        parts.append(f"Delta = {problem.gap:.4g} (inf F: {known['infimum'].provenance})")
    data = problem.settings.get("data")
    name = f"{problem.name} on {data}" if isinstance(data, str) else problem.name
    classes = problem.settings.get("classes")
    name += f" {', '.join(map(str, classes))}" if classes and len(classes) == 2 else ""
    return ", ".join([name, f"dim {problem.dim}", *parts])
