r"""Deep linear chains: the least problem that has a depth, with its curvature in closed form.

.. math:: f(w) = \tfrac12 (w_D \cdots w_1 - c)^2
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, Problem, real, whole
from empirics.problems.regions import ball

Init = Literal["balanced", "standard"]
DEEPEST = 1000  # layers: products of more leave the range of floating point


def deep_linear_chain(
    depth: int = 4,
    target: float = 1.0,
    *,
    sigma: float = 0.0,
    labels: float = 0.0,
    noise: str = "two-point",
    init: Init = "balanced",
    share: float = 0.5,
    seed: int = 0,
    start: ArrayLike | None = None,
    radius: float | None = None,
) -> DeepLinearChain:
    r"""A product of D numbers that is to become c.

    .. math:: f(w) = \tfrac12 (w_D \cdots w_1 - c)^2, \qquad
              \lambda_{\max} = D\, c^{2 - 2/D} \text{ at } w_1 = \dots = w_D = c^{1/D}

    Parameters: depth = D >= 1; target = c > 0; sigma, standard deviation of noise that is added to
    the whole gradient vector, whatever the curvature; labels, that of noise in the target, fresh in
    every gradient, which is zero where the product does not move; noise, the law of both,
    "two-point" or "gaussian"; init, "balanced" (all weights (share c)^(1/D), so that the product is
    share c) or "standard" (normal weights of variance 1, by seed); start, (D,), in its place;
    radius, of a ball around 0 on which L and a bound of the noise are then stated.
    Raises ValueError if an argument is not of its kind.

    Infimum and sharpness, at the balanced minimum, are exact. The minima are a surface: the
    minimiser is the balanced one, where the sharpness is least.

    >>> chain = deep_linear_chain(8, 0.5)
    >>> round(chain.constants["sharpness"].value, 4)  # 8 * 0.5^(7/4)
    2.3784
    >>> float(chain.value(chain.minimiser).round(12)), float(chain.value(chain.start).round(5))
    (0.0, 0.03125)

    Source: Saxe, McClelland, Ganguli, ICLR 2014 (deep linear networks, balanced starts).
    """
    who = "deep linear chain"
    D, c = whole(who, "depth", depth, 1, DEEPEST), real(who, "target", target, 0, ends="()")
    constants = stated(who, D, np.array([c]), sigma=sigma, labels=labels, radius=radius)
    share = chosen(who, init, share, seed)
    if start is not None:
        w = np.array(start, dtype=np.float64)
    elif init == "balanced":
        w = np.full(D, (share * c) ** (1 / D))
    else:
        w = np.random.default_rng(seed).standard_normal(D)
    return DeepLinearChain(
        name=who,
        dim=D,
        start=w,
        settings={
            "kind": who,
            "depth": D,
            "target": c,
            "sigma": float(sigma),
            "labels": float(labels),
            "noise": noise,
            "init": init,
            "share": share,
            "seed": seed,
            "start": None if start is None else w.tolist(),
            "radius": radius,
        },
        lanes=256,
        sample_size=(D if sigma else 0) + (1 if labels else 0),
        minimiser=np.full(D, c ** (1 / D)),
        target=np.array([c]),
        added=float(sigma),
        labels=float(labels),
        noise=noise,
        depth=D,
        region=None if radius is None or D == 1 else ball(np.zeros(D), radius),
        constants=constants,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class DeepLinear(Problem, ABC):
    """Half the squared distance from a product of D factors to a target.

    Fields beyond Problem: target, one number for each entry of the product, (outputs,); added, the
    standard deviation of the noise that is added to the gradient; labels, that of the noise of each
    entry of the target; noise, the law of both; depth = D. A sample holds the noise of the target,
    then that of the gradient, as far as there is any.
    Raises ValueError if the law is unknown.
    """

    target: Array
    added: float
    labels: float
    noise: str
    depth: int

    def __post_init__(self) -> None:
        super().__post_init__()
        noises.needs_variance(self.name, self.noise)

    @abstractmethod
    def product(self, x: Array) -> Array:
        """All entries of the product at every row: (..., dim) -> (..., outputs)."""

    @abstractmethod
    def pull(self, x: Array, target: Array, out: Array) -> None:
        """Write the gradient towards `target`, (..., outputs), at every row into `out`."""

    @abstractmethod
    def slopes(self, x: Array) -> Array:
        """Sum over the entries of the product of their squared gradients: (..., dim) -> (...)."""

    def value(self, x: Array) -> Array:
        return np.asarray(((self.product(x) - self.target) ** 2).sum(axis=-1) / 2)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        self.pull(x, self.target, out)
        return out

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Array:
        if not self.sample_size:
            return np.empty((steps, lanes, 0))
        block = noises.draw(self.noise, 1.0, generator, steps, (lanes, self.sample_size))
        seen = self._seen
        block[..., :seen] *= self.labels
        block[..., seen:] *= self.added / np.sqrt(self.dim)
        return block

    def stochastic_gradient(self, x: Array, sample: Array, out: Array) -> None:
        seen = self._seen
        self.pull(x, self.target + sample[..., :seen] if seen else self.target, out)
        if self.added:
            np.add(out, sample[..., seen:], out=out)

    def noise_variance(self, x: Array) -> Array:
        return np.asarray(self.added**2 + self.labels**2 * self.slopes(x))

    @property
    def _seen(self) -> int:
        """How many numbers of a sample are noise of the target."""
        return len(self.target) if self.labels else 0


@dataclass(frozen=True, eq=False, kw_only=True)
class DeepLinearChain(DeepLinear):
    """What `deep_linear_chain` makes."""

    def product(self, x: Array) -> Array:
        return np.asarray(x.prod(axis=-1, keepdims=True))

    def pull(self, x: Array, target: Array, out: Array) -> None:
        np.multiply(_others(x), self.product(x) - target, out=out)

    def slopes(self, x: Array) -> Array:
        return np.asarray((_others(x) ** 2).sum(axis=-1))


def _others(x: Array) -> Array:
    """The product of all other weights, without a division: one may be 0."""
    before, after = np.ones_like(x), np.ones_like(x)
    np.cumprod(x[..., :-1], axis=-1, out=before[..., 1:])
    np.cumprod(x[..., :0:-1], axis=-1, out=after[..., -2::-1])
    return before * after


def stated(
    who: str, depth: int, values: Array, *, sigma: float, labels: float, radius: float | None
) -> dict[str, Constant]:
    """Constants of a deep linear problem whose target has these singular values, (r,).

    On |w| <= R the norms n_l of the D factors have sum n_l^2 <= R^2. The Hessian is J'J plus the
    second derivatives of the product times the residual: |J|^2 <= sum_l prod_(j != l) n_j^2, at
    most D (R^2/D)^(D - 1) by Maclaurin's inequality; the residual is at most (R^2/D)^(D/2) +
    |target|, and the second derivatives at most D - 1 times the largest product of D - 2 norms.
    """
    sigma = real(who, "sigma", sigma, 0)
    labels = real(who, "labels", labels, 0)
    r, size = len(values), None if radius is None else real(who, "radius", radius, 0, ends="()")
    known = {
        "infimum": _exact(0.0, "the product can be the target"),
        "sharpness": _exact(
            depth * values.max() ** (2 - 2 / depth), "closed form at the balanced minimum"
        ),
    }
    if depth == 1:
        known |= {key: _exact(1.0, "a quadratic of curvature 1") for key in ("L", "mu_sc")}
        spread = np.hypot(sigma, r * labels)
        return known | {"sigma": _exact(spread, "noise of gradient and target")}
    if not labels:
        known["sigma"] = _exact(sigma, "standard deviation of the noise that is added")
    if size is None:
        return known
    first = depth * (size**2 / depth) ** (depth - 1)
    second = (size**2 / (depth - 2)) ** (depth / 2 - 1) if depth > 2 else 1.0
    residual = (size**2 / depth) ** (depth / 2) + np.linalg.norm(values)
    why = f"norms of products of factors where |w| <= {size:g}"
    known["L"] = _bound(first + residual * (depth - 1) * second, why)
    if labels:
        known["sigma"] = _bound(np.sqrt(sigma**2 + labels**2 * r * first), why)
    return known


def chosen(who: str, init: str, share: float, seed: int) -> float:
    """The share of the target at the start, if it and the rest of the start are of their kind."""
    if init not in ("balanced", "standard"):
        raise ValueError(f'{who} needs init = "balanced" or "standard", got {init!r}')
    whole(who, "seed", seed, 0, np.inf)
    return real(who, "share", share, 0, ends="()")


def _exact(value: float, why: str) -> Constant:
    return Constant(value=float(value), provenance="exact", why=why)


def _bound(value: float, why: str) -> Constant:
    return Constant(value=float(value), provenance="bound", why=why)
