"""A step that is the least of two: the limit, and the one that balances two terms of a bound."""

from typing import Any, NamedTuple

from sympy import Min

from theory.claims import le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    nonnegative_by_sign,
    substitute,
)
from theory.symbols import eta0


class Tuned(NamedTuple):
    """A fact at the step min(p, q), and what its two terms need.

    `inverse` says 1/min(p, q) <= 1/p + 1/q, `below` says min(p, q) <= q.
    """

    fact: Fact
    inverse: Fact
    below: Fact


def tuned(fact: Fact, limit: Any, balance: Any) -> Tuned:
    """The fact, which holds for constant steps up to `limit`, at the step min(limit, balance)."""
    step = Min(limit, balance)
    chosen = substitute(fact, {eta0: step}, label="insert the tuned step")
    chosen = discharge(chosen, le(step, limit), axiom("least_below", limit, balance))
    inverse = combine(
        le(1 / step, 1 / limit + 1 / balance),
        (axiom("least_is_one", limit, balance), 1 / (limit * balance * step)),
        nonnegative_by_sign(le(0, step / (limit * balance))),
        label="1/min(p, q) <= 1/p + 1/q",
    )
    return Tuned(chosen, inverse, axiom("least_below", balance, limit))
