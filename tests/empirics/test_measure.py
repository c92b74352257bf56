"""Statistics over replicas, and what is made of them, against the replicas themselves."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from empirics import measure, problems, schedules, simulate
from empirics.moments import Moments, Statistics

S, STEPS, REPLICAS, STEP = 4, 25, 300, 0.6


@pytest.fixture(scope="module")
def problem():
    return problems.quadratic(dim=2, mu=0.3, sigma=0.5)


@pytest.fixture(scope="module")
def schedule():
    return schedules.Uniform(2)


@pytest.fixture(scope="module")
def runs(problem, schedule):
    return simulate(
        problem, schedule, step=STEP, steps=STEPS, replicas=REPLICAS, window=S, record=3
    )


@pytest.fixture(scope="module")
def inner(problem, schedule, runs, iterates):
    """<grad f(x_t), grad f(x_{t-l})> of every replica, (K, S, replicas)."""
    tiles = [iterates(problem, schedule, [STEP] * STEPS, tile=i) for i in (0, 1)]
    g = problem.gradient(np.concatenate(tiles, axis=1)[:, :REPLICAS])  # (T + 1, replicas, dim)
    lagged = np.maximum(runs.times[:, None] - np.arange(S), 0)
    return np.einsum("krd,ksrd->ksr", g[runs.times], g[lagged])


def test_gradient_norm(runs, inner):
    norm = measure.gradient_norm(runs)
    assert norm.times is runs.times
    np.testing.assert_allclose(norm.mean, inner[:, 0].mean(axis=1))
    error = inner[:, 0].std(axis=1, ddof=1) / np.sqrt(REPLICAS)
    np.testing.assert_allclose(norm.standard_error, error, atol=1e-15)


def test_inner_products_and_their_comoment(runs, inner):
    s = runs.statistics
    np.testing.assert_allclose(s.inner.mean, inner.mean(axis=2), atol=1e-14)
    np.testing.assert_allclose(s.inner.M2, inner.var(axis=2) * REPLICAS, atol=1e-12)
    for l in range(S):
        products = [np.cov(i[l], i[0], bias=True)[0, 1] * REPLICAS for i in inner]
        np.testing.assert_allclose(s.comoment[:, l], products, atol=1e-12)


def test_coherence(runs, inner):
    seen = measure.coherence(runs)
    ratios = inner.mean(axis=2) / inner[:, 0].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(seen.expected, ratios.min(axis=1))
    assert seen.lag.tolist() == ratios.argmin(axis=1).tolist()
    paths = (inner / inner[:, :1]).min(axis=1)  # (K, replicas)
    np.testing.assert_allclose(seen.minimum, paths.min(axis=1))
    np.testing.assert_allclose(seen.negative, (paths < 0).mean(axis=1))
    assert (seen.negative > 0).any()
    assert not seen.undefined.any()
    assert (seen.expected <= 1 + 1e-12).all()  # lag 0 is in the window


@pytest.mark.parametrize("mu", [0.0, 0.4, 1.0, -2.0])
def test_expected_margin(runs, inner, mu):
    margin = measure.expected_margin(runs, mu)
    paths = inner - mu * inner[:, :1]
    np.testing.assert_allclose(margin.mean, paths.mean(axis=2), atol=1e-14)
    error = paths.std(axis=2, ddof=1) / np.sqrt(REPLICAS)
    np.testing.assert_allclose(margin.standard_error, error, atol=1e-9)
    np.testing.assert_array_equal(margin.lag, margin.mean.argmin(axis=1))
    assert margin.mu == mu


def test_the_error_of_a_margin_is_not_that_of_independent_means(runs):
    """A negative control: without the co-moment the error would be far off."""
    s = runs.statistics
    margin = measure.expected_margin(runs, 1.0)
    apart = np.hypot(s.inner.standard_error, s.squared_norm.standard_error[:, None])
    assert (margin.standard_error[1:] < 0.9 * apart[1:]).any()
    np.testing.assert_allclose(margin.standard_error[:, 0], 0, atol=1e-9)  # lag 0 against itself


def test_a_vanishing_gradient_is_counted_not_divided_by():
    problem = problems.quadratic(dim=1, L=1.0)
    runs = simulate(problem, schedules.Constant(0), step=1.0, steps=3, replicas=5, window=2)
    seen = measure.coherence(runs)
    assert seen.undefined.tolist() == [0, 1, 1, 1]
    assert np.isnan(seen.minimum).tolist() == [False, True, True, True]
    assert np.isnan(seen.expected).tolist() == [False, True, True, True]
    assert runs.statistics.coherence_undefined.tolist() == [0, 5, 5, 5]


def test_lost_replicas_make_margins_and_coherence_unknown():
    problem = problems.quadratic(dim=1, L=1.0)
    runs = simulate(problem, schedules.Constant(0), step=1e3, steps=60, window=2, replicas=9)
    lost = runs.statistics.diverged > 0
    assert lost.any()
    assert not lost.all()
    assert np.isinf(measure.gradient_norm(runs).mean[lost]).all()
    assert np.isnan(measure.coherence(runs).expected[lost]).all()
    assert np.isnan(measure.expected_margin(runs, 0.5).mean[lost]).all()
    assert np.isnan(measure.expected_margin(runs, 0.5).standard_error[lost]).all()


values = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


@given(
    first=arrays(float, st.tuples(st.just(2), st.integers(1, 6)), elements=values),
    second=arrays(float, st.tuples(st.just(2), st.integers(1, 6)), elements=values),
)
def test_merging_moments_is_pooling_samples(first, second):
    pooled = Moments.of(np.hstack([first, second]))
    merged = Moments.of(first).merge(Moments.of(second))
    assert merged.count == pooled.count
    np.testing.assert_allclose(merged.mean, pooled.mean, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(merged.M2, pooled.M2, rtol=1e-9, atol=1e-6)


def some(n, rng):
    """Values of n made-up replicas at three times with two lags, one replica lost at the end."""
    norm, gap, noise = rng.random((3, 3, n)) + 0.1
    inner = rng.standard_normal((3, 2, n))
    lost = np.zeros((3, n), dtype=bool)
    lost[2, 0] = True
    slopes = rng.random((3, n))
    slopes[0], slopes[1, 0] = np.nan, np.nan
    return {"squared gradient": norm, "gap": gap}, inner, noise, lost, slopes


def assert_close(one, other):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Moments):
            assert_close(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_merging_statistics_is_pooling_replicas():
    rng = np.random.default_rng(0)
    one, two = some(4, rng), some(7, rng)
    measured = {name: np.concatenate([one[0][name], two[0][name]], axis=-1) for name in one[0]}
    pooled = [np.concatenate(pair, axis=-1) for pair in zip(one[1:], two[1:], strict=True)]
    assert_close(Statistics.of(*one).merge(Statistics.of(*two)), Statistics.of(measured, *pooled))


def test_joining_statistics_is_appending_times():
    data = some(5, np.random.default_rng(0))
    measured, *others = data
    parts = [
        Statistics.of(
            {name: values[rows] for name, values in measured.items()},
            *(values[rows] for values in others),
        )
        for rows in (slice(2), slice(2, 3))
    ]
    assert_close(Statistics.join(parts), Statistics.of(*data))


def test_closing_marks_the_times_with_lost_replicas_only():
    statistics = Statistics.of(*some(5, np.random.default_rng(0)))
    closed = statistics.closed()
    assert np.isinf(closed.gap.mean).tolist() == [False, False, True]
    assert np.isnan(closed.comoment).all(axis=1).tolist() == [False, False, True]
    np.testing.assert_array_equal(closed.gap.mean[:2], statistics.gap.mean[:2])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            measure.coherence,
            r"coherence needs runs with a window of at least 2 gradients, got none",
        ),
        (lambda runs: measure.expected_margin(runs, 0.5), r"expected margin needs runs with a win"),
    ],
)
def test_without_a_window_there_is_no_coherence(call, sentence, problem):
    runs = simulate(problem, schedules.Constant(0), step=0.1, steps=2, replicas=2)
    with pytest.raises(ValueError, match=sentence):
        call(runs)


def test_a_margin_needs_a_number(runs):
    with pytest.raises(ValueError, match="expected margin needs a finite mu, got nan"):
        measure.expected_margin(runs, float("nan"))
