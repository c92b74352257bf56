"""On every path: the average gap, with what the noise of the path adds."""

from functools import cache

from sympy import Sum

from theory.assumptions.paths import NoiseAlongPath, NoisyLosses, gap_on_path
from theory.claims import le
from theory.kernel import Fact, sum_over
from theory.lemmas.descent import only
from theory.proofs.langford2009 import ROUNDS, regret
from theory.symbols import G, R, T, Z, eta0, tau_avg
from theory.tactics import conclude


@cache
def pathwise() -> Fact:
    """(1/T) sum F(y_t) - F(x*) <= R^2/(2 eta T) + eta G^2 (1 + 2 tau_avg)/2 + Z/T."""
    losses = sum_over(only(NoisyLosses())["noisy losses"], *ROUNDS, label="losses, taken apart")
    return conclude(
        le(
            Sum(gap_on_path(), ROUNDS) / T,
            R**2 / (2 * eta0 * T) + eta0 * G**2 * (1 + 2 * tau_avg) / 2 + Z / T,
        ),
        (regret(), 1 / T),
        losses,
        (only(NoiseAlongPath())["noise along the path"], 1 / T),
        label="the average gap on a path",
    )
