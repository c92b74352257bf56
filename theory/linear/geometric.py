r"""Geometric delays without an end

Independent delays with P(D = d) = (1/M) (1 - 1/M)^d for all d >= 0, of mean M - 1. The average
read, H_k = x_k/M + (1 - 1/M) H_{k-1}, needs no past but its last value, so (x_k, H_k) is a state.
"""

from typing import Any

from sympy import Integer, Rational, Symbol, oo, sqrt

from theory.latex import minus, power, ratio, root, shown, terms, times
from theory.linear import independent
from theory.linear.formula import Formula
from theory.linear.independent import G, Q, a, v
from theory.linear.steps import (
    Enumeration,
    Identity,
    Lemma,
    Limit,
    Outcome,
    Positive,
    SecondMoments,
    Step,
)

MODEL = r"x_{k+1} = x_k - a\,x_{k-D_k} + w_k,\quad P(D_k = d) = \frac{1}{M} (1 - \frac{1}{M})^d"

M = Symbol("M", positive=True)
z = Symbol("z")
x, x_next, before, read, read_before = tuple(
    Symbol(name, real=True) for name in ("x", "x_next", "x_before", "H", "H_before")
)

SYMBOLS = {a: "step times curvature", M: "one more than the mean delay"}
KEPT = 1 - 1 / M  # what H keeps of its last value


def _mean_limit(formula: Formula) -> tuple[Step, ...]:
    def p(root: Any) -> Any:
        return root**2 - (1 + KEPT - a / M) * root + KEPT

    update = x_next - (x - a * read)
    return (
        Identity(
            shows="without H, an update has momentum 1 - 1/M and step a/M",
            left=x_next - x,
            right=KEPT * (x - before) - a / M * x,
            given=(
                update,
                x - (before - a * read_before),
                read - (x / M + KEPT * read_before),
            ),
        ),
        Identity(
            shows="its characteristic polynomial",
            left=p(z) / z,
            right=z - 1 - KEPT * (1 - 1 / z) + a / M,
        ),
        Positive(shows="product of the roots below 1", expression=1 - KEPT),
        Positive(shows="its value at 1", expression=p(1)),
        Identity(shows="its value at -1", left=p(Integer(-1)), right=(formula["limit"] - a) / M),
    )


mean_limit = Formula(
    name="geometric.mean_limit",
    title="the mean is stable exactly for 0 < a < limit",
    model=MODEL,
    expressions={"limit": times(2, terms(times(2, M), minus(1)))},
    symbols={M: SYMBOLS[M]},
    conditions=("M >= 1",),
    argue=_mean_limit,
    reading=(
        "H is replaced by what two updates say of it. The polynomial of second degree that is "
        "left has its roots in the disc exactly if its values at 1 and -1 are positive and their "
        "product is below 1."
    ),
    uses=("second degree", "solutions of a recursion"),
    remark="Longer delays, longer steps: so says the mean, and the mean square says the contrary.",
)


def _mean_square(formula: Formula) -> tuple[Step, ...]:
    # Gamma_0 and Q are second moments of the mean recursion driven by unit noise
    state = Outcome(chance=1, matrix=[[1, -a], [1 / M, KEPT - a / M]], noise=[[1], [1 / M]])
    limit, general = formula["limit"], independent.mean_square
    rest = 2 * (2 * M - 1) - a
    under = sqrt(1 + 16 * M * (M - 1) * (2 * M - 1))
    values = {G: formula["total"], Q: formula["average"]}
    return (
        SecondMoments(
            shows="Gamma_0 and Q, as second moments of (x, H) under the mean recursion",
            outcomes=(state,),
            claimed=(
                ((1, 0), (1, 0), formula["total"]),
                ((0, 1), (0, 1), formula["average"]),
            ),
            variance=1,
            case="",
        ),
        Lemma(shows="what kernel and variance are for any law", formula=general),
        Identity(shows="the kernel", left=formula["kernel"], right=general["kernel"].subs(values)),
        Identity(
            shows="the variance", left=formula["variance"], right=general["variance"].subs(values)
        ),
        Identity(
            shows="1 - kernel has the sign of this, where the mean is stable",
            left=1 - formula["kernel"],
            right=2 * M * formula["room"] / rest,
        ),
        Identity(shows="the limit is a root of it", left=formula["room"].subs(a, limit), right=0),
        Identity(
            shows="without a difference of roots", left=limit, right=4 * (2 * M - 1) / (1 + under)
        ),
        Positive(
            shows="it is positive if there is a delay",
            expression=4 * (2 * M - 1) / (1 + under),
            strict=(M - 1,),
        ),
        Identity(
            shows="the other root is negative: their product",
            left=formula["room"],
            right=-(M - 1) * (a - limit) * (a + (2 * M - 1) / (M * (M - 1) * limit)),
        ),
        Limit(
            shows="for long delays",
            expression=limit / formula["decay"],
            variable=M,
            to=oo,
            value=1,
        ),
        Identity(
            shows="at the limit of the mean there is no room left",
            left=formula["room"].subs(a, 2 * (2 * M - 1)),
            right=-4 * (M - 1) * (2 * M - 1) ** 2,
        ),
    )


def _mean_square_one_by_one(formula: Formula) -> tuple[Step, ...]:
    found: list[Step] = []
    step, last = Rational(1, 2), 4
    for mean in (2, 3):
        chances = [Rational(1, mean) * (1 - Rational(1, mean)) ** d for d in range(last)]
        chances[-1] = 1 - sum(chances[:-1])  # x_0 is read from there on
        found.append(
            Enumeration(
                shows="E x_4^2 without noise, from the recursion of (x, H) and what a draw adds",
                run=lambda delays: _path(delays, step)[-1] ** 2,
                draws=tuple(enumerate(chances)),
                length=last,
                value=_followed(Rational(mean), step, last),
                case=f"M = {mean} at a = 1/2, started at 1",
            )
        )
    return tuple(found)


def _path(delays: tuple[int, ...], step: Any) -> list[Any]:
    path: list[Any] = [Integer(1)]
    for k, delay in enumerate(delays):
        path.append(path[k] - step * path[max(k - delay, 0)])
    return path


def _followed(mean: Any, step: Any, last: int) -> Any:
    """E x_last^2 from E x^2, E x H, E H^2 and the expected square of what is read."""
    new, kept = 1 / mean, 1 - 1 / mean
    square = mixed = average = read_square = Integer(1)
    for _ in range(last):
        square, across = (
            square - 2 * step * mixed + step**2 * read_square,
            mixed - step * average,
        )
        mixed, average = (
            new * square + kept * across,
            new**2 * square + 2 * new * kept * across + kept**2 * average,
        )
        read_square = new * square + kept * read_square
    return square


mean_square = Formula(
    name="geometric.mean_square",
    title="mean-square stable exactly for 0 < a < limit (M > 1); the stationary E x_k^2",
    model=MODEL,
    expressions={
        "room": terms(
            terms(2, minus(ratio(1, M))),
            minus(times(terms(M, minus(1)), power(a, 2))),
            minus(ratio(a, times(2, M))),
        ),
        "limit": ratio(
            terms(
                root(terms(1, times(16, M, terms(M, minus(1)), terms(times(2, M), minus(1))))),
                minus(1),
            ),
            times(4, M, terms(M, minus(1))),
        ),
        "decay": root(ratio(2, M)),
        "total": shown((2 * M - 1 + 2 * a * M * (M - 1)) / (a * (2 * (2 * M - 1) - a))),
        "average": shown((2 * M - 1) / (a * (2 * (2 * M - 1) - a))),
        "kernel": ratio(
            times(2, M, terms(M, minus(1)), power(a, 2)),
            terms(times(2, terms(times(2, M), minus(1))), minus(a)),
        ),
        "variance": shown(
            v
            * (2 * M - 1 + 2 * a * M * (M - 1))
            / (a * (2 * (2 * M - 1) - a - 2 * M * (M - 1) * a**2))
        ),
    },
    symbols={**SYMBOLS, v: "the variance of w_k"},
    conditions=("M >= 1",),
    argue=_mean_square,
    instances=_mean_square_one_by_one,
    reading=(
        "Under the mean recursion (x, H) is a state, and its second moments are Gamma_0 and Q. "
        "The kernel of any law then gives room > 0, a condition of second degree in a. At M = 1 "
        "there is no delay and the limit is 2; for large M it is about decay."
    ),
    uses=independent.mean_square.uses,
)

FORMULAS = (mean_limit, mean_square)
