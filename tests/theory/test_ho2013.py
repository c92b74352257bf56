"""Ho et al. 2013: proved, reduced to known results, tried on runs, broken on purpose."""

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from online import Loss
from sympy import Max, Rational, cancel, simplify, sqrt
from trials import weakened

from theory.kernel import StepError
from theory.results import ho2013
from theory.symbols import C, G, P, R, behind, eta0

ANY = ho2013.stale_synchronous
ORDER = ho2013.in_order
BULK = ho2013.bulk_synchronous


@pytest.mark.parametrize("theorem", ho2013.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


# ------------------------------------------------------------------ known results


def test_one_worker_is_the_subgradient_method():
    """Zinkevich (2003), Theorem 1, with a constant step."""
    known = R**2 / (2 * eta0) + eta0 * G**2 * C / 2
    for theorem in (ANY, ORDER, BULK):
        assert cancel(theorem.bound.expression.subs(P, 1) - known) == 0


def test_without_staleness_it_is_mini_batch_descent():
    """C steps of length eta times a sum of P subgradients, at most P G long."""
    known = R**2 / (2 * eta0) + eta0 * (P * G) ** 2 * C / 2
    assert cancel(ORDER.bound.expression.subs(behind, 0) - known) == 0
    assert cancel(BULK.bound.expression - known) == 0


def test_the_count_of_the_catalogue():
    """W = (P - 1) max(2 s, 1)."""
    for s in range(5):
        missed = ANY.bound.expression.subs(behind, s) - ANY.bound.expression.subs(P, 1) * P
        missed -= R**2 / (2 * eta0) * (1 - P)
        assert cancel(missed / (eta0 * G**2 * P * C) - (P - 1) * Max(2 * s, 1)) == 0


@pytest.mark.parametrize("workers", [1, 2, 5, 40])
@pytest.mark.parametrize("s", [0, 1, 7])
def test_the_recalled_bound_is_at_least_twice_as_large(workers, s):
    """Theorem 1 as recalled: 4 F G sqrt(2 (s + 1) P T) with R^2 = 2 F^2, T = P C."""
    recalled = 4 * sqrt(2 * (s + 1) * workers * workers * 9)
    ours = ho2013.best_step.evaluate(R=sqrt(2), G=1, s_c=s, P=workers, C=9)
    assert 2 * ours <= recalled
    ordered = ho2013.in_order_best_step.evaluate(R=sqrt(2), G=1, s_c=s, P=workers, C=9)
    assert ordered <= ours


def test_the_best_step_is_the_best():
    for plain, best in ((ANY, ho2013.best_step), (ORDER, ho2013.in_order_best_step)):
        there = plain.bound.expression.subs(eta0, best.step.expression)
        assert simplify(there - best.bound.expression) == 0
        assert simplify(plain.bound.expression.diff(eta0).subs(eta0, best.step.expression)) == 0


# ------------------------------------------------------------------ exact runs

Sees = Callable[[int, int, int, int], bool]


def run(losses: list[list[Loss]], start: Fraction, step: Fraction, sees: Sees):
    """Regret against x* = 0, and the largest subgradient; losses[k][p], sees(k, p, j, q).

    Gradients are found clock by clock where possible: a worker may see later clocks of others, so
    the order in which they are computed is that of who waits for whom.
    """
    clocks, workers = len(losses), len(losses[0])
    found: dict[tuple[int, int], Fraction] = {}
    regret = Fraction(0)
    waiting = [(k, p) for k in range(clocks) for p in range(workers)]
    while waiting:
        for k, p in waiting:
            seen = [(j, q) for j in range(clocks) for q in range(workers) if sees(k, p, j, q)]
            if all(other in found for other in seen):
                view = start - step * sum(found[other] for other in seen)
                found[k, p] = losses[k][p].subgradient(view)
                regret += losses[k][p].value(view) - losses[k][p].value(Fraction(0))
                waiting.remove((k, p))
                break
        else:
            raise AssertionError("the workers wait for each other")
    return regret, max(abs(g) for g in found.values())


def timeline(chance: random.Random, workers: int, clocks: int, s: int) -> tuple[dict, dict]:
    """When each update begins, and when others may see it.

    Nobody begins clock k before all have ended clock k - s - 1; an update of clock j is shown when
    nobody is more than s clocks behind its worker, who has then ended j + 1 clocks.
    """
    begun, shown, ended, now = {}, {}, [0] * workers, 0
    busy = [False] * workers
    while min(ended) < clocks:
        p, now = chance.randrange(workers), now + 1
        if busy[p]:
            ended[p], busy[p] = ended[p] + 1, False
            for q in range(workers):
                for j in range(min(ended[q], min(ended) + s)):
                    shown.setdefault((j, q), now)
        elif ended[p] < clocks and ended[p] <= min(ended) + s:
            begun[ended[p], p], busy[p] = now, True
    return begun, shown


def random_case(seed: int, *, in_order: bool):
    """Losses, and what is seen: what is old enough, and by chance some of what is shown by then."""
    chance = random.Random(f"clocks {seed}")
    workers, clocks, s = chance.randint(1, 3), chance.randint(1, 4), chance.randint(0, 2)
    losses = [
        [
            Loss(Fraction(chance.randint(1, 4), 2), Fraction(chance.choice([-2, 0, 1, 3])))
            for _ in range(workers)
        ]
        for _ in range(clocks)
    ]
    begun, shown = timeline(chance, workers, clocks, s)
    every = product(range(clocks), range(workers), range(clocks), range(workers))
    coin = {pair: chance.random() < 0.5 for pair in every}

    def sees(k, p, j, q):
        if p == q:
            return j < k
        if j < k - s:
            return True
        finished = shown[j, q] < begun[k, p]
        if in_order:  # what has arrived: the first so many of those that are finished
            return finished and all(coin[k, p, i, q] for i in range(max(0, k - s), j + 1))
        return finished and coin[k, p, j, q]

    return losses, Fraction(chance.choice([-3, 1, 4])), s, sees


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("theorem", [ANY, ORDER], ids=lambda t: t.name)
def test_runs_with_clocks_respect_it(theorem, seed):
    losses, start, s, sees = random_case(seed, in_order=theorem is ORDER)
    for step in (Fraction(1, 4), Fraction(1)):
        regret, slope = run(losses, start, step, sees)
        if slope == 0:
            continue
        own = {"P": len(losses[0]), "C": len(losses), "R": abs(start), "G": slope, "eta": step}
        assert regret <= theorem.evaluate(**own, s_c=s)


def test_updates_of_later_clocks_are_seen_in_some_runs():
    """The trials reach what is special here: a view with an update of a clock to come."""
    ahead = 0
    for seed in range(60):
        losses, _, s, sees = random_case(seed, in_order=False)
        clocks, workers = range(len(losses)), range(len(losses[0]))
        for k, p, j, q in product(clocks, workers, clocks, workers):
            if j >= k and sees(k, p, j, q):
                ahead += 1
                assert j < k + max(s, 1)
    assert ahead > 10


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("in_order", [False, True])
def test_the_count_of_updates_in_doubt(seed, in_order):
    """At most W updates are in the view or in the reference but not in both."""
    losses, _, s, sees = random_case(seed, in_order=in_order)
    workers, clocks = len(losses[0]), len(losses)
    pairs = [(j, q) for j in range(clocks) for q in range(workers)]
    for k in range(clocks):
        for p in range(workers):
            differ = sum(sees(k, p, j, q) != ((j, q) < (k, p)) for j, q in pairs)
            limit = s * (workers - 1) + p if in_order else (workers - 1) * max(2 * s, 1)
            assert differ <= limit


# ------------------------------------------------------------------ negative controls


def synchronous(workers: int, clocks: int = 1):
    """Slope 2 |x| for everybody, from 3; nobody sees anything of the present clock."""
    losses = [[Loss(Fraction(2), Fraction(0))] * workers] * clocks
    return losses, Fraction(3), lambda k, p, j, q: j < k


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_one_synchronous_clock_attains_the_bound(workers):
    losses, start, sees = synchronous(workers)
    regret, _ = run(losses, start, Fraction(1), sees)
    best = ho2013.in_order_best_step.evaluate(P=workers, C=1, R=3, G=2, s_c=0)
    assert regret == best == 6 * workers
    step = Fraction(3, 2 * workers)
    assert BULK.evaluate(P=workers, C=1, R=3, G=2, eta=step) == regret


def test_the_recalled_count_is_false_at_s_zero():
    """W = 2 s (P - 1) = 0 would give R G sqrt(P C); three workers in one clock exceed it."""
    losses, start, sees = synchronous(3)
    regret, _ = run(losses, start, Fraction(1), sees)
    assert regret > 3 * 2 * sqrt(3)


def test_half_the_bound_is_broken():
    losses, start, sees = synchronous(2)
    regret, _ = run(losses, start, Fraction(1), sees)
    for theorem in (ho2013.best_step, ho2013.in_order_best_step):
        assert regret > theorem.evaluate(P=2, C=1, R=3, G=2, s_c=0) * Rational(1, 2)


def test_more_staleness_than_assumed_breaks_it():
    """Nobody ever sees another: with s = 0 assumed, eight clocks exceed the bound."""
    losses = [[Loss(Fraction(1), Fraction(0))] * 6] * 8
    step = Fraction(1, 20)
    regret, slope = run(losses, Fraction(1), step, lambda k, p, j, q: q == p and j < k)
    own = {"P": 6, "C": 8, "R": 1, "G": slope, "eta": step}
    assert regret > BULK.evaluate(**own)
    assert regret <= ORDER.evaluate(**own, s_c=8)


@pytest.mark.parametrize("theorem", ho2013.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize("theorem", ho2013.THEOREMS, ids=lambda t: t.name)
def test_every_assumption_is_needed(theorem):
    for dropped in theorem.assumptions:
        fewer = tuple(a for a in theorem.assumptions if a is not dropped)
        with pytest.raises(StepError, match="which is not assumed"):
            replace(theorem, assumptions=fewer).verify()
