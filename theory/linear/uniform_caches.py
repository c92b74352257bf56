r"""Worker caches with uniform extra delays

The kernel of worker caches in closed form: r is uniform on 0, ..., s - 1, A = P a is the step of an
iteration, and theta and T are what they are for uniform delays of the step A.
"""

from typing import Any

from theory.latex import minus, power, ratio, terms, times
from theory.linear import uniform
from theory.linear.caches import MODEL, SYMBOLS, A, E, K, mean_square
from theory.linear.formula import Formula
from theory.linear.independent import G, Q, a
from theory.linear.steps import Identity, Lemma, Positive, Step
from theory.linear.uniform import PRODUCT, STEP, T
from theory.symbols import P, j, n, s


def _uniform(formula: Formula) -> tuple[Step, ...]:
    def partial(count: Any) -> Any:  # the first terms of the sum of c_n (1 - c_n), c_n = (n + 1)/s
        return count * (count + 1) / (2 * s) - count * (count + 1) * (2 * count + 1) / (6 * s**2)

    values = ((a, A / P), (A, STEP), (T, PRODUCT))
    more = G * (2 * P + 1) + K * (P**2 - P - 1)  # of a kernel (G + (P - 1) K)/P^2
    apart, covariances = formula["apart"], uniform.autocovariance
    found = mean_square["kernel"].subs(
        {E: apart, Q: covariances["average"], G: covariances["autocovariance"].subs(j, 0)}
    )
    return (
        Lemma(shows="kernel and variance for any law", formula=mean_square),
        Lemma(shows="Gamma_0 and pi' Gamma pi", formula=covariances),
        Identity(shows="the sum of c_n (1 - c_n): nothing before 0", left=partial(0), right=0),
        Identity(
            shows="one more term",
            left=partial(n + 1) - partial(n),
            right=(n + 1) / s * (1 - (n + 1) / s),
        ),
        Identity(shows="E|r - r'| is twice that of all s terms", left=apart, right=2 * partial(s)),
        Identity(shows="the kernel", left=formula["kernel"], right=found, definitions=values),
        Identity(
            shows="with one worker more, at the same A",
            left=(G + (P - 1) * K) / P**2 - (G + P * K) / (P + 1) ** 2,
            right=more / (P**2 * (P + 1) ** 2),
        ),
        Positive(shows="it is less", expression=more, conditions=(P - 2,)),
    )


kernel = Formula(
    name="uniform_caches.kernel",
    title="uniform extra delays: mean-square stable exactly if the mean is and kernel < 1",
    model=MODEL,
    expressions={
        "apart": ratio(terms(power(s, 2), minus(1)), times(3, s)),
        "kernel": times(
            ratio(1, power(P, 2)),
            terms(
                ratio(times(A, terms(1, times(s, T))), 2),
                minus(T),
                ratio(
                    times(power(A, 2), terms(P, minus(1)), terms(power(s, 2), minus(1))),
                    times(6, s),
                ),
            ),
        ),
    },
    symbols={
        P: SYMBOLS[P],
        s: "how many values the uniform r has: 0, ..., s - 1",
        A: "P a = 2 s sin^2(theta/2)",
        T: "tan(theta/2) tan(s theta/2)",
    },
    conditions=("0 < theta < pi/s", "all caches start at x_0"),
    argue=_uniform,
    reading="Gamma_0, pi' Gamma pi and E|r - r'| in closed form, put into the kernel of any law.",
    uses=mean_square.uses,
    remark="At the same A the kernel falls with P from two workers on, so more workers bear more.",
)

FORMULAS = (kernel,)
