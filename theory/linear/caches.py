r"""Worker caches: every message on its way for a time of its own

P workers keep a copy of x each. In every iteration each computes one gradient at its own copy, and
sends it to all, itself included; the message from p to q is added 1 + r iterations later, r drawn
from pi on 0, ..., s - 1 for every message. A = P a is the step of an iteration. Write h_n, Gamma_j
and H_n as for independent delays, of the step A and the law pi. What an arrival adds beyond its
mean moves the mean of all caches, which feeds back, and the differences between them, which do
not: a difference stays until the message has arrived everywhere.
"""

from typing import Any

from sympy import Integer, Rational, Sum, Symbol, cancel, pi, sin, symbols

from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear import independent, uniform
from theory.linear.cache_outcomes import apart, cached, iterations
from theory.linear.formula import Formula
from theory.linear.independent import AGES, G, H, Q, a, d, h, p, v
from theory.linear.steps import (
    Enumeration,
    Identity,
    Lemma,
    SecondMoments,
    Step,
    SumIdentity,
)
from theory.symbols import P, n, s

MODEL = (
    r"x_{q,k+1} = x_{q,k} - \sum_{p,i} [r_{p,q,k-i} = i] (a\,x_{p,k-i} + w_{p,k-i}),\quad A = P a"
)
SHARED = (
    r"x_{q,k+1} = x_{q,k} - \sum_{p,i} [r_{p,k-i} = i] (a\,x_{p,k-i} + w_{p,k-i}),\quad A = P a"
)

E = Symbol("E_r", positive=True)
K = Symbol("K", positive=True)
A = Symbol("A", positive=True)

SYMBOLS = {
    P: "how many workers",
    a: "the step of one gradient times curvature",
    v: "the variance of w_p,k",
    G: "the sum of h_n^2, of the step A = P a",
    Q: "pi' Gamma pi, the sum of H_n^2",
    E: "E|r - r'|, of two messages",
}


CASES = {
    "P = 2, r = 0, 1 of any law": (2, (Symbol("q", positive=True), 1 - Symbol("q", positive=True))),
    "P = 2, r = 0, 1, 2 of equal chances": (2, (Rational(1, 3),) * 3),
}


def _one_by_one(formula: Formula, *, shared: bool) -> tuple[Step, ...]:
    found: list[Step] = []
    for case, (workers, law) in CASES.items():
        sums = independent.sums(law, workers * a)
        values = {P: workers, E: apart(law), G: sums[G], Q: sums[Q]}
        rows = cached(len(law) - 1, workers)
        first, gap = rows.row(0), rows.row(0) - rows.row(1)
        claimed = [(tuple(first), tuple(first), formula["variance"])]
        between = Integer(0) if shared else formula["disagreement"]
        claimed += [(tuple(gap), tuple(gap), between)]
        found.append(
            SecondMoments(
                shows="the covariances themselves, for every draw of the messages of an iteration",
                outcomes=iterations(law, workers, shared=shared),
                claimed=tuple((l, r, cancel(value.subs(values))) for l, r, value in claimed),
                variance=v,
                case=case,
            )
        )
    return tuple(found)


# ------------------------------------------------------------------------------- the mean


def _mean_limit(formula: Formula) -> tuple[Step, ...]:
    sender = Symbol("q", integer=True)
    return (
        SumIdentity(
            shows="P messages of mean p_d a m_{k-d} each are one of step A",
            left=Sum(Sum(p(d) * a * h(n - d), AGES), (sender, 1, P)),
            right=P * a * Sum(p(d) * h(n - d), AGES),
        ),
        Lemma(shows="the limit of one sequence of step A", formula=uniform.mean_limit),
        Identity(
            shows="and A = P a",
            left=P * formula["limit"],
            right=uniform.mean_limit["limit"],
        ),
    )


mean_limit = Formula(
    name="caches.mean_limit",
    title="uniform extra delays r: the mean is stable for 0 < a < limit, and not at the limit",
    model=MODEL,
    expressions={"limit": times(ratio(times(2, s), P), power(shown(sin(pi / (2 * s))), 2))},
    symbols={P: SYMBOLS[P], s: "how many values the uniform r has: 0, ..., s - 1"},
    conditions=("all caches start at x_0",),
    argue=_mean_limit,
    reading=(
        "In the mean every cache is one sequence of step A and delays r: the number of workers "
        "enters through A alone."
    ),
    uses=uniform.mean_limit.uses,
)

# ------------------------------------------------------------------------- the mean square

spread, mixed, alone = symbols("V_h V_h1 V_1", positive=True)


def _form(response: Any, constant: Any) -> Any:
    """The variance that an arrival adds, of response h times one number plus another."""
    return response**2 * spread + 2 * response * constant * mixed + constant**2 * alone


def _two_messages() -> tuple[Step, ...]:
    laws = symbols("p_0 p_1 p_2", positive=True)
    law = (*laws, 1 - sum(laws))
    there = [sum(law[: i + 1]) for i in range(len(law))]
    return (
        Enumeration(
            shows="E|r - r'|",
            run=lambda pair: abs(pair[0] - pair[1]),
            draws=tuple(enumerate(law)),
            length=2,
            value=2 * sum(c * (1 - c) for c in there),
            case="r = 0, ..., 3 of any law",
        ),
    )


def _balance(formula: Formula, sums: Any) -> tuple[Step, ...]:
    variance = formula["variance"]
    gradient = a**2 * variance + v  # E of a gradient's square
    return (
        Identity(
            shows="noise through the mean of P messages, and what arrivals add, give E x^2",
            left=variance,
            right=P * v * Q + gradient * sums,
        ),
        Identity(
            shows="the kernel is what a^2 E x^2 adds to E x^2",
            left=formula["kernel"],
            right=a**2 * sums,
        ),
    )


def _mean_square(formula: Formula) -> tuple[Step, ...]:
    sums = G - Q + (P - 1) * E / 2
    c, first, last = Symbol("c_n", real=True), Symbol("r", integer=True), Symbol("r'", integer=True)
    one_h, rest_h = 1 / P, 1 / P
    one_1, rest_1 = (P - 1) / P, -1 / P
    return (
        Identity(
            shows="an arrival is seen by the mean of all caches as 1/P of it, fed back",
            left=one_h + (P - 1) * rest_h,
            right=1,
        ),
        Identity(
            shows="and leaves that mean alone otherwise", left=one_1 + (P - 1) * rest_1, right=0
        ),
        Identity(
            shows="it sets its own cache apart from another by 1",
            left=(one_h - rest_h) * spread + one_1 - rest_1,
            right=1,
        ),
        SumIdentity(
            shows="what an arrival adds is a variance",
            left=Sum(p(d) * (h(n - d) - H) ** 2, AGES),
            right=Sum(p(d) * h(n - d) ** 2, AGES) - H**2,
            given=(
                (-2 * H, Sum(p(d) * h(n - d), AGES) - H),
                (H**2, Sum(p(d), AGES) - 1),
            ),
        ),
        Identity(
            shows="P messages to a cache and to the P - 1 others: the mixed terms cancel",
            left=P * (_form(one_h, one_1) + (P - 1) * _form(rest_h, rest_1)),
            right=spread + (P - 1) * alone,
        ),
        Identity(
            shows="a response that stays at 1 has the variance c_n (1 - c_n), c the distribution",
            left=c * 1**2 - c**2,
            right=c * (1 - c),
        ),
        SumIdentity(
            shows="the later of two messages is not there in r' - r iterations after the first",
            left=Sum(1, (n, first, last - 1)),
            right=last - first,
        ),
        Identity(
            shows="one is there, the other is not: E|r - r'| is twice the sum of c_n (1 - c_n)",
            left=c * (1 - c) + (1 - c) * c,
            right=2 * c * (1 - c),
        ),
        *_balance(formula, sums),
        Identity(
            shows="two caches differ by what 2 P messages add, each c_n (1 - c_n)",
            left=formula["disagreement"],
            right=2 * P * (a**2 * formula["variance"] + v) * E / 2,
        ),
    )


def _expressions(sums: Any) -> dict[str, Any]:
    return {
        "kernel": times(power(a, 2), sums),
        "variance": ratio(times(v, terms(times(P, Q), sums)), _below(sums)),
    }


def _below(sums: Any) -> Any:
    return terms(1, minus(times(power(a, 2), sums)))


SUMS = terms(G, minus(Q), ratio(times(terms(P, minus(1)), E), 2))
mean_square = Formula(
    name="caches.mean_square",
    title="mean-square stable exactly if the mean is and kernel < 1; E x_p^2 and E (x_p - x_q)^2",
    model=MODEL,
    expressions=_expressions(SUMS)
    | {"disagreement": ratio(times(v, P, E, terms(1, times(power(a, 2), P, Q))), _below(SUMS))},
    symbols={key: SYMBOLS[key] for key in (P, a, v, G, Q, E)},
    conditions=("the mean is stable", "all caches start at x_0"),
    argue=_mean_square,
    instances=lambda formula: (*_two_messages(), *_one_by_one(formula, shared=False)),
    reading=(
        "Which iteration a message arrives in is white around its mean. An arrival reaches the "
        "mean of the caches, where h answers, and their differences, where nothing answers. "
        "Squared and summed over receivers the mixed terms cancel, which leaves what independent "
        "delays add, and P - 1 times what a response of 1 adds. The variance renews itself "
        "through the kernel."
    ),
    uses=("orthogonal increments", "renewal", "Yule and Walker", "induction"),
    remark="With one worker it is independent delays again.",
)

# ----------------------------------------------------------------------- one delay for all


def _shared(formula: Formula) -> tuple[Step, ...]:
    sums = P * (G - Q)
    return (
        Identity(
            shows="an arrival at all caches moves their mean by all of it, and none apart",
            left=_form(Integer(1), Integer(0)),
            right=spread,
        ),
        *_balance(formula, sums),
    )


shared_delays = Formula(
    name="caches.shared_delays",
    title="one delay for all receivers of a gradient: other numbers, and caches that agree",
    model=SHARED,
    expressions=_expressions(times(P, terms(G, minus(Q)))),
    symbols={key: SYMBOLS[key] for key in (P, a, v, G, Q)},
    conditions=("the mean is stable", "all caches start at x_0"),
    argue=_shared,
    instances=lambda formula: _one_by_one(formula, shared=True),
    reading="The same, with arrivals that reach all caches in one iteration.",
    uses=mean_square.uses,
    remark="Which of the two is meant has to be said: their numbers differ.",
)

FORMULAS = (mean_limit, mean_square, shared_delays)
