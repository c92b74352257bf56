r"""Coherence along a run under constant delay

Without noise on one eigenmode, mu_k = min over 0 <= j < s of x_{k-j}/x_k: the coherence of the
gradient at x_k with those of the window of s iterates.
"""

from sympy import Integer, Symbol, cos, pi, sin, tan

from theory.algebra import Minimum
from theory.claims import le, lt
from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear import falling
from theory.linear.constant_delay import MODEL, SYMBOLS, a
from theory.linear.formula import Formula
from theory.linear.roots import best_step, r
from theory.linear.steps import FromKernel, Identity, Positive, Step
from theory.symbols import j, k, s
from theory.symbols import tau_max as tau

omega = Symbol("omega", positive=True)
psi = Symbol("psi", real=True)
odd = Symbol("i", integer=True, nonnegative=True)

# ------------------------------------------------------------------------- up to the best step


def _small(formula: Formula) -> tuple[Step, ...]:
    small = (le(0, k), le(1, tau), le(a, best_step["step"]))
    run = (falling.RUN, falling.START, falling.SIGN)
    return (
        FromKernel(
            shows="x keeps this part of itself at every update",
            claim=le(formula["ratio"] * falling.x(k), falling.x(k + 1)),
            proof=falling.ratio_kept,
            conditions=small,
            assumptions=run,
        ),
        FromKernel(
            shows="and does not grow",
            claim=le(falling.x(k + 1), falling.x(k)),
            proof=falling.falls,
            conditions=small,
            assumptions=run,
        ),
        Positive(shows="the part is positive", expression=formula["ratio"], conditions=(tau - 1,)),
        Identity(
            shows="the least of x_{k-j}/x_k is that of x_k itself",
            left=formula["coherence"],
            right=1,
        ),
    )


small_steps = Formula(
    name="coherent_runs.small_steps",
    title="up to the best step, x_k falls slowly and never changes sign: mu_k = 1",
    model=MODEL,
    expressions={"ratio": ratio(tau, terms(tau, 1)), "coherence": shown(Integer(1))},
    symbols=SYMBOLS,
    conditions=(le(1, tau), le(a, best_step["step"])),
    argue=_small,
    reading=(
        "From x_0 > 0 on, x stays positive and does not grow: the oldest of the window is the "
        "largest, x_k itself the least, and mu_k = 1. So it is in every mode, from either sign, "
        "and for every quadratic."
    ),
    remark="For all smooth functions `coherence.threshold` proves more than 1/2 at the same steps.",
)

# ------------------------------------------------------------------------- beyond the best step

PAIR = {
    r: "the modulus of the largest pair of roots",
    omega: "its angle",
    psi: "the phase of x_k = 2 |R| r^k cos(psi), psi = omega k + arg R",
    s: "the window, x_k and the s - 1 before it",
}


def _large(formula: Formula) -> tuple[Step, ...]:
    least = formula["coherence"]
    return (
        Identity(
            shows="x_{k-j}/x_k",
            left=r ** (-j) * cos(psi - omega * j) / cos(psi),
            right=least.at(j),
        ),
        Identity(shows="from x_k itself", left=least.limits[1], right=0),
        Identity(shows="to the oldest of the window", left=least.limits[2], right=s - 1),
    )


large_steps = Formula(
    name="coherent_runs.large_steps",
    title="beyond the best step mu_k moves with the phase of the run",
    model=MODEL,
    expressions={
        "coherence": shown(
            Minimum(r ** (-j) * (cos(omega * j) + sin(omega * j) * tan(psi)), (j, 0, s - 1))
        )
    },
    symbols=PAIR,
    conditions=(le(1, s), "x_k is not 0"),
    argue=_large,
    reading="x_k = 2 |R| r^k cos(omega k + arg R), up to terms that fall faster.",
    uses=("dominant root",),
    remark="r and omega are those of `roots.large_steps`.",
)


def _negative(formula: Formula) -> tuple[Step, ...]:
    return (
        Identity(
            shows="the share of phases with a zero of the cosine in the window",
            left=formula["share"],
            right=(psi - (psi - (s - 1) * omega)) / pi,
        ),
        Identity(
            shows="zeros of the cosine are pi apart",
            left=cos(psi + pi),
            right=-cos(psi),
        ),
        Identity(
            shows="at the limit of stability, the window all that is read",
            left=formula["at the limit"],
            right=formula["share"],
            definitions=((omega, pi / (2 * tau + 1)), (s, tau + 1)),
        ),
    )


negative_share = Formula(
    name="coherent_runs.negative_share",
    title="the share of steps beyond the best step at which mu_k is negative",
    model=MODEL,
    expressions={
        "share": ratio(times(terms(s, minus(1)), omega), pi),
        "at the limit": ratio(tau, terms(times(2, tau), 1)),
    },
    symbols={omega: PAIR[omega], s: PAIR[s], tau: SYMBOLS[tau]},
    conditions=(le((s - 1) * omega, pi), "omega/pi is irrational"),
    argue=_negative,
    reading=(
        "mu_k is negative exactly if x has changed its sign within the window, that is if the "
        "cosine has a zero between the phases of its ends: steps of the phase are shorter than pi. "
        "The phases are equidistributed."
    ),
    uses=("dominant root", "equidistribution"),
    remark="Where (s - 1) omega > pi it is every step.",
)

# ------------------------------------------------------------------------- without delay


def _fresh(formula: Formula) -> tuple[Step, ...]:
    own = formula["coherence"]
    further = own.subs(odd, odd + 1)
    return (
        Identity(
            shows="x_{k-j}/x_k at the odd j = 2 i + 1",
            left=(1 - a) ** (-(2 * odd + 1)),
            right=own,
        ),
        Identity(
            shows="how much the next odd j is below",
            left=own - further,
            right=a * (2 - a) * (a - 1) ** (-(2 * odd + 3)),
        ),
        Positive(
            shows="it is below",
            expression=a * (2 - a) * (a - 1) ** (-(2 * odd + 3)),
            strict=(a - 1, 2 - a),
        ),
        Identity(
            shows="at even j the ratio is a square",
            left=(1 - a) ** (-2 * odd),
            right=((a - 1) ** (-odd)) ** 2,
        ),
    )


without_delay = Formula(
    name="coherent_runs.without_delay",
    title="gradient descent with 1 < a < 2 alternates: mu_k is negative at every step",
    model="x_{k+1} = x_k - a\\,x_k",
    expressions={"coherence": minus(power(terms(a, minus(1)), minus(terms(times(2, odd), 1))))},
    symbols={a: SYMBOLS[a], odd: "half of the largest odd number below s, rounded down"},
    conditions=(lt(1, a), lt(a, 2)),
    argue=_fresh,
    reading=(
        "x_{k-j}/x_k = (1 - a)^(-j) is negative at odd j, and the more so the larger j is. So "
        "coherence fails by any amount although the run converges."
    ),
    remark="A window of s = 2 or 3 gives -1/(a - 1), which is i = 0.",
)

FORMULAS = (small_steps, large_steps, negative_share, without_delay)
