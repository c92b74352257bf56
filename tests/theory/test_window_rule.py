"""The load of an update under the window rule: proved, and tried on random steps and reads."""

import random

import pytest
from sympy import Integer, Rational

from theory.evaluation import with_sequences
from theory.kernel import replay
from theory.lemmas.window_rule import adaptive_descent, load_below_limit
from theory.symbols import c, j, n


def schedule(seed):
    """Random reads and steps, and the largest sum of steps over a window."""
    chance = random.Random(seed)
    reads = [chance.randint(0, t) for t in range(7)]
    steps = [Rational(chance.randint(0, 6), 3) for _ in reads]
    return reads, steps, max(sum(steps[r : t + 1]) for t, r in enumerate(reads))


def left_over(seed, place, *, share=1):
    """c - eta_j minus the load of update j, c being a share of the largest window."""
    reads, steps, largest = schedule(seed)
    e = load_below_limit().expression.xreplace(
        {n: Integer(len(reads)), j: Integer(place), c: share * largest}
    )
    return with_sequences(e, {"r": reads, "eta": steps}, 0)


def test_it_is_proved():
    replay(load_below_limit())
    for noisy in (True, False):
        replay(adaptive_descent(noisy))


@pytest.mark.parametrize("seed", range(20))
def test_the_load_stays_below_the_limit(seed):
    assert all(left_over(seed, place) >= 0 for place in range(7))


def test_it_does_not_stay_below_nine_tenths_of_it():
    """Negative control: some schedules leave nothing over."""
    found = [left_over(seed, place) for seed in range(20) for place in range(6)]
    assert 0 in found
    tight = [left_over(seed, p, share=Rational(9, 10)) for seed in range(20) for p in range(6)]
    assert any(e < 0 for e in tight)
