r"""Independent delays of any law

Every update draws its delay anew, d with the chance p_d, d = 0, ..., s - 1. The mean reads the
average H of the past; what the draw adds is uncorrelated from update to update, so the variance
obeys a renewal equation. Write h_n for the response of the mean to an impulse, Gamma_j for the sum
of h_n h_{n+j} over n, H_n for the sum of p_d h_{n-d} over d.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sympy import Integer, Matrix, Rational, Sum, Symbol, cancel, eye, linsolve, symbols, zeros

from theory.latex import minus, power, ratio, terms, times
from theory.linear.formula import Formula
from theory.linear.steps import Enumeration, Identity, Outcome, SecondMoments, Step, SumIdentity
from theory.symbols import n, s, sequence, t

MODEL = r"x_{k+1} = x_k - a\,x_{k-D_k} + w_k,\quad P(D_k = d) = p_d"

a = Symbol("a", positive=True)
v = Symbol("v", positive=True)
G = Symbol("Gamma_0", positive=True)
Q = Symbol("Q", positive=True)
R = Symbol("R", real=True)

SYMBOLS = {
    a: "step times curvature",
    v: "the variance of w_k",
    G: "the sum of h_n^2",
    Q: "p' Gamma p, the sum of H_n^2",
    R: "the sum of p_d Gamma_d, that is, of h_n H_n",
}


# ------------------------------------------------------------------ laws with a known end


@lru_cache(maxsize=64)
def autocovariances(law: tuple[Any, ...], step: Any) -> tuple[Any, ...]:
    """Gamma_0, ..., Gamma_s of a law (p_0, ..., p_(s-1)), by the equations of Yule and Walker.

    Raises ValueError if the law is empty or its chances do not sum to 1.

    >>> autocovariances((1,), a)[0]
    -1/(a*(a - 2))
    """
    if not law or cancel(sum(law) - 1) != 0:
        raise ValueError(f"autocovariances need chances that sum to 1, got {law}")
    unknown = symbols(f"Gamma:{len(law) + 1}")
    ages = tuple(enumerate(law))
    equations = [1 + unknown[1] - step * sum(p * unknown[d + 1] for d, p in ages) - unknown[0]]
    equations += [
        unknown[j - 1] - step * sum(p * unknown[abs(j - 1 - d)] for d, p in ages) - unknown[j]
        for j in range(1, len(law) + 1)
    ]
    (found,) = linsolve(equations, *unknown)
    return tuple(cancel(g).factor() for g in found)


def sums(law: tuple[Any, ...], step: Any) -> dict[Any, Any]:
    """Gamma_0, Q and R of a law."""
    return dict(zip((G, Q, R), _sums(law, step), strict=True))


@lru_cache(maxsize=64)
def _sums(law: tuple[Any, ...], step: Any) -> tuple[Any, Any, Any]:
    gamma, ages = autocovariances(law, step), range(len(law))
    spread = sum(law[i] * law[j] * gamma[abs(i - j)] for i in ages for j in ages)
    read = sum(law[d] * gamma[d] for d in ages)
    return gamma[0], cancel(spread), cancel(read)


def draws(law: Sequence[Any], step: Any) -> tuple[Outcome, ...]:
    """The outcomes of an update of (x_k, x_{k-1}, ...)."""
    size = len(law)
    found = []
    for delay, chance in enumerate(law):
        if chance == 0:
            continue
        matrix = zeros(size, size)
        matrix[1:, :-1] = eye(size - 1)
        matrix[0, 0] = 1
        matrix[0, delay] -= step
        found.append(Outcome(chance=chance, matrix=matrix, noise=_first(size)))
    return tuple(found)


def _first(size: int) -> Any:
    return Matrix(size, 1, lambda i, _: Integer(i == 0))


def row(size: int, place: int = 0) -> tuple[int, ...]:
    """The row that picks one part of a state."""
    return tuple(int(i == place) for i in range(size))


# --------------------------------------------------------------------- the mean square

h, p, average = sequence("h"), sequence("p"), sequence("H")
H = Symbol("H", real=True)
U = Symbol("U", positive=True)
d = Symbol("d", integer=True)
AGES = (d, 0, s - 1)


def _mean_square(formula: Formula) -> tuple[Step, ...]:
    kernel, variance = formula["kernel"], formula["variance"]
    total = variance / G
    return (
        SumIdentity(
            shows="what a draw adds is a variance: no term of the kernel is negative",
            left=Sum(p(d) * (h(n - d) - H) ** 2, AGES),
            right=Sum(p(d) * h(n - d) ** 2, AGES) - H**2,
            given=(
                (-2 * H, Sum(p(d) * h(n - d), AGES) - H),
                (H**2, Sum(p(d), AGES) - 1),
            ),
        ),
        Identity(
            shows="summed over n, times a^2, it is the kernel",
            left=kernel,
            right=a**2 * (G - Q),
        ),
        Identity(
            shows="increments of variance U: noise, and what the draw of a delay adds",
            left=total,
            right=v + a**2 * (G * total - Q * total),
        ),
        Identity(
            shows="a bound by induction: v + kernel times the bound is the bound",
            left=v + kernel * U,
            right=U,
            definitions=((U, v / (1 - kernel)),),
        ),
        SumIdentity(
            shows="h_{t+1} = h_t - a H_t, squared and summed",
            left=Sum((h(t) - a * average(t)) ** 2, (t, 0, n)),
            right=Sum(h(t) ** 2, (t, 0, n))
            - 2 * a * Sum(h(t) * average(t), (t, 0, n))
            + a**2 * Sum(average(t) ** 2, (t, 0, n)),
        ),
        Identity(
            shows="summed to infinity: all squares but h_0 = 1",
            left=(G - 1) - (G - 2 * a * R + a**2 * Q),
            right=-(1 - 2 * a * R + a**2 * Q),
        ),
        Identity(
            shows="which is 0, and gives Q: the other form",
            left=formula["variance again"],
            right=variance,
            given=(1 - 2 * a * R + a**2 * Q,),
        ),
    )


def _mean_square_one_by_one(formula: Formula) -> tuple[Step, ...]:
    q, third = Symbol("p_0", positive=True), Rational(1, 3)
    laws = {
        "two delays of any law": (q, 1 - q),
        "delays 0, 1, 2, that of 1 with the chance 1/3": (q, third, 1 - third - q),
        "delays 0 and 3": (third, 0, 0, 1 - third),
    }
    checks: list[Step] = [
        SecondMoments(
            shows="the covariances themselves, for every outcome of a draw",
            outcomes=draws(law, a),
            claimed=tuple(
                (row(len(law)), row(len(law)), formula[name].subs(sums(law, a)))
                for name in ("variance", "variance again")
            ),
            variance=v,
            case=case,
        )
        for case, law in laws.items()
    ]
    law = (third, Rational(1, 2), Rational(1, 6))
    checks.append(
        Enumeration(
            shows="E x_5^2 without noise, from the renewal equation",
            run=lambda delays: _path(delays)[-1] ** 2,
            draws=tuple(enumerate(law)),
            length=5,
            value=renewed(law, Rational(2, 5), 5),
            case="delays 0, 1, 2 at a = 2/5, started at 1",
        )
    )
    return tuple(checks)


def _path(delays: Sequence[int]) -> list[Any]:
    x: list[Any] = [Integer(1)]
    for k, delay in enumerate(delays):
        x.append(x[k] - Rational(2, 5) * x[max(k - delay, 0)])
    return x


def renewed(law: Sequence[Any], step: Any, last: int) -> Any:
    """E x_last^2 without noise from x_0 = 1 for every index up to 0, by the renewal equation.

    >>> renewed((1,), Rational(1, 2), 3)
    1/64
    """
    ages = tuple(enumerate(law))
    mean, response = [Integer(1)], [Integer(1)]
    for k in range(last):
        mean.append(mean[k] - step * sum(p * mean[max(k - d, 0)] for d, p in ages))
        response.append(response[k] - step * sum(p * response[k - d] for d, p in ages if d <= k))
    q = [
        sum(p * response[n - d] ** 2 for d, p in ages if d <= n)
        - sum(p * response[n - d] for d, p in ages if d <= n) ** 2
        for n in range(last)
    ]
    # what the draw at k adds: the spread of what the mean path is at the points read, and renewal
    added: list[Any] = []
    for k in range(last):
        spread = sum(p * mean[max(k - d, 0)] ** 2 for d, p in ages)
        spread -= sum(p * mean[max(k - d, 0)] for d, p in ages) ** 2
        added.append(step**2 * (spread + sum(q[k - 1 - i] * added[i] for i in range(k))))
    return mean[last] ** 2 + sum(response[last - 1 - i] ** 2 * added[i] for i in range(last))


mean_square = Formula(
    name="independent.mean_square",
    title="mean-square stable exactly if the mean is stable and kernel < 1; the stationary E x_k^2",
    model=MODEL,
    expressions={
        "kernel": times(power(a, 2), terms(G, minus(Q))),
        "variance": ratio(times(v, G), terms(1, minus(times(power(a, 2), terms(G, minus(Q)))))),
        "variance again": ratio(times(v, G), times(a, terms(times(2, R), minus(times(a, G))))),
    },
    symbols=SYMBOLS,
    conditions=("the mean is stable", "draws are independent of each other and of the noise"),
    argue=_mean_square,
    instances=_mean_square_one_by_one,
    reading=(
        "x_k is the sum of h_{k-1-i} u_i, where u_i = w_i minus a times what the draw adds, and "
        "the u_i are uncorrelated. So their variances renew themselves, U_k = v + the sum of a^2 "
        "q_{k-1-i} U_i over i < k, q_n the variance in the first step. By induction they stay "
        "below v/(1 - kernel), increase to it, and without bound if the kernel is >= 1. E x_k^2 "
        "tends to U Gamma_0."
    ),
    uses=("orthogonal increments", "renewal", "Yule and Walker", "induction"),
    remark="Equivalently, 2 R > a Gamma_0. The sums solve s linear equations.",
)

FORMULAS = (mean_square,)
