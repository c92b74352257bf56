"""Minibatches: which sets are drawn how often, and the variance of their means, by enumeration."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from empirics import problems, schedules
from empirics.problems import minibatch
from empirics.problems.minibatch import Minibatches, minibatches


def stream(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def draw(rows, size, steps=1, lanes=1, replacement=False, seed=0):
    picks = Minibatches(rows=rows, size=size, replacement=replacement)
    return picks.draw(stream(seed), steps, lanes)


@pytest.mark.parametrize(("n", "b"), [(1, 1), (2, 1), (5, 2), (5, 5), (6, 4)])
def test_every_set_of_different_rows_is_as_likely(n, b):
    sets = [tuple(one) for one in combinations(range(n), b)]
    seen = np.sort(draw(n, b, 1, 20000)[0], axis=1)
    counts = [int((seen == one).all(axis=1).sum()) for one in sets]
    assert sum(counts) == 20000  # nothing but sets of b different rows
    assert len(sets) == 1 or stats.chisquare(counts).pvalue > 1e-6


def test_a_set_drawn_with_replacement_is_not_uniform_among_sets():
    """The test above would notice."""
    seen = draw(5, 2, 1, 20000, replacement=True)[0]
    assert (seen[:, 0] == seen[:, 1]).mean() == pytest.approx(1 / 5, abs=0.02)


@pytest.mark.parametrize(("n", "b"), [(300, 65), (300, 300), (2**15 + 1, 80), (2000, 64)])
def test_large_sets_have_no_row_twice(n, b):
    seen = draw(n, b, 3, 8)
    assert seen.shape == (3, 8, b)
    assert seen.dtype == np.int64
    assert seen.min() >= 0
    assert seen.max() < n
    ordered = np.sort(seen, axis=-1)
    assert (ordered[..., 1:] > ordered[..., :-1]).all()


@pytest.mark.parametrize("table", [10**6, 1000])
def test_looking_up_and_comparing_draw_the_same(monkeypatch, table):
    monkeypatch.setattr(minibatch, "TABLE", table)
    compared = draw(400, 60, 5, 7)
    monkeypatch.setattr(minibatch, "FEW", 1)
    np.testing.assert_array_equal(draw(400, 60, 5, 7), compared)


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("b", [3, 70])
def test_blocks_do_not_matter(b, replacement):
    picks = Minibatches(rows=90, size=b, replacement=replacement)
    one, whole = stream(), picks.draw(stream(), 50, 4)
    parts = [picks.draw(one, steps, 4) for steps in (1, 19, 30)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("n", "b"), [(1, 1), (4, 1), (4, 2), (5, 3), (5, 5)])
def test_the_share_is_that_of_all_sets(n, b):
    """Mean squares over all sets of b rows, and over all b-tuples, are the stated ones."""
    values = np.random.default_rng(0).standard_normal((n, 3))
    scatter = ((values - values.mean(axis=0)) ** 2).sum(axis=1).mean()
    for replacement, all_ in (
        (False, np.array(list(combinations(range(n), b)))),
        (True, np.stack(np.meshgrid(*[range(n)] * b), axis=-1).reshape(-1, b)),
    ):
        means = values[all_].mean(axis=1)
        np.testing.assert_allclose(means.mean(axis=0), values.mean(axis=0), atol=1e-14)
        variance = ((means - values.mean(axis=0)) ** 2).sum(axis=1).mean()
        picks = Minibatches(rows=n, size=b, replacement=replacement)
        assert picks.share * scatter == pytest.approx(variance, abs=1e-14)


ROWS = 12
X = np.random.default_rng(1).standard_normal((ROWS, 3))
LABELS = np.arange(ROWS) % 3
MADE = {
    "binary": lambda **options: problems.logistic((X, LABELS % 2), **options),
    "multinomial": lambda **options: problems.logistic((X, LABELS), **options),
    "perceptron": lambda **options: problems.perceptron((X, LABELS), width=3, **options),
}


@pytest.mark.parametrize("kind", MADE)
def test_the_noise_without_replacement_has_the_stated_variance(kind):
    """Over all 220 minibatches; the variance with replacement would be 11/9 of it."""
    problem = MADE[kind](batch=3, replacement=False)
    again = MADE[kind](batch=3)
    sets = np.array(list(combinations(range(ROWS), 3)))
    x = problem.start + 0.3 * np.random.default_rng(2).standard_normal(problem.dim)
    out = np.empty((len(sets), problem.dim))
    problem.stochastic_gradient(np.tile(x, (len(sets), 1)), sets, out)
    gradient = problem.gradient(x)
    np.testing.assert_allclose(out.mean(axis=0), gradient, rtol=1e-9, atol=1e-12)
    variance = ((out - gradient) ** 2).sum(axis=1).mean()
    assert problem.noise_variance(x) == pytest.approx(variance, rel=1e-9)
    assert again.noise_variance(x) == pytest.approx(variance * 11 / 9, rel=1e-9)
    if "sigma" in problem.constants:
        assert variance <= problem.sigma**2
        assert again.sigma**2 == pytest.approx(problem.sigma**2 * 11 / 9)


@pytest.mark.parametrize("kind", MADE)
def test_all_rows_at_once_are_the_full_gradient(kind, iterates):
    problem = MADE[kind](batch=ROWS, replacement=False)
    assert (problem.noise_variance(problem.start) == 0).all()
    stochastic = iterates(problem, schedules.Constant(2), [0.1] * 9)
    full = iterates(problems.noiseless(problem), schedules.Constant(2), [0.1] * 9)
    np.testing.assert_allclose(stochastic, full, rtol=1e-10, atol=1e-13)
    assert abs(stochastic[-1] - stochastic[0]).max() > 1e-3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch": 0}, r"logistic needs a whole number batch >= 1, got 0"),
        ({"batch": 2.5}, r"logistic needs a whole number batch >= 1, got 2\.5"),
        ({"replacement": "no"}, r"logistic needs replacement = True or False, got 'no'"),
        (
            {"batch": 11, "replacement": False},
            r"logistic needs a batch <= 10, the number of rows, if replacement = False, got 11",
        ),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        minibatches("logistic", **{"rows": 10, "batch": 1, "replacement": True, **arguments})


def test_more_rows_than_there_are_can_be_drawn_with_replacement():
    assert minibatches("logistic", 10, 11, True).share == 1 / 11
