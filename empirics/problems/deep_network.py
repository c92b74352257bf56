r"""Deep linear networks: products of matrices, with all curvatures at the balanced minimum.

.. math:: f(W) = \tfrac12 \|W_D \cdots W_1 - \mathrm{diag}(c)\|^2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, whole
from empirics.problems.deep_linear import DEEPEST, DeepLinear, Init, chosen, stated
from empirics.problems.regions import ball


def deep_linear_network(
    depth: int = 2,
    values: ArrayLike = (1.0, 0.5),
    *,
    width: int | Sequence[int] | None = None,
    sigma: float = 0.0,
    labels: float = 0.0,
    noise: str = "two-point",
    init: Init = "balanced",
    share: float = 0.5,
    seed: int = 0,
    start: ArrayLike | None = None,
    radius: float | None = None,
) -> DeepLinearNetwork:
    r"""A product of D matrices that is to become diag(c): linear regression on white inputs.

    .. math:: f(W) = \tfrac12 \|W_D \cdots W_1 - \mathrm{diag}(c)\|^2, \qquad
              \lambda_{ij} = \sum_{l=1}^D c_i^{2(D-l)/D} c_j^{2(l-1)/D}, \quad
              \lambda_{\max} = D\, c_{\max}^{2-2/D}

    Parameters: depth = D >= 1; values = c, the singular values > 0 of the target, (r,); width, of
    all hidden layers or of each, (D - 1,), at least r, which it is unless given; init, "balanced"
    (every layer diagonal with entries (share c_i)^(1/D)) or "standard" (normal weights of variance
    1/inputs, by seed); start, (dim,), W_1 first, row by row; sigma, labels, noise and radius as for
    `deep_linear_chain`, with noise of the target in every entry.
    Raises ValueError if an argument is not of its kind.

    Infimum and sharpness are exact; the minimiser is the balanced one.

    >>> network = deep_linear_network(3, [1.0, 0.5], width=4)
    >>> network.dim, network.constants["sharpness"].value
    (32, 3.0)
    >>> network.curvatures.round(3)
    array([[3.   , 2.027],
           [2.027, 1.191]])

    Source: Saxe, McClelland, Ganguli, ICLR 2014; Mulayoff, Michaeli, ICML 2020 (flattest minima).
    """
    who = "deep linear network"
    D = whole(who, "depth", depth, 1, DEEPEST)
    c = np.array(values, dtype=np.float64)
    if c.ndim != 1 or not c.size or not (np.isfinite(c) & (c > 0)).all():
        raise ValueError(f"{who} needs finite singular values > 0, (r,), got {values!r}")
    constants = stated(who, D, c, sigma=sigma, labels=labels, radius=radius)
    sizes = (len(c), *_hidden(who, D, len(c), width), len(c))
    dim = sum(i * o for i, o in pairwise(sizes))
    share = chosen(who, init, share, seed)
    if start is not None:
        w = np.array(start, dtype=np.float64)
    elif init == "balanced":
        w = _balanced(sizes, share * c)
    else:
        generator = np.random.default_rng(seed)
        w = np.concatenate([generator.standard_normal(i * o) / i**0.5 for i, o in pairwise(sizes)])
    return DeepLinearNetwork(
        name=who,
        dim=dim,
        start=w,
        constants=constants,
        settings={
            "kind": who,
            "depth": D,
            "values": c.tolist(),
            "width": list(sizes[1:-1]),
            "sigma": float(sigma),
            "labels": float(labels),
            "noise": noise,
            "init": init,
            "share": share,
            "seed": seed,
            "start": None if start is None else w.tolist(),
            "radius": radius,
        },
        lanes=64,
        sample_size=(dim if sigma else 0) + (len(c) ** 2 if labels else 0),
        minimiser=_balanced(sizes, c),
        region=None if radius is None or D == 1 else ball(np.zeros(dim), radius),
        target=np.diag(c).ravel(),
        added=float(sigma),
        labels=float(labels),
        noise=noise,
        depth=D,
        sizes=sizes,
        values=c,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class DeepLinearNetwork(DeepLinear):
    """What `deep_linear_network` makes.

    Fields beyond DeepLinear: sizes, units of every layer from inputs to outputs, (D + 1,); values =
    c, the singular values of the target, (r,). An iterate holds W_1, ..., W_D, row by row.
    """

    sizes: tuple[int, ...]
    values: Array

    @property
    def curvatures(self) -> Array:
        """All eigenvalues of the Hessian at the balanced minimum but 0: lambda_ij, (r, r)."""
        a = self.values ** (2 / self.depth)
        powers = np.array([a ** (self.depth - 1 - k) for k in range(self.depth)])  # (D, r)
        return np.asarray(powers.T @ powers[::-1])

    def product(self, x: Array) -> Array:
        *_, last = self._below(self._layers(x))
        return np.reshape(last, (*x.shape[:-1], -1))

    def pull(self, x: Array, target: Array, out: Array) -> None:
        layers, slopes = self._layers(x), self._layers(out)
        below = self._below(layers)  # W_1, W_2 W_1, ...
        delta = below[-1] - target.reshape(*target.shape[:-1], self.sizes[-1], self.sizes[0])
        for place in range(self.depth - 1, 0, -1):
            np.matmul(delta, below[place - 1].swapaxes(-1, -2), out=slopes[place])
            delta = np.matmul(layers[place].swapaxes(-1, -2), delta)
        slopes[0][...] = delta

    def slopes(self, x: Array) -> Array:
        layers = self._layers(x)
        below = [np.eye(self.sizes[0]), *self._below(layers)[:-1]]
        above = [np.eye(self.sizes[-1])]
        for layer in layers[:0:-1]:
            above.append(np.matmul(above[-1], layer))
        squares = [
            (a**2).sum(axis=(-2, -1)) * (b**2).sum(axis=(-2, -1))
            for a, b in zip(above, below[::-1], strict=True)
        ]
        return np.asarray(sum(squares) + np.zeros(x.shape[:-1]))

    def _layers(self, x: Array) -> list[Array]:
        """The matrices in iterates (..., dim), as views (..., o, i)."""
        ends = list(accumulate((i * o for i, o in pairwise(self.sizes)), initial=0))
        return [
            x[..., begin:end].reshape(*x.shape[:-1], o, i)
            for begin, end, (i, o) in zip(ends, ends[1:], pairwise(self.sizes), strict=False)
        ]

    def _below(self, layers: Sequence[Array]) -> list[Array]:
        return list(accumulate(layers, lambda b, layer: np.matmul(layer, b)))


def _hidden(who: str, depth: int, least: int, width: Any) -> tuple[int, ...]:
    """The widths of the hidden layers."""
    each = [least if width is None else width] * (depth - 1) if np.ndim(width) == 0 else width
    if not isinstance(each, Sequence | np.ndarray) or len(each) != depth - 1:
        raise ValueError(f"{who} needs one width or {depth - 1} hidden ones, got {width!r}")
    return tuple(whole(who, "width", size, least) for size in each)


def _balanced(sizes: Sequence[int], values: Array) -> Array:
    """Layers whose diagonals hold the same root of each singular value."""
    layers = []
    for i, o in pairwise(sizes):
        layer = np.zeros((o, i))
        np.fill_diagonal(layer[: len(values)], values ** (1 / (len(sizes) - 1)))
        layers.append(layer.ravel())
    return np.concatenate(layers)
