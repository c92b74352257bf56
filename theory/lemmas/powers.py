"""Powers (1 + z)^n between 1 + n z and exp(n z), and in order.

>>> print(bernoulli())
n*z + 1 <= (z + 1)^n
>>> print(compound_below_exponential())
(z + 1)^n <= exp(n*z)
"""

from functools import cache
from typing import Any

from sympy import exp

from theory.claims import le
from theory.kernel import Fact, axiom, combine, given, induct, nonnegative_by_sign
from theory.symbols import n, z


@cache
def bernoulli() -> Fact:
    """1 + n z <= (1 + z)^n for z > 0, by induction on n."""
    claim = le(1 + n * z, (1 + z) ** n)
    base = nonnegative_by_sign(le(1, 1), label="n = 0: both sides are 1")
    spare = nonnegative_by_sign(le(0, n * z**2))
    step = combine(
        le(1 + (n + 1) * z, (1 + z) ** (n + 1)),
        (given(claim), 1 + z),
        spare,
        label="one factor more",
    )
    return induct(claim, n, 0, base, step, label="Bernoulli's inequality")


@cache
def compound_below_exponential() -> Fact:
    """(1 + z)^n <= exp(n z), by induction on n."""
    claim = le((1 + z) ** n, exp(n * z))
    base = nonnegative_by_sign(le(1, 1), label="n = 0: both sides are 1")
    tangent = axiom("exp_tangent", 0, z, label="1 + z <= exp(z)")
    step = combine(
        le((1 + z) ** (n + 1), exp((n + 1) * z)),
        (given(claim), exp(z)),
        (tangent, (1 + z) ** n),
        label="one factor more",
    )
    return induct(claim, n, 0, base, step, label="compound interest")


def power_increases(smaller: Any, larger: Any, order: Fact) -> Fact:
    """(1 + z)^a <= (1 + z)^b for a <= b, which `order` says."""
    falls = axiom("power_decreases", 1 / (1 + z), smaller, larger, evidence=[order])
    return combine(
        le((1 + z) ** smaller, (1 + z) ** larger),
        (falls, (1 + z) ** smaller * (1 + z) ** larger),
        label="powers increase",
    )
