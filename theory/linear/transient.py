r"""On the way, under constant delay

Finite sums for every time: the mean, the response to one impulse, and with them E x_k^2. They hold
for every step, stable or not.
"""

from functools import lru_cache
from typing import Any

from sympy import Function, Integer, Matrix, Sum, Symbol, binomial, expand, floor, ones, sympify

from theory.claims import le
from theory.latex import power, shown, terms, times
from theory.linear.constant_delay import MODEL, SYMBOLS, a
from theory.linear.formula import Formula
from theory.linear.stationary import MODEL as NOISY
from theory.linear.stationary import v
from theory.linear.steps import Identity, Positive, Recursion, Step, Termwise
from theory.symbols import j, k, n
from theory.symbols import tau_max as tau

x0 = Symbol("x_0", real=True)
mean_of, response = Function("m"), Function("h")
early = Symbol("i", integer=True, nonnegative=True)
later = Symbol("j", integer=True, positive=True)

DELAYS, LONG = (0, 1, 2, 3), 9  # where the sums are also compared number by number

START = {x0: "the start", k: "the time"}


def summand(e: Any, index: Any) -> tuple[Any, Any, Any, Any]:
    """Factor, weight and upper number of c sum_j w C(N, j), and where the sum ends."""
    factor, total = sympify(e).as_independent(Sum, as_Add=False)
    (one,) = total.function.atoms(binomial)
    running, low, high = total.limits[0]
    if (running, low, one.args[1]) != (index, 0, index):
        raise ValueError(f"{e} is not a sum over {index} from 0 of binomials over {index}")
    return factor, total.function / one, one.args[0], high.args[0]


def _sum(e: Any, time: Any, factor: Any, first: Any) -> tuple[Step, ...]:
    """The sum follows the recursion; at times up to 0 it is 1 from -first on, and 0 earlier."""
    found, weight, upper, end = summand(e, j)
    return (
        Termwise(
            shows="the terms of S(n+1) - S(n) + a S(n-tau) cancel",
            weight=weight,
            upper=upper,
            relation=((1, 1, 0), (-1, 0, 0), (a, -tau, -1)),
            n=time,
            j=j,
        ),
        Identity(
            shows="the last term is the last that has its upper number at least the lower",
            left=upper - j,
            right=(tau + 1) * (end - j),
        ),
        Identity(shows="the factor in front", left=found, right=factor),
        Identity(
            shows="the first term is there from this time on",
            left=upper.subs(j, 0),
            right=time + first,
        ),
        Identity(shows="and is 1", left=weight.subs(j, 0), right=1),
        Positive(
            shows="up to time 0 there is no other",
            expression=(j - upper).subs({j: later, time: -early}),
        ),
    )


@lru_cache(maxsize=64)
def _moments(delay: int, upto: int) -> tuple[tuple[Any, Any, Any], ...]:
    """Mean, response to an impulse, and second moment from the recursions, at times 0, 1, ..."""
    past = [x0] * (delay + 1)  # x_k, x_{k-1}, ...
    kicked = [Integer(1)] + [Integer(0)] * delay
    second = x0**2 * ones(delay + 1, delay + 1)
    A = Matrix(delay + 1, delay + 1, lambda p, q: int(p == q + 1 or p == q == 0))
    A[0, delay] -= a
    noise = Matrix(delay + 1, delay + 1, lambda p, q: v * int(p == q == 0))
    found = []
    for _ in range(upto + 1):
        found.append((past[0], kicked[0], second[0, 0]))
        past = [expand(past[0] - a * past[-1]), *past[:-1]]
        kicked = [expand(kicked[0] - a * kicked[-1]), *kicked[:-1]]
        second = (A * second * A.T + noise).applyfunc(expand)
    return tuple(found)


def _written_out(e: Any, index: Any, time: Any, delay: int, at: int) -> Any:
    """The sum at one delay and time, its terms added up."""
    factor, weight, upper, end = summand(e, index)
    values = {tau: delay, time: at}
    last = int(floor(end.subs(values)))
    return factor * sum(
        (weight * binomial(upper, index)).subs(values).subs(index, q) for q in range(last + 1)
    )


def _compared(which: int, closed: Any, shows: str) -> tuple[Step, ...]:
    return (
        Recursion(
            shows=shows,
            closed=closed,
            first=lambda delay: [_moments(delay, LONG)[0][which]],
            following=lambda delay, values: _moments(delay, LONG)[len(values)][which],
            delays=DELAYS,
            upto=LONG,
        ),
    )


mean = Formula(
    name="transient.mean",
    title="E x_k at every time",
    model=MODEL,
    expressions={
        "mean": times(
            x0,
            shown(
                Sum(
                    (-a) ** j * binomial(k - tau * (j - 1), j), (j, 0, floor((k + tau) / (tau + 1)))
                )
            ),
        )
    },
    symbols=SYMBOLS | START | {j: "how many gradients are multiplied"},
    conditions=(le(0, k),),
    argue=lambda f: _sum(f["mean"], k, x0, tau),
    instances=lambda f: _compared(
        0, lambda delay, at: _written_out(f["mean"], j, k, delay, at), "the mean, number by number"
    ),
    reading=(
        "The sum is x_0 at the times -tau, ..., 0, as the start is, and follows the recursion from "
        "there."
    ),
    uses=("induction",),
)

impulse = Formula(
    name="transient.impulse",
    title="the response h_n to an impulse, n updates later",
    model=MODEL,
    expressions={
        "response": shown(Sum((-a) ** j * binomial(n - tau * j, j), (j, 0, floor(n / (tau + 1)))))
    },
    symbols=SYMBOLS | {n: "updates since the impulse", j: "how many gradients are multiplied"},
    argue=lambda f: _sum(f["response"], n, 1, 0),
    instances=lambda f: _compared(
        1,
        lambda delay, at: _written_out(f["response"], j, n, delay, at),
        "the response, number by number",
    ),
    reading="The sum is 1 at time 0, 0 before, and follows the recursion from there.",
    uses=("induction",),
)


def _second(formula: Formula) -> tuple[Step, ...]:
    return (
        *impulse.argument,
        Identity(
            shows="the square of the mean, and the variances of the noises so far",
            left=formula["square"] - mean_of(k) ** 2,
            right=v * formula["square"].atoms(Sum).pop(),
        ),
    )


def _square_written_out(e: Any, delay: int, at: int) -> Any:
    moments = _moments(delay, LONG)
    e = e.subs(k, at).doit()
    return e.replace(mean_of, lambda q: moments[int(q)][0]).replace(
        response, lambda q: moments[int(q)][1]
    )


second_moment = Formula(
    name="transient.second_moment",
    title="E x_k^2 at every time, from the mean and the response to an impulse",
    model=NOISY,
    expressions={
        "square": terms(
            power(shown(mean_of(k)), 2),
            times(v, shown(Sum(response(n) ** 2, (n, 0, k - 1)))),
        )
    },
    symbols=SYMBOLS | START | {v: "the variance of the noise in a step", n: "an age of noise"},
    argue=_second,
    instances=lambda f: _compared(
        2,
        lambda delay, at: _square_written_out(f["square"], delay, at),
        "E x_k^2 against the recursion of all second moments, number by number",
    ),
    reading=(
        "x_k is its mean m_k and the sum of h_n w_{k-1-n} over the ages n < k, since h is the "
        "response to an impulse; the noises are uncorrelated."
    ),
    uses=("orthogonal increments",),
    remark="m_k is `transient.mean`, h_n is `transient.impulse`.",
)

FORMULAS = (mean, impulse, second_moment)
