r"""Multilayer perceptrons on real data, many replicas at once, with gradients written by hand.

.. math:: h_0 = x, \quad h_l = \phi(W_l' h_{l-1} + b_l), \quad z = W' h_D + b, \quad
          f = \frac1n \sum_i \Big(\log \sum_k e^{z_{ik}} - z_{i y_i}\Big) + \frac{l_2}{2} |w|^2
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, Constant, real, whole
from empirics.problems.datasets import table
from empirics.problems.minibatch import minibatches
from empirics.problems.multinomial import softmax_bounds
from empirics.problems.network import Perceptron
from empirics.problems.perceptron_bounds import in_ball
from empirics.problems.regions import ball

LANES = 32  # wide enough for the loops over layers, narrow enough for the cache


def perceptron(
    data: str | tuple[ArrayLike, ArrayLike] = "digits-multinomial",
    *,
    depth: int = 1,
    width: int = 32,
    batch: int = 32,
    replacement: bool = True,
    activation: Literal["relu", "tanh"] = "relu",
    precision: Literal["double", "single"] = "double",
    l2: float = 0.0,
    radius: float | None = None,
    seed: int = 0,
    classes: Sequence[Any] | None = None,
    standardise: bool = True,
    label: int | str = -1,
) -> Perceptron:
    """A classifier with `depth` hidden layers of `width` units; its minibatches are its noise.

    Parameters: data, classes, standardise and label as for `logistic`; depth D >= 0, 0 being
    softmax regression; width; batch, rows a minibatch, drawn with or without replacement;
    activation, "relu" or "tanh"; precision of the arithmetic of gradients ("single" is faster;
    iterates stay double); l2 >= 0; radius, see below; seed of the start, the same for all replicas:
    weights normal with variance 2/inputs ("relu") or 1/inputs ("tanh"), biases 0. Raises ValueError
    if an argument is not of its kind, or the start outside the ball.

    Of its constants only the infimum is known everywhere with depth > 0, and only from below:
    losses are not negative. There is no global smoothness: a ReLU has a kink, and the curvature of
    a deep network grows with its weights, as do its gradients and their variance, which is exact at
    every point. Where |w| <= radius there are bounds (see `perceptron_bounds`), of sigma,
    noise_bound, gradient_bound, second_moment and, with tanh, of L and mu_sc. They are proved, and
    far above what runs meet: L thousands of times at depth 1, and all the more the deeper.
    Depth 0 is convex, and has bounds of all: L = lambda_max(X'X)/(2 n) + l2 and mu_sc = l2 as in
    `logistic`; the gradient of a row is at most sqrt 2 |x_i| long, so there are sigma, noise_bound
    and, if l2 = 0, gradient_bound and second_moment.

    >>> problem = perceptron(depth=1, width=32, batch=32)
    >>> problem.dim, problem.constants["infimum"].provenance
    (2314, 'bound')
    >>> float(problem.accuracy(problem.start).round(2))
    0.1

    Source: He, Zhang, Ren, Sun, ICCV 2015 (start of ReLU layers); LeCun, Bottou, Orr, Mueller 1998
    (start of tanh layers).
    """
    layers, units = whole("perceptron", "depth", depth, 0), whole("perceptron", "width", width, 1)
    whole("perceptron", "seed", seed, 0, np.inf)
    if activation not in ("relu", "tanh"):
        raise ValueError(f'perceptron needs activation = "relu" or "tanh", got {activation!r}')
    if precision not in ("double", "single"):
        raise ValueError(f'perceptron needs precision = "double" or "single", got {precision!r}')
    if not (np.isfinite(l2) and l2 >= 0):
        raise ValueError(f"perceptron needs a finite l2 >= 0, got {l2}")
    r = None if radius is None else real("perceptron", "radius", radius, 0, ends="()")
    if r is not None and not layers:
        raise ValueError(
            f"perceptron needs no radius at depth 0, where its constants hold everywhere, got {r}"
        )
    rows = table(data, classes, standardise, label=label, who="perceptron")
    picks = minibatches("perceptron", len(rows.X), batch, replacement)
    sizes = (rows.X.shape[1] - 1, *[units] * layers, len(rows.classes))
    kind = np.float64 if precision == "double" else np.float32
    smooth = activation == "tanh"
    x = _start(sizes, 1.0 if smooth else 2.0, seed)
    known = {} if layers else softmax_bounds(rows.X, picks, l2)
    if r is not None:
        if np.linalg.norm(x) > r:
            raise ValueError(
                f"perceptron needs a radius >= {np.linalg.norm(x):.4g}, the length of its start, "
                f"got {r:g}"
            )
        known = in_ball(rows.X, depth=layers, width=units, smooth=smooth, picks=picks, l2=l2, r=r)
    return Perceptron(
        name="perceptron",
        dim=len(x),
        start=x,
        constants={
            **known,
            "infimum": Constant(value=0.0, provenance="bound", why="losses are not negative"),
        },
        settings={
            "kind": "perceptron",
            "data": rows.source,
            **rows.facts,
            "depth": layers,
            "width": units,
            "batch": picks.size,
            "replacement": picks.replacement,
            "activation": activation,
            "precision": precision,
            "l2": float(l2),
            "radius": r,
            "seed": seed,
            "classes": list(rows.classes),
            "standardise": standardise,
        },
        lanes=LANES,
        sample_size=picks.size,
        region=None if r is None else ball(np.zeros(len(x)), r),
        sizes=sizes,
        X=rows.X.astype(kind),
        Y=np.eye(len(rows.classes), dtype=kind)[rows.y],
        picks=picks,
        smooth=smooth,
        l2=l2,
    )


def _start(sizes: tuple[int, ...], gain: float, seed: int) -> Array:
    """Weights of all layers, one after the other; the last has the variance of a linear layer."""
    generator = np.random.default_rng(seed)
    parts = []
    for place, (i, o) in enumerate(pairwise(sizes)):
        variance = (gain if place < len(sizes) - 2 else 1.0) / i
        layer = np.vstack([generator.standard_normal((i, o)) * np.sqrt(variance), np.zeros(o)])
        parts.append(layer.ravel())
    return np.concatenate(parts)
