r"""Steps 0 <= eta_t <= eta that are short for late gradients: c max(1, tau_t) eta_t <= 1.

What the windows of N + 1 workers cost then, however long the longest delay is. Every lemma keeps
what it needs of the steps as a hypothesis; `theory.lemmas.late_step` has a rule that meets them.
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Within
from theory.assumptions import FROM_ZERO, Concurrency, StepLimit
from theory.claims import formula, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.constant_step import STEPS, read_gradient
from theory.lemmas.counting import u, v, w, windows_exchanged
from theory.lemmas.descent import only
from theory.lemmas.drift import window, window_in_range
from theory.lemmas.late_step import DELAY, LATENESS
from theory.lemmas.step_weights import step_nonnegative, weighed_gradient
from theory.symbols import N, eta, eta0, j, n, r, t
from theory.tactics import apply


def cap(index: Any = t) -> Fact:
    """eta_t <= eta, as a hypothesis."""
    capped = only(StepLimit(eta0, FROM_ZERO))["step limit"]
    return substitute(capped, {t: index}) if index != t else capped


def cut(scale: Any) -> Fact:
    """scale max(1, tau_t) eta_t <= 1, as a hypothesis."""
    claim = le(scale * LATENESS * eta(t), 1)
    return suppose(FROM_ZERO.hypothesis("late steps are cut", claim), label="late steps are cut")


@cache
def steps_of_window() -> Fact:
    """sum_j eta_j <= eta max(1, tau_t) over the window of update t."""
    capped = sum_over(cap(j), *window(), evidence=window_in_range(), label="over the window")
    late = axiom("largest_above", DELAY, 1, label="the delay")
    return combine(
        le(Sum(eta(j), window()), eta0 * LATENESS),
        capped,
        (late, eta0),
        label="steps of the window",
    )


def concurrency() -> Fact:
    """At most N gradients are in flight over an update."""
    return only(Concurrency(T=n))["concurrency"]


@cache
def gradients_of_windows() -> Fact:
    """sum_t sum_j eta_j b_j <= N sum_t eta_t b_t."""
    weighed = {u: Integer(1), v: eta(t) * read_gradient(t), w: N}
    return apply(
        windows_exchanged(),
        {a: formula(t, e) for a, e in weighed.items()},
        concurrency(),
        weighed_gradient(),
        label="gradients of the windows",
    )


def capped_squares() -> Fact:
    """sum_t eta_t^2 <= eta sum_t eta_t."""
    each = combine(le(eta(t) ** 2, eta0 * eta(t)), (cap(), step_nonnegative()))
    return sum_over(each, *STEPS, label="squared steps")


@cache
def noise_of_windows() -> Fact:
    """sum_t eta_t sum_j eta_j^2 <= eta N sum_t eta_t^2."""
    flying = Within(j, r(t), t - 1)
    capped = sum_over(combine(le(eta(t) * flying, eta0 * flying), (cap(), flying)), *STEPS)
    load = combine(
        le(Sum(eta(t) * flying, STEPS), eta0 * N), capped, (concurrency(), eta0), label="load"
    )
    weighed = {u: eta(t), v: eta(t) ** 2, w: eta0 * N}
    return apply(
        windows_exchanged(),
        {a: formula(t, e) for a, e in weighed.items()},
        load,
        nonnegative_by_sign(le(0, eta(t) ** 2)),
        label="noise of the windows",
    )
