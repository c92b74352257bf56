r"""Views of workers with clocks: what it costs that a view is not the reference sequence.

Notation: worker p in clock k makes update t = P k + p, worker l in clock j makes i = P j + l; the
reference applied i before t if j < k, or j = k and l < p. `surplus` is +1 where t misses such an
update, -1 where it sees one that the reference has yet to apply.

>>> print(missed().claim.right)
G**2*eta*(P - 1)*(a_c + s_c)
"""

from functools import cache

from sympy import Integer, Rational, Sum

from theory.algebra import Within
from theory.assumptions import x
from theory.assumptions.clocks import (
    CLOCKS,
    HERE,
    THERE,
    VIEW,
    WORKERS,
    BoundedStaleness,
    ClockUpdates,
    view_feedback,
    y,
)
from theory.assumptions.online import BoundedFeedback
from theory.claims import eq, le
from theory.hilbert import Inner
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    combine_vectors,
    given,
    pair,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.descent import only
from theory.symbols import C, G, P, ahead, behind, eta0, j, k, l, p, seen, t
from theory.tactics import conclude

BEFORE = Within(j, 0, k - 1) + Within(j, k, k) * Within(l, 0, p - 1)
SURPLUS = BEFORE - seen(HERE, THERE)
DOUBTFUL = Within(j, k - behind, k + ahead - 1) * (1 - Within(l, p, p))
ROW, NOW = [given(le(0, p)), given(le(p, P - 1))], [given(le(0, k)), given(le(k, C - 1))]
OWN, OTHER = view_feedback(HERE), view_feedback(THERE)
PRODUCT = Inner(OWN, OTHER)


@cache
def products() -> tuple[Fact, Fact]:
    """-G^2 <= <g_t, g_i> <= G^2."""
    bounded = only(BoundedFeedback(point=VIEW))["bounded feedback"]
    here, there = (substitute(bounded, {t: place}) for place in (HERE, THERE))
    half = Rational(1, 2)
    return (
        combine(le(PRODUCT, G**2), (here, half), (there, half), squares=[(OWN - OTHER, half)]),
        combine(le(-PRODUCT, G**2), (here, half), (there, half), squares=[(OWN + OTHER, half)]),
    )


@cache
def surplus_at_most_one() -> tuple[Fact, Fact]:
    """-1 <= surplus <= 1: an update counts once, in the reference and in the view."""
    rule = BoundedStaleness()
    least, most = suppose(rule.least), suppose(rule.most)
    earlier, row = axiom("bracket_at_most_one", j, 0, k - 1), Within(l, 0, p - 1)
    now = axiom("bracket_at_most_one", j, k, k)
    in_row = axiom("bracket_at_most_one", l, 0, p - 1)
    no_more = le(BEFORE, 1)
    before = combine(
        no_more,
        earlier,
        (axiom("bracket_before", j, k, k, evidence=[given(le(j, k - 1))]), row),
    )
    after = combine(
        no_more,
        (axiom("bracket_after", j, 0, k - 1, evidence=[given(le(k, j))]), 1),
        (now, row),
        in_row,
    )
    once = cases(after, before, j - k)
    return (
        combine(le(0, 1 - SURPLUS), once, least, label="nothing is missed twice"),
        combine(le(0, 1 + SURPLUS), most, squares=[(1, BEFORE)], label="nothing is ahead twice"),
    )


@cache
def one_doubtful() -> Fact:
    """surplus <g_t, g_i> <= G^2 if i is another worker's and of a doubtful clock, else 0."""
    claim = le(SURPLUS * PRODUCT, DOUBTFUL * G**2)
    rule = only(BoundedStaleness())
    clocks = (j, k - behind, k + ahead - 1)
    row, other = Within(l, 0, p - 1), 1 - Within(l, p, p)
    past, older, newer = given(le(0, j)), given(le(j, k - behind - 1)), given(le(k + ahead, j))
    old = combine(
        claim,
        (rule["old updates"], -PRODUCT),
        (axiom("bracket_inside", j, 0, k - 1, evidence=[past, older]), PRODUCT),
        (axiom("bracket_before", j, k, k, evidence=[older]), row * PRODUCT),
        (axiom("bracket_before", *clocks, evidence=[older]), -other * G**2),
        label="an old update is seen",
    )
    new = combine(
        claim,
        (rule["new updates"], -PRODUCT),
        (axiom("bracket_after", j, 0, k - 1, evidence=[newer]), PRODUCT),
        (axiom("bracket_after", j, k, k, evidence=[newer]), row * PRODUCT),
        (axiom("bracket_after", *clocks, evidence=[newer]), -other * G**2),
        label="a new update is not seen",
    )
    here = [given(le(p, l)), given(le(l, p))]
    own = combine(
        claim,
        (rule["own updates"], -PRODUCT),
        (axiom("bracket_after", l, 0, p - 1, evidence=here[:1]), Within(j, k, k) * PRODUCT),
        (axiom("bracket_inside", l, p, p, evidence=here), Within(*clocks) * G**2),
        label="a worker sees its own updates",
    )
    within = [given(le(k - behind, j)), given(le(j, k + ahead - 1))]
    doubtful = axiom("bracket_inside", *clocks, evidence=within)
    (upper, lower), (less, more) = products(), surplus_at_most_one()
    left = axiom("bracket_before", l, p, p, evidence=[given(le(l, p - 1))])
    right = axiom("bracket_after", l, p, p, evidence=[given(le(p + 1, l))])
    before, after = (
        combine(
            claim,
            (upper, more, Rational(1, 2)),
            (lower, less, Rational(1, 2)),
            (doubtful, -other * G**2),
            (apart, G**2),
            label="a doubtful update of another",
        )
        for apart in (left, right)
    )
    recent = cases(cases(after, own, l - p - 1), before, l - p)
    return cases(cases(new, recent, j - k - ahead), old, j - k + behind)


@cache
def doubts_counted() -> Fact:
    """sum over all i of surplus <g_t, g_i> <= G^2 (P - 1)(s + a)."""
    summed = sum_over(sum_over(one_doubtful(), *WORKERS), *CLOCKS, label="sum over the updates")
    itself = axiom(
        "sift", Integer(1), *WORKERS, (p, p), evidence=ROW, label="a worker is itself once"
    )
    clocks = axiom(
        "bracket_count", *CLOCKS, (k - behind, k + ahead - 1), label="doubtful clocks, counted"
    )
    doubtful = Sum(Within(j, k - behind, k + ahead - 1), CLOCKS)
    return combine(
        le(Sum(SURPLUS * PRODUCT, WORKERS, CLOCKS), G**2 * (P - 1) * (behind + ahead)),
        summed,
        (itself, -(G**2) * doubtful),
        (clocks, (P - 1) * G**2),
        label="doubtful updates, counted",
    )


@cache
def reference() -> Fact:
    """x_t is the start minus eta times all gradients of earlier clocks and earlier in the row."""
    update = suppose(ClockUpdates().reference)
    begun = combine(le(0, THERE), (given(le(0, j)), P), given(le(0, l)), label="no update before 0")
    row = sum_over(substitute(update, {t: THERE}), *WORKERS, evidence=[begun], label="one clock")
    clock = combine_vectors(
        eq(x(P * (j + 1)) - x(P * j), -eta0 * Sum(OTHER, WORKERS)),
        (row, 1),
        (axiom("telescope", x(THERE), *WORKERS), -1),
        label="what one clock adds",
    )
    clocks = sum_over(clock, j, 0, k - 1, evidence=NOW[:1], label="the clocks before")
    so_far = (l, 0, p - 1)
    now = sum_over(
        substitute(update, {t: P * k + l}),
        *so_far,
        evidence=[substitute(begun, {j: k}), ROW[0]],
        label="the clock so far",
    )
    return combine_vectors(
        eq(
            x(HERE) - x(0),
            -eta0 * Sum(OTHER, WORKERS, (j, 0, k - 1))
            - eta0 * Sum(view_feedback(P * k + l), so_far),
        ),
        (clocks, 1),
        (axiom("telescope", x(P * j), j, 0, k - 1), -1),
        (now, 1),
        (axiom("telescope", x(P * k + l), *so_far), -1),
        label="the reference sequence",
    )


@cache
def missed() -> Fact:
    r"""What a view costs: <g_t, y_t - x_t> <= eta G^2 (P - 1)(s + a)."""
    clocks = axiom("sift", Sum(PRODUCT, WORKERS), *CLOCKS, (0, k - 1), evidence=NOW)
    workers = axiom("sift", PRODUCT.xreplace({j: k}), *WORKERS, (0, p - 1), evidence=ROW)
    now = axiom(
        "sift",
        Sum(Within(l, 0, p - 1) * PRODUCT, WORKERS),
        *CLOCKS,
        (k, k),
        evidence=NOW,
        label="the clock of the update",
    )
    return conclude(
        le(Inner(OWN, y(HERE) - x(HERE)), eta0 * G**2 * (P - 1) * (behind + ahead)),
        pair(suppose(ClockUpdates().view), OWN),
        pair(reference(), OWN),
        clocks,
        workers,
        now,
        (doubts_counted(), eta0),
        label="cost of a partial view",
    )
