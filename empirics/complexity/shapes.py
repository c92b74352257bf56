r"""What else makes a model complex: width and initialisation, and sparse gradients.

Two layers of width m with one input and one output, f = (v'u - c)^2/2: gradient flow keeps
Q = (|u|^2 + |v|^2)^2 - 4 (u'v)^2, so that it comes to a minimum of sharpness

.. math:: |u|^2 + |v|^2 = \sqrt{Q + 4 c^2}

which is 2c from a balanced start, and grows like m from a standard one.

A coordinate that is touched with probability p, others not sharing it: the delayed mean has a p for
its step, and the touch is multiplicative noise, so that the mean square is bounded if and only if

.. math:: a^2 p (1 - p)\, \Gamma_0(\tau, a p) < 1; \qquad
          a \tan\Bigl(\frac{\pi}{4} + \frac{a \delta}{2}\Bigr) = 2 \text{ as } p \to 0,
          \ \delta = \tau p
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empirics.exact import largest_delay, stability_limit, stationary_variance
from empirics.problems.base import real, whole
from empirics.problems.deep_linear import Init
from empirics.problems.deep_network import deep_linear_network
from empirics.schedules import Constant
from empirics.tolerance import tolerance


@dataclass(frozen=True, kw_only=True)
class Width:
    """Two layers of a width: formula, and what gradient descent with a small step comes to.

    Fields: width; init; formula and measured, sharpness; largest, the largest stable constant delay
    at a step that all share, by the sharpness that was measured (-1: not even 0).
    """

    width: int
    init: Init
    formula: float
    measured: float
    largest: int


def widths(
    sizes: Sequence[int] = (2, 8, 32, 128), step: float = 0.01, target: float = 1.0, seed: int = 0
) -> list[Width]:
    """Sharpness by width and initialisation, and the staleness that one step then bears.

    Raises ValueError if an argument is not of its kind.

    >>> [(row.init, round(row.formula, 1)) for row in widths([50])]
    [('balanced', 2.0), ('standard', 43.4)]
    """
    eta = real("widths", "step", step, 0, ends="()")
    c = real("widths", "target", target, 0, ends="()")
    rows = []
    for m in (whole("widths", "width", size, 1) for size in sizes):
        inits: tuple[Init, ...] = ("balanced", "standard")
        for init in inits:
            problem = deep_linear_network(2, [c], width=m, init=init, seed=seed)
            u, v = problem.start[:m], problem.start[m:]
            Q = (u @ u + v @ v) ** 2 - 4 * (u @ v) ** 2
            formula = float(np.sqrt(Q + 4 * c**2))
            small = 0.02 / formula  # nearly the flow
            found = tolerance(problem, small, updates=int(20 * formula / (0.02 * min(1.0, 2 * c))))
            a = eta * found.sharpness.value
            rows.append(
                Width(
                    width=m,
                    init=init,
                    formula=formula,
                    measured=found.sharpness.value,
                    largest=largest_delay(a) if a < 2 else -1,
                )
            )
    return rows


def sparse_limit(touched: float, tau: int) -> float:
    """The least step times curvature at which a coordinate that is seldom touched loses stability.

    Parameters: touched = p in (0, 1], the probability; tau, the delay in updates, touching or not.
    In the mean square. Raises ValueError if an argument is not of its kind.

    >>> sparse_limit(1.0, 3) == stability_limit(Constant(3))
    True
    >>> round(sparse_limit(0.01, 0), 6)  # 2/p x^2 = a x^2 without delay: a = 2
    2.0
    """
    from scipy.optimize import brentq  # slow to import

    p = real("sparse limit", "touched", touched, 0, 1, ends="(]")
    schedule = Constant(whole("sparse limit", "tau", tau, 0))
    mean = stability_limit(schedule) / p
    if p == 1:
        return mean

    def margin(a: float) -> float:
        spread = stationary_variance(schedule, a * p)
        return 1.0 if np.isinf(spread) else 1 - 1 / (a**2 * p * (1 - p) * spread)

    return float(brentq(margin, 1e-9 * mean, mean * (1 - 1e-12), xtol=1e-14))


@dataclass(frozen=True, kw_only=True)
class Sparse:
    """A sparse problem: delta = tau/n, coordinates n, limit of step times curvature, its formula
    for n to infinity, and how much smaller than without delay.
    """

    coordinates: int
    delta: float
    limit: float
    formula: float

    @property
    def slowdown(self) -> float:
        return 2 / self.formula


def sparsity(
    coordinates: Sequence[int] = (16, 256), deltas: Sequence[float] = (0, 0.125, 1, 4)
) -> list[Sparse]:
    """Limits of sparse problems: what counts is the delay in touches, tau/n.

    Raises ValueError if an argument is not of its kind.

    >>> [round(row.slowdown, 2) for row in sparsity([16], [0, 0.125, 1])]
    [1.0, 1.23, 2.48]
    """
    from scipy.optimize import brentq  # slow to import

    rows = []
    for n in (whole("sparsity", "coordinates", n, 2) for n in coordinates):
        for delta in (real("sparsity", "delta", delta, 0) for delta in deltas):

            def margin(a: float, delta: float = delta) -> float:
                return float(a * np.tan(np.pi / 4 + a * delta / 2) - 2)

            end = min(2.5, np.pi / 2 / delta * (1 - 1e-12)) if delta else 2.5
            rows.append(
                Sparse(
                    coordinates=n,
                    delta=delta,
                    limit=sparse_limit(1 / n, round(delta * n)),
                    formula=float(brentq(margin, 1e-9, end)),
                )
            )
    return rows
