r"""Views that contain the first updates of each worker: what they cost, worker by worker.

Notation as in `theory.lemmas.views`; v is the number of updates of worker l that worker p sees in
clock k, where the reference contains k + [l < p] of them.

>>> print(missed().claim.right)
G**2*eta*(p + s_c*(P - 1))
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Within
from theory.assumptions import x
from theory.assumptions.clocks import HERE, THERE, WORKERS, ClockUpdates, StalenessInOrder, y
from theory.claims import le
from theory.hilbert import Inner
from theory.kernel import Fact, axiom, cases, combine, given, pair, sum_over, suppose
from theory.lemmas.descent import only
from theory.lemmas.views import OWN, PRODUCT, ROW, products, reference
from theory.symbols import G, P, behind, eta0, j, k, l, p, upto
from theory.tactics import conclude

SEEN = upto(HERE, l)
BEFORE, SAME = Within(l, 0, p - 1), Within(l, p, p)


def total(count: Any) -> Any:
    """The products with the first so many updates of worker l, summed."""
    return Sum(PRODUCT, (j, 0, count - 1))


def _longer(count: Any) -> Fact:
    """Where the reference has more of them: at most G^2 for each."""
    start = suppose(StalenessInOrder().start)
    past = combine(le(0, j), start, given(le(SEEN, j)), label="not before the start")
    there = combine(le(0, THERE), (past, P), given(le(0, l)), label="no update before 0")
    missing = sum_over(products()[0], j, SEEN, count - 1, evidence=[there, given(le(SEEN, count))])
    return conclude(
        le(total(count) - total(SEEN), G**2 * (count - SEEN)),
        missing,
        axiom("split", PRODUCT, j, 0, SEEN - 1, count - 1),
        label="missing from the view",
    )


def _shorter(count: Any) -> Fact:
    """Where the view has more of them: at most G^2 for each."""
    past = combine(le(0, j), given(le(count, j)), given(le(0, count)), label="not before the start")
    there = combine(le(0, THERE), (past, P), given(le(0, l)), label="no update before 0")
    surplus = sum_over(
        products()[1], j, count, SEEN - 1, evidence=[there, given(le(count + 1, SEEN))]
    )
    return conclude(
        le(total(count) - total(SEEN), G**2 * (SEEN - count)),
        surplus,
        axiom("split", PRODUCT, j, 0, count - 1, SEEN - 1),
        label="too early in the view",
    )


@cache
def one_worker() -> Fact:
    """What the updates of worker l cost: G^2 (s + [l < p]), and nothing if l = p."""
    rule = only(StalenessInOrder())
    least, most, own = rule["old updates"], rule["new updates"], rule["own updates"]
    now = PRODUCT.xreplace({j: k})
    claim = le(total(k) + BEFORE * now - total(SEEN), G**2 * (behind * (1 - SAME) + BEFORE))

    def either_way(count: Any, *parts: Any, missing: Any, early: Any, spare: Any = 0) -> Fact:
        return cases(
            combine(claim, _longer(count), missing, *parts),
            combine(claim, _shorter(count), early, *parts, squares=[(1, spare)] if spare else ()),
            count - SEEN,
        )

    left, right = given(le(l, p - 1)), given(le(p + 1, l))
    here = [given(le(p, l)), given(le(l, p))]
    before = either_way(
        k + 1,
        (axiom("split", PRODUCT, j, 0, k - 1, k), -1),
        (axiom("bracket_inside", l, 0, p - 1, evidence=[given(le(0, l)), left]), now - G**2),
        (axiom("bracket_before", l, p, p, evidence=[left]), G**2 * behind),
        missing=(least, G**2),
        early=(most, G**2),
        spare=2 * G**2,
    )
    after = either_way(
        k,
        (axiom("bracket_after", l, 0, p - 1, evidence=[right]), now - G**2),
        (axiom("bracket_after", l, p, p, evidence=[right]), G**2 * behind),
        missing=(least, G**2),
        early=(most, G**2),
    )
    itself = either_way(
        k,
        (axiom("bracket_after", l, 0, p - 1, evidence=here[:1]), now - G**2),
        (axiom("bracket_inside", l, p, p, evidence=here), G**2 * behind),
        missing=(own, -(G**2)),
        early=(own, G**2),
    )
    return cases(cases(after, itself, l - p - 1), before, l - p)


@cache
def missed() -> Fact:
    r"""What a view in order costs: <g_t, y_t - x_t> <= eta G^2 (s (P - 1) + p)."""
    earlier = (j, 0, k - 1)
    workers = axiom("sift", PRODUCT.xreplace({j: k}), *WORKERS, (0, p - 1), evidence=ROW)
    counted = sum_over(one_worker(), *WORKERS, label="sum over the workers")
    itself = axiom("sift", Integer(1), *WORKERS, (p, p), evidence=ROW)
    row = axiom("sift", Integer(1), *WORKERS, (0, p - 1), evidence=ROW)
    return conclude(
        le(Inner(OWN, y(HERE) - x(HERE)), eta0 * G**2 * (behind * (P - 1) + p)),
        pair(suppose(ClockUpdates(in_order=True).view), OWN),
        pair(reference(), OWN),
        axiom("exchange", PRODUCT, WORKERS, earlier),
        workers,
        itself,
        row,
        (counted, eta0),
        label="cost of a view in order",
    )
