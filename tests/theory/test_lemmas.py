"""Each lemma is proved; here its statement is also tried on numbers, and must hold there."""

import random
from inspect import signature

import pytest
from sympy import Integer, Rational
from sympy.core.function import AppliedUndef

from theory import lemmas
from theory.algebra import Minimum, normal
from theory.enclosure import sign_of_constant
from theory.kernel import replay
from theory.symbols import c, m, n, s


def number(expression, values, sequences):
    """The expression at integer horizons, sequences given as Python functions of an index."""
    e = normal(normal(expression).xreplace(values))
    while applied := [a for a in e.atoms(AppliedUndef) if a.args[0].is_Integer]:
        innermost = [a for a in applied if not a.args[0].has(AppliedUndef)]
        e = normal(e.xreplace({a: sequences[a.func.__name__](int(a.args[0])) for a in innermost}))
    for least in e.atoms(Minimum):
        _, low, high = least.limits
        candidates = [
            number(least.at(p), values, sequences) for p in range(int(low), int(high) + 1)
        ]
        e = e.xreplace({least: min(candidates)})
    return e


def holds(fact, values, sequences):
    return sign_of_constant(number(fact.expression, values, sequences)) in (0, 1)


def data(seed, steps, window):
    """Random reads within the window, decreasing weights, values >= 0."""
    chance = random.Random(seed)
    reads = {k: chance.randint(max(1, k - window + 1), k) for k in range(1, steps + 1)}
    weights = sorted((Rational(chance.randint(0, 20), 3) for _ in range(steps + 2)), reverse=True)
    values = [Rational(chance.randint(0, 20), 7) for _ in range(steps + 2)]
    return reads, {
        "tau": lambda k: Integer(reads[k]),
        "u": lambda k: weights[k],
        "v": lambda k: values[k],
        "w": lambda k: weights[-k],
    }


@pytest.mark.parametrize("seed", range(15))
def test_counting_lemmas_hold_on_numbers(seed):
    steps, window = 1 + seed % 5, 1 + seed % 3
    reads, sequences = data(seed, steps, window)
    most = max(list(reads.values()).count(r) for r in reads.values())
    values = {n: Integer(steps), s: Integer(window), m: Integer(most), c: Rational(1, 3)}
    for lemma in (
        lemmas.brackets_counted,
        lemmas.reads_counted,
        lemmas.windows_counted,
        lemmas.least_below_average,
    ):
        assert holds(lemma(), values, sequences), lemma.__name__


def test_counting_with_too_small_a_multiplicity_fails_on_numbers():
    """Negative control: every step reads x_1, and the multiplicity is said to be 1."""
    sequences = {
        "tau": lambda k: Integer(1),
        "u": lambda k: Integer(1),
        "v": lambda k: Integer(1 if k == 1 else 0),
    }
    values = {n: Integer(3), m: Integer(1)}
    assert not holds(lemmas.reads_counted(), values, sequences)
    assert holds(lemmas.reads_counted(), {**values, m: Integer(3)}, sequences)


def test_counting_needs_decreasing_weights():
    """Negative control: increasing weights break the counting step."""
    sequences = {
        "tau": lambda k: Integer(max(1, k - 1)),
        "u": lambda k: Integer(k),
        "v": lambda k: Integer(1 if k == 1 else 0),
    }
    assert not holds(lemmas.reads_counted(), {n: Integer(2), m: Integer(2)}, sequences)


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 20, 60])
def test_closed_forms_hold_on_numbers(steps):
    for lemma in (lemmas.root_sum, lemmas.harmonic_sum, lemmas.harmonic_below_twice_log):
        assert holds(lemma(), {n: Integer(steps)}, {}), lemma.__name__


def stands_alone(name):
    """Whether a lemma is a fact by itself, rather than made from what it is given."""
    lemma = getattr(lemmas, name)
    needed = [p for p in signature(lemma).parameters.values() if p.default is p.empty]
    return name != "only" and not needed


@pytest.mark.parametrize("name", [name for name in lemmas.__all__ if stands_alone(name)])
def test_lemmas_replay(name):
    replay(getattr(lemmas, name)())


def test_most_lemmas_stand_alone():
    assert sum(map(stands_alone, lemmas.__all__)) > 15
