"""How assumptions on the delays relate."""

from collections.abc import Sequence
from functools import cache

from sympy import Integer, Rational, Sum

from theory.assumptions import (
    FROM_ZERO,
    AverageDelay,
    BoundedDelay,
    Concurrency,
    Multiplicity,
    ReadsThePast,
)
from theory.claims import formula, le
from theory.implications.base import Implication, NonImplication
from theory.implications.witnesses import RunWitness
from theory.kernel import Fact, combine, nonnegative_by_sign, substitute
from theory.lemmas import only, window_multiplicity, windows_containing, windows_exchanged
from theory.lemmas.counting import u, v, w
from theory.symbols import N, T, m, n, r, s, t, tau_max
from theory.tactics import apply
from theory.witness import quadratic


@cache
def multiplicity() -> tuple[Fact, ...]:
    """An index is read within s updates or never."""
    return (substitute(window_multiplicity(FROM_ZERO), {n: T}, label="T updates"),)


@cache
def concurrency() -> tuple[Fact, ...]:
    """An update lies in the windows of the next tau updates, and in no others."""
    return (substitute(windows_containing(), {s: tau_max + 1, n: T}, label="T updates"),)


@cache
def average() -> tuple[Fact, ...]:
    """The delays count, for all updates together, the gradients in flight over each."""
    one = {u: formula(t, Integer(1)), v: formula(t, Integer(1)), w: formula(t, N)}
    counted = apply(
        substitute(windows_exchanged(), {n: T}, label="T updates"),
        one,
        only(Concurrency())["concurrency"],
        nonnegative_by_sign(le(0, 1)),
        label="gradients in flight, counted",
    )
    return (combine(le(Sum(t - r(t), (t, 0, T - 1)), N * T), counted, label="the delays together"),)


def schedule(name: str, delays: Sequence[int], **constants: object) -> RunWitness:
    """A schedule of delays, on the parabola."""
    return RunWitness(
        name=name,
        function=quadratic(Integer(1)),
        start=Integer(1),
        steps=(Rational(1, 8),) * len(delays),
        delays=delays,
        constants={"T": Integer(len(delays)), **constants},
    )


BOUNDED = BoundedDelay(tau_max + 1, count=FROM_ZERO)
LATE = "A longer run of this kind breaks any bound."

ARROWS = (
    Implication(
        premises=(BOUNDED,),
        conclusion=Concurrency(tau_max),
        proof=concurrency,
    ),
    NonImplication(
        premises=(Concurrency(),),
        conclusion=BOUNDED,
        witness=schedule(
            "two workers, one of them 7 updates late",
            (0,) * 7 + (7,),
            N=Integer(1),
            tau=Integer(6),
        ),
        given=(ReadsThePast(),),
        note=LATE,
    ),
    Implication(
        premises=(Concurrency(),),
        conclusion=AverageDelay(N),
        given=(ReadsThePast(),),
        proof=average,
    ),
    NonImplication(
        premises=(AverageDelay(),),
        conclusion=Concurrency(),
        witness=schedule(
            "three gradients at once, then none",
            (0, 1, 2, 3) + (0,) * 8,
            tau_avg=Rational(1, 2),
            N=Integer(2),
        ),
        given=(ReadsThePast(),),
        note=LATE,
    ),
    Implication(
        premises=(BoundedDelay(count=FROM_ZERO),),
        conclusion=Multiplicity(s, T, FROM_ZERO),
        proof=multiplicity,
    ),
    NonImplication(
        premises=(Multiplicity(m, T, FROM_ZERO),),
        conclusion=BOUNDED,
        witness=schedule(
            "each iterate read twice",
            tuple(place - place // 2 for place in range(12)),
            m=Integer(2),
            tau=Integer(5),
        ),
        given=(ReadsThePast(),),
        note=LATE,
    ),
)
