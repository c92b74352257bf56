r"""Asynchrony begets momentum, in the mean

M workers, memoryless service: at every update one of them, each with the chance 1/M, delivers the
gradient at the point c that it read, and reads the new iterate. Delays are geometric of mean M - 1,
but not independent, so this is not the model of independent geometric delays. Its mean is: heavy
ball, exactly. Its mean square is another matter, and so is stability.
"""

from functools import partial
from typing import Any

from sympy import Integer, Matrix, Rational, Symbol, diff, eye, oo, sqrt, zeros

from theory.latex import minus, power, ratio, root, shown, terms, times
from theory.linear import geometric
from theory.linear.formula import Formula
from theory.linear.independent import a, row, v
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

MODEL = (
    r"x_{k+1} = x_k - a\,c_{I,k} + w_k,\quad c_{I,k+1} = x_{k+1},\quad P(I = i) = \frac{1}{M},"
    r"\quad c_{i,0} = x_0"
)

M = geometric.M
x, y, previous, lag, before, start = (
    Symbol(name, real=True) for name in ("x", "x_next", "x_before", "c", "c_before", "x_0")
)
SYMBOLS = {
    a: "step times curvature",
    M: "the number of workers",
    v: "the variance of w_k",
}

# ------------------------------------------------------------------------------- the mean


def _momentum(formula: Formula) -> tuple[Step, ...]:
    new, kept = 1 / M, 1 - 1 / M
    # c is the mean of what a worker holds; the one that is next is any of them
    updates = (
        y - (x - a * lag),
        x - (previous - a * before),
        lag - (new * x + kept * before),
    )
    return (
        Identity(
            shows="an update, by the one before it",
            left=y - x,
            right=formula["momentum"] * (x - previous) - formula["step"] * x,
            given=updates,
        ),
        Identity(
            shows="the first update, at which all hold x_0",
            left=y,
            right=(1 - a) * start,
            definitions=((x, start), (lag, start), (y, start - a * start)),
        ),
        Identity(
            shows="independent geometric delays: what is read on average moves as c does",
            left=1 - geometric.KEPT,
            right=new,
        ),
        Lemma(shows="when the mean of that model is stable", formula=geometric.mean_limit),
        Identity(
            shows="which is this one",
            left=formula["limit"],
            right=geometric.mean_limit["limit"],
        ),
    )


def _queue(workers: tuple[int, ...], step: Any, held: int) -> list[Any]:
    """The path if these workers deliver, one after the other."""
    path: list[Any] = [Integer(1)]
    points: list[Any] = [Integer(1)] * held
    for worker in workers:
        path.append(path[-1] - step * points[worker])
        points[worker] = path[-1]
    return path


def _last(held: int, workers: tuple[int, ...]) -> Any:
    return _queue(workers, Rational(3, 2), held)[-1]


def _momentum_one_by_one(formula: Formula) -> tuple[Step, ...]:
    found: list[Step] = []
    for held in (2, 3):
        values = {M: Integer(held), a: Rational(3, 2)}
        beta, step = (formula[name].subs(values) for name in ("momentum", "step"))
        path = [Integer(1), 1 - values[a]]
        while len(path) < 6:
            path.append(path[-1] + beta * (path[-1] - path[-2]) - step * path[-1])
        found += [
            Enumeration(
                shows=f"E x_{last}, by every sequence of workers",
                run=partial(_last, held),
                draws=tuple((i, Rational(1, held)) for i in range(held)),
                length=last,
                value=path[last],
                case=f"M = {held} at a = 3/2, started at 1",
            )
            for last in (1, 3, 5)
        ]
    return tuple(found)


momentum = Formula(
    name="asynchrony.momentum",
    title="E (x_{k+1} - x_k) = momentum E (x_k - x_{k-1}) - step E x_k from k = 1 on",
    model=MODEL,
    expressions={
        "momentum": terms(1, minus(ratio(1, M))),
        "step": ratio(a, M),
        "limit": times(2, terms(times(2, M), minus(1))),
    },
    symbols={a: SYMBOLS[a], M: SYMBOLS[M]},
    conditions=("E w_k = 0", "M >= 1"),
    argue=_momentum,
    instances=_momentum_one_by_one,
    reading=(
        "The worker that is next is any of them, so its point has the mean c, and c keeps 1 - 1/M "
        "of itself and takes 1/M of x. Eliminating c leaves momentum. The mean is stable exactly "
        "for 0 < a < limit, which grows with M."
    ),
    uses=geometric.mean_limit.uses,
    remark="Mitliagkas et al., 2016, under the name of implicit momentum; exact here, for all k.",
)

# ------------------------------------------------------------------------- the mean square

X, B, C, D = (Symbol(name, positive=True) for name in ("X", "B", "C", "D"))
MOMENTS = (X, B, C, D)  # E x^2, E x c, E c^2, E c c'


def following(noise: Any) -> tuple[Any, ...]:
    """E x^2, E x c, E c^2, E c c' after an update; c and c' are of two workers."""
    new = 1 / M
    square = X - 2 * a * B + a**2 * C + noise
    other = B - a * D  # of the new x with a point that stays
    return (
        square,
        new * square + (1 - new) * other,
        new * square + (1 - new) * C,
        2 * new * other + (1 - 2 * new) * D,
    )


def _mean_square(formula: Formula) -> tuple[Step, ...]:
    variance, limit = formula["variance"], formula["limit"]
    stationary = {
        X: variance,
        B: variance * (1 + a) / (1 + M * a),
        C: variance,
        D: variance / (1 + M * a),
    }
    moved = Matrix(4, 4, lambda i, j: diff(following(0)[i], MOMENTS[j]))
    level = Symbol("z", positive=True)
    shape = (level * eye(4) - moved).det()
    edge = (eye(4) - moved).det()
    at_rest = shape.subs(a, 0)
    return (
        *(
            Identity(
                shows=f"{name} is stationary",
                left=moment.subs(stationary, simultaneous=True),
                right=stationary[symbol],
            )
            for name, symbol, moment in zip(
                ("E x^2", "E x c", "E c^2", "E c c'"), MOMENTS, following(v), strict=True
            )
        ),
        Identity(
            shows="det(1 - K), K the map of the four moments",
            left=edge,
            right=2 * a * formula["room"] / M**3,
        ),
        Identity(
            shows="without a step K has the eigenvalues 1, 1 - 1/M twice, and 1 - 2/M",
            left=at_rest,
            right=(level - 1) * (level - 1 + 1 / M) ** 2 * (level - 1 + 2 / M),
        ),
        Identity(
            shows="of which 1 moves inside",
            left=(-diff(shape, a) / diff(shape, level)).subs({level: 1, a: 0}),
            right=-2,
        ),
        Identity(
            shows="room is 0 at the limit, and at a negative step",
            left=formula["room"],
            right=-M * (a - limit) * (a + 2 / (M * limit)),
        ),
        Positive(shows="the limit is positive", expression=limit),
    )


def workers(held: int) -> tuple[Outcome, ...]:
    """Who delivers, as outcomes of an update of (x, c_1, ..., c_M)."""
    found = []
    for worker in range(1, held + 1):
        matrix, noise = eye(held + 1), zeros(held + 1, 1)
        for place in (0, worker):
            matrix[place, :] = Matrix([row(held + 1)]) - a * Matrix([row(held + 1, worker)])
            noise[place] = 1
        found.append(Outcome(chance=Rational(1, held), matrix=matrix, noise=noise))
    return tuple(found)


def _mean_square_one_by_one(formula: Formula) -> tuple[Step, ...]:
    return tuple(
        SecondMoments(
            shows="the covariances of x and of all points held, for every worker that delivers",
            outcomes=workers(held),
            claimed=((row(held + 1), row(held + 1), formula["variance"].subs(M, held)),),
            variance=v,
            case=f"M = {held}",
        )
        for held in (1, 2, 3, 4)
    )


mean_square = Formula(
    name="asynchrony.mean_square",
    title="mean-square stable exactly for 0 < a < limit; the stationary E x_k^2",
    model=MODEL,
    expressions={
        "room": terms(2, a, minus(times(M, power(a, 2)))),
        "limit": ratio(terms(1, root(terms(1, times(8, M)))), times(2, M)),
        "variance": ratio(
            times(v, terms(1, times(M, a))),
            times(a, terms(2, a, minus(times(M, power(a, 2))))),
        ),
    },
    symbols=SYMBOLS,
    conditions=("w_k is uncorrelated with the past", "M >= 2; one worker has no delay"),
    argue=_mean_square,
    instances=_mean_square_one_by_one,
    reading=(
        "Workers are alike, so four moments are a state. K keeps the cone of covariances, hence "
        "its spectral radius is an eigenvalue; it is below 1 for small a, and det(1 - K) is 0 "
        "next at the limit. Beyond it det(1 - K) < 0, so that K has an eigenvalue > 1."
    ),
    uses=(
        "positive operators",
        "simple roots move smoothly",
        "roots move continuously",
        "intermediate values",
    ),
    remark="With one worker: v/(a (2 - a)), and the limit 2.",
)

# ----------------------------------------------------------------------------- the contrast


def _contrast(formula: Formula) -> tuple[Step, ...]:
    mean, square = momentum["limit"], mean_square["limit"]
    more = 1 / sqrt(1 + 8 * M)
    return (
        Lemma(shows="the limit of the mean", formula=momentum),
        Lemma(shows="the limit of the mean square", formula=mean_square),
        Identity(shows="the former grows", left=diff(mean, M), right=formula["growth"]),
        Positive(shows="it does", expression=formula["growth"]),
        Identity(
            shows="the latter shrinks",
            left=diff(square, M),
            right=-(1 + 4 * M + sqrt(1 + 8 * M)) * more / (2 * M**2),
        ),
        Positive(shows="it does", expression=(1 + 4 * M + sqrt(1 + 8 * M)) * more / (2 * M**2)),
        Limit(
            shows="like this",
            expression=square / formula["decay"],
            variable=M,
            to=oo,
            value=1,
        ),
        Identity(shows="both are 2 for one worker", left=mean.subs(M, 1), right=square.subs(M, 1)),
    )


contrast = Formula(
    name="asynchrony.contrast",
    title="with more workers the mean bears longer steps and the mean square shorter ones",
    model=MODEL,
    expressions={"growth": shown(Integer(4)), "decay": root(ratio(2, M))},
    symbols={M: SYMBOLS[M]},
    argue=_contrast,
    reading=(
        "The limit of the mean grows by 4 with every worker, that of the mean square falls, and "
        "is about decay for many workers: momentum read off the mean says nothing of stability."
    ),
    uses=("derivative and order",),
)

FORMULAS = (momentum, mean_square, contrast)
