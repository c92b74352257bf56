r"""DC-ASGD near the minimum of a quadratic

Squares of gradients in place of the curvature: what they amount to where a run ends up, noise
included. The noise is two-point, h the curvature of the mode.
"""

from typing import Any

from sympy import Symbol, expand

from theory.latex import power, ratio, times
from theory.linear.formula import Formula
from theory.linear.steps import Identity, Step
from theory.symbols import sigma

eta, lam, curvature = tuple(Symbol(name, positive=True) for name in ("eta", "lambda", "h"))
x, y = Symbol("x", real=True), Symbol("y", real=True)  # x_k, x_(k-tau)
SQUARES = (
    r"x_{k+1} = x_k - \eta\,(g_k + \lambda\,g_k^2\,(x_k - x_{k-\tau})),\quad "
    r"g_k = h\,x_{k-\tau} + \xi_k,\quad \xi_k = \pm \sigma"
)


def _squares(formula: Formula) -> tuple[Step, ...]:
    def update(noise: Any, at: Any, stale: Any) -> Any:
        g = curvature * stale + noise
        return at - eta * (g + lam * g**2 * (at - stale))

    scale = Symbol("epsilon", positive=True)
    found = formula["share"]
    linear = x - eta * curvature * (y + found * (x - y))
    mean = (update(sigma, x, y) + update(-sigma, x, y)) / 2
    return (
        Identity(
            shows="the mean of an update",
            left=mean,
            right=linear - eta * lam * curvature**2 * y**2 * (x - y),
        ),
        Identity(
            shows="near the minimum the rest is of third order",
            left=mean.subs({x: scale * x, y: scale * y}, simultaneous=True) - scale * linear,
            right=-(scale**3) * eta * lam * curvature**2 * y**2 * (x - y),
        ),
        Identity(
            shows="and the noise is that of plain SGD up to second order",
            left=expand((update(sigma, x, y) - update(-sigma, x, y)) / 2),
            right=-eta * sigma - 2 * eta * lam * sigma * curvature * y * (x - y),
        ),
        Identity(
            shows="the whole curvature is met at one noise level",
            left=found.subs(lam, formula["whole"]),
            right=1,
        ),
        Identity(
            shows="without noise the share is 0",
            left=found.subs(sigma, 0),
            right=0,
        ),
    )


share = Formula(
    name="gradient_squares.share",
    title="DC-ASGD near the minimum: squares of gradients are the share c of the curvature",
    model=SQUARES,
    expressions={
        "share": ratio(times(lam, power(sigma, 2)), curvature),
        "whole": ratio(curvature, power(sigma, 2)),
    },
    symbols={
        lam: "the weight of the squares",
        sigma: "the size of the noise, two-point",
        curvature: "the curvature",
    },
    argue=_squares,
    reading=(
        "Of the square of h y + xi only sigma^2 is of order 0, so it acts as the curvature lambda "
        "sigma^2; what else it does is of second and third order. Without noise the share is 0: "
        "DC-ASGD does not move the limit of stability of a quadratic, however large lambda."
    ),
    remark="With a = eta h the recursion is that of `compensation.up_to_half`.",
)

FORMULAS = (share,)
