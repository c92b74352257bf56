"""Weights q^{-t}: the lemmas are proved, and hold on numbers; a smaller constant does not."""

import random

import pytest
from sympy import Integer, Rational

from theory.evaluation import with_sequences
from theory.kernel import replay
from theory.lemmas import geometric
from theory.symbols import j, n, q, t, tau_max

LEMMAS = (
    geometric.bernoulli,
    geometric.growth,
    geometric.windows_weighed,
    geometric.weights_summed,
)


def number(fact, values, sequences):
    e = fact.expression.xreplace(values)
    return with_sequences(e, sequences, 0) if sequences else e.doit()


@pytest.mark.parametrize("lemma", LEMMAS, ids=lambda f: f.__name__)
def test_it_is_proved(lemma):
    replay(lemma())


@pytest.mark.parametrize("seed", range(12))
def test_the_lemmas_hold_on_numbers(seed):
    chance = random.Random(seed)
    updates, tau = chance.randint(1, 6), chance.randint(0, 2)
    reads = [chance.randint(max(0, k - tau), k) for k in range(updates)]
    values = [Rational(chance.randint(0, 9), 4) for _ in range(updates)]
    place = chance.randint(0, updates - 1)
    constants = {
        q: Rational(chance.randint(1, 8), 8),
        n: Integer(updates),
        tau_max: Integer(tau),
        t: Integer(place),
    }
    assert number(geometric.bernoulli(), constants, {}) >= 0
    assert number(geometric.weights_summed(), constants, {}) == 0
    sequences = {"r": reads, "v": values}
    assert number(geometric.windows_weighed(), constants, sequences) >= 0
    for earlier in range(reads[place], place):
        assert number(geometric.growth(), {**constants, j: Integer(earlier)}, sequences) >= 0


def test_the_growth_is_needed():
    """Negative control: both updates read x_0, v = (1, 0): equality, and none without growth."""
    constants = {q: Rational(1, 2), n: Integer(2), tau_max: Integer(1)}
    assert number(geometric.windows_weighed(), constants, {"r": [0, 0], "v": [1, 0]}) == 0
    windows, values = Rational(2), Rational(1)  # q^{-1} v_0, the one window, and q^0 v_0
    assert (1 - (1 - Rational(1, 2))) * windows == values < windows
