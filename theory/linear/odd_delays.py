r"""Delay compensation at odd delays: more than half of the curvature

At even delays no share of the curvature bears a step of 2 and more. Odd ones do: the root -1, which
ends stability without a delay, comes later.
"""

from collections.abc import Callable
from typing import Any

from sympy import I, Rational, Symbol, cos, diff, exp, sin

from theory.claims import le
from theory.latex import minus, ratio, shown, terms, times
from theory.linear.compensation import MODEL, SYMBOLS, c, characteristic, tested, z
from theory.linear.formula import Formula
from theory.linear.independent import a
from theory.linear.steps import Identity, Positive, Step
from theory.symbols import tau_max as tau

# --------------------------------------------------------------- odd delays bear more than that


def _odd_delays(formula: Formula) -> tuple[Step, ...]:
    half, w, psi = Symbol("n", integer=True, nonnegative=True), Symbol("w"), Symbol("psi")
    odd = 2 * half + 1
    keeps, pulls = a * c - 1, a * (1 - c)
    end, best = formula["limit"], formula["best share"]
    turn = exp(I * psi)
    return (
        Identity(
            shows="in w = -z, for an odd delay",
            left=characteristic(odd, c).subs(z, -w),
            right=w ** (odd + 1) - keeps * w**odd + pulls,
        ),
        Identity(
            shows="on the circle, over w^tau: imaginary part sin psi - a (1 - c) sin tau psi",
            left=turn - keeps + pulls / turn**tau,
            right=cos(psi)
            - keeps
            + pulls * cos(tau * psi)
            + I * (sin(psi) - pulls * sin(tau * psi)),
        ),
        Identity(
            shows="so no root but 1 and -1 while tau a (1 - c) < 1, which holds up to the limit:",
            left=1 - tau * pulls.subs(a, end),
            right=2 * (tau + 1) * (c - best) / (2 * c - 1),
        ),
        Positive(
            shows="from the best share on",
            expression=2 * (tau + 1) * (c - best) / (2 * c - 1),
            relation=">=",
            conditions=(c - best,),
            strict=(c - Rational(1, 2),),
        ),
        Positive(
            shows="which is above one half", expression=best - Rational(1, 2), conditions=(tau - 1,)
        ),
        Identity(
            shows="the value at w = 1, of the sign of limit - a",
            left=1 - keeps + pulls,
            right=(2 * c - 1) * (end - a),
        ),
        Identity(shows="the value at w = -1", left=1 + keeps + pulls, right=a),
        Identity(
            shows="at the best share",
            left=end.subs(c, best),
            right=formula["best limit"],
        ),
    )


def _odd_delays_one_by_one(formula: Formula) -> tuple[Step, ...]:
    def best(delay: int) -> Any:
        return formula["best share"].subs(tau, delay)

    def end(share: Any) -> Callable[[int], Any]:
        return lambda delay: formula["limit"].subs(c, share)

    tests = [tested(best(d), lambda d: formula["best limit"].subs(tau, d), (d,)) for d in (1, 3, 5)]
    return (*tests, tested(Rational(9, 10), end(Rational(9, 10)), (1, 3)))


limit = Formula(
    name="odd_delays.limit",
    title="odd delays, from the best share to 1: stable exactly for 0 < a < limit",
    model=MODEL,
    expressions={
        "limit": ratio(2, terms(times(2, c), minus(1))),
        "best share": terms(1, minus(ratio(1, times(2, terms(tau, 1))))),
        "best limit": ratio(times(2, terms(tau, 1)), tau),
    },
    symbols={c: SYMBOLS[c], tau: SYMBOLS[tau]},
    conditions=("tau is odd", "c >= best share", le(c, 1)),
    argue=_odd_delays,
    instances=_odd_delays_one_by_one,
    reading=(
        "For small a > 0 all roots are inside, as in `compensation.up_to_half`. A root on the "
        "circle that is not real needs tau a (1 - c) >= 1, since |sin tau psi| <= tau |sin psi|. "
        "Beyond the limit the value at w = 1 is negative, and a root w is > 1."
    ),
    uses=(
        "sine of a multiple",
        "solutions of a recursion",
        "roots move continuously",
        "intermediate values",
    ),
    remark="At the best share the limit is above 2, that of no delay at all.",
)

# ------------------------------------------------------------------------- one update old


def _one_update_old(formula: Formula) -> tuple[Step, ...]:
    p = characteristic(1, c)
    first, second = formula["first"], formula["second"]
    best = formula["best share"]
    return (
        Identity(
            shows="1 less the product of the roots",
            left=1 - p.subs(z, 0),
            right=(1 - c) * (first - a),
        ),
        Identity(shows="the value at 1", left=p.subs(z, 1), right=a),
        Identity(shows="the value at -1", left=p.subs(z, -1), right=(2 * c - 1) * (second - a)),
        Identity(
            shows="the limits meet at the best share", left=(first - second).subs(c, best), right=0
        ),
        Identity(shows="the first grows, the second falls", left=diff(first, c), right=first**2),
        Identity(shows="likewise", left=diff(second, c), right=-(second**2)),
        Identity(
            shows="where they meet it is twice the limit without a delay",
            left=first.subs(c, best),
            right=4,
        ),
    )


def _one_update_old_one_by_one(formula: Formula) -> tuple[Step, ...]:
    shares = {"first": (0, Rational(1, 4), Rational(3, 4)), "second": (Rational(4, 5), 1, 2)}

    def end(name: str, share: Any) -> Callable[[int], Any]:
        return lambda delay: formula[name].subs(c, share)

    return tuple(
        tested(share, end(name, share), (1,)) for name, group in shares.items() for share in group
    )


one_update_old = Formula(
    name="odd_delays.one_update_old",
    title="delay 1: stable exactly for 0 < a < first (if c < 1) and a < second (if c > 1/2)",
    model=MODEL,
    expressions={
        "first": ratio(1, terms(1, minus(c))),
        "second": ratio(2, terms(times(2, c), minus(1))),
        "best share": shown(Rational(3, 4)),
    },
    symbols={c: SYMBOLS[c]},
    argue=_one_update_old,
    instances=_one_update_old_one_by_one,
    reading=(
        "The polynomial of second degree has its roots in the disc exactly if these values are "
        "positive. Three quarters of the curvature bear the longest steps, up to 4; the whole "
        "curvature bears 2."
    ),
    uses=("second degree", "solutions of a recursion"),
)

FORMULAS = (limit, one_update_old)
