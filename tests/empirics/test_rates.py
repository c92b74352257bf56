"""Fits recover what was put in, tell wrong forms from right ones, and do not trust slopes."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import problems, rates, schedules, simulate

TIMES = np.unique(np.rint(np.geomspace(1, 10**4, 100)).astype(np.int64))
PUT_IN = {
    "1/T": (3.0,),
    "1/sqrt(T)": (0.5,),
    "two-term": (30.0, 1.0),
    "log": (0.2, 0.7),
    "floor": (5.0, 0.01),
    "exponential": (2.0, 0.05, 0.003),
}
WRONG = {
    "1/T": "1/sqrt(T)",
    "1/sqrt(T)": "1/T",
    "two-term": "1/sqrt(T)",
    "log": "1/sqrt(T)",
    "floor": "two-term",
    "exponential": "floor",
}


def truth(form, T):
    kind, values = rates.FORMS[form], PUT_IN[form]
    if kind.rate:
        return kind.columns(T, values[-1]) @ np.array(values[:-1])
    return kind.columns(T) @ np.array(values)


def runs_like(curve, *, times=TIMES, replicas=200, noise=0.3, seed=0):
    """Runs whose replicas scatter around a curve, as random walks: their times depend."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((len(times), replicas)) / np.sqrt(len(times))
    factor = np.exp(noise * np.cumsum(steps, axis=0))
    factor /= np.exp(noise**2 * np.arange(1, len(times) + 1) / (2 * len(times)))[:, None]
    bare = simulate(problems.quadratic(dim=1), schedules.Constant(0), step=0.1, steps=1, replicas=2)
    return replace(bare, times=times, each={"squared gradient": curve[:, None] * factor})


@pytest.mark.parametrize("form", PUT_IN)
def test_what_was_put_in_comes_out(form):
    found = rates.fit(runs_like(truth(form, TIMES.astype(float))), form, confidence=1 - 1e-3)
    for (letter, value), expected in zip(found.coefficients.items(), PUT_IN[form], strict=True):
        low, high = found.intervals[letter]
        assert low <= expected <= high
        assert value == pytest.approx(expected, rel=0.2, abs=0.05)
    assert found.p_value > 0.002
    np.testing.assert_allclose(found(found.times), found.fitted, rtol=1e-12)


@pytest.mark.parametrize("form", PUT_IN)
def test_without_noise_it_comes_out_exactly_and_nothing_is_tested(form):
    exact = runs_like(truth(form, TIMES.astype(float)), noise=0.0, replicas=2)
    found = rates.fit(exact, form, resamples=10)
    assert found.misfit < 1e-6
    np.testing.assert_allclose(list(found.coefficients.values()), PUT_IN[form], rtol=1e-4)
    assert np.isnan(found.p_value)


@pytest.mark.parametrize(("form", "wrong"), WRONG.items())
def test_a_wrong_form_is_found_out(form, wrong):
    runs = runs_like(truth(form, TIMES.astype(float)), noise=0.1)
    assert rates.fit(runs, wrong).p_value < 0.01
    best = rates.forms(runs, [form, wrong])
    assert [one.form for one in best] == [form, wrong]


def test_intervals_cover_as_often_as_they_say():
    """95 % intervals, 200 sets of runs: between 88 % and 99 % cover (binomial, alpha 1e-4)."""
    covered = 0
    for seed in range(200):
        runs = runs_like(truth("1/T", TIMES.astype(float)), replicas=40, seed=seed)
        low, high = rates.fit(runs, "1/T", resamples=200, seed=seed).intervals["a"]
        covered += low <= 3.0 <= high
    assert 0.86 * 200 <= covered <= 0.99 * 200


def test_the_right_form_is_rarely_rejected():
    """p below 0.05 in about 5 % of 200 sets of runs, and in no more than 14 %."""
    rejected = 0
    for seed in range(200):
        runs = runs_like(truth("two-term", TIMES.astype(float)), replicas=60, seed=seed)
        rejected += rates.fit(runs, "two-term", resamples=100, seed=seed).p_value < 0.05
    assert rejected <= 0.14 * 200


def test_a_slope_misleads():
    """T^(-1/2) + 30/T over 10^2..10^5 looks like T^(-0.68), elsewhere like something else."""
    times = np.unique(np.rint(np.geomspace(100, 10**5, 60)).astype(np.int64))
    T = times.astype(float)
    runs = runs_like(T**-0.5 + 30 / T, times=times, noise=0.0, replicas=2)
    seen = rates.slope(runs, window=(100, 10**5))
    assert seen.slope == pytest.approx(-0.68, abs=0.005)
    assert rates.slope(runs, window=(10**4, 10**5)).slope > -0.6
    assert "no rate, as another window has another slope" in str(seen)
    found = rates.fit(runs, "two-term", resamples=10)
    assert found.coefficients == pytest.approx({"a": 30.0, "b": 1.0}, rel=1e-6)


def test_gradient_descent_and_sgd_have_the_rates_of_the_textbook():
    """Stale SGD on a line: exponential down to the noise; without noise no floor is left."""
    noisy, clean = (problems.quadratic(dim=1, L=1.0, sigma=s) for s in (1.0, 0.0))
    runs = simulate(noisy, schedules.Constant(0), step=0.1, steps=150, replicas=512, each=True)
    found = rates.fit(runs, "exponential", confidence=1 - 1e-6, resamples=2000)
    low, high = found.intervals["r"]
    assert low < -2 * np.log(0.9) < high
    low, high = found.intervals["c"]
    assert low < 0.1 / 1.9 < high  # stationary variance eta sigma^2/(2 - eta)
    runs = simulate(clean, schedules.Constant(0), step=0.1, steps=80, replicas=2, each=True)
    found = rates.fit(runs, "exponential", resamples=10)
    assert found.coefficients["r"] == pytest.approx(-2 * np.log(0.9), rel=1e-4)
    assert found.coefficients["c"] == pytest.approx(0, abs=1e-9)


def test_summaries():
    problem = problems.quadratic(dim=2, mu=0.1, sigma=0.5)
    runs = simulate(problem, schedules.Uniform(3), step=0.3, steps=60, replicas=50, each=True)
    means = runs.each["gap"].mean(axis=1)
    for summary, expected in {
        "last": means[1:],
        "least": np.minimum.accumulate(means)[1:],
        "average": (np.cumsum(means) / np.arange(1, 62))[:-1],
    }.items():
        found = rates.fit(runs, "floor", measure="gap", summary=summary, resamples=10)
        np.testing.assert_allclose(found.mean, expected[found.times - 1], rtol=1e-12)


def test_only_the_window_counts():
    runs = runs_like(truth("two-term", TIMES.astype(float)))
    whole, late = rates.fit(runs), rates.fit(runs, window=(100, 5000))
    assert late.times.min() >= 100
    assert late.times.max() <= 5000
    assert (late.window[0], late.window[1]) == (late.times[0], late.times[-1])
    assert whole.coefficients != late.coefficients


def test_the_seed_and_the_confidence_change_the_intervals_only():
    runs = runs_like(truth("two-term", TIMES.astype(float)))
    one, same, other = (rates.fit(runs, seed=s) for s in (0, 0, 1))
    wide = rates.fit(runs, confidence=0.999)
    assert one.intervals == same.intervals != other.intervals
    assert one.coefficients == other.coefficients == wide.coefficients
    assert wide.intervals["b"][0] < one.intervals["b"][0]
    assert "95% intervals, T = 1..10000" in str(one)


def test_bad_input_gets_one_sentence():
    runs = runs_like(truth("two-term", TIMES.astype(float)))
    bare = replace(runs, each={})
    for call, sentence in (
        (lambda: rates.fit(runs, "power"), r"rates need a form among 1/T, .* got 'power'"),
        (lambda: rates.fit(bare), r"rates need every replica's squared gradient, got runs that"),
        (lambda: rates.fit(runs, measure="gap"), r"keep squared gradient; simulate with each=True"),
        (lambda: rates.fit(runs, summary="median"), r'summary = "last", "least" or "average"'),
        (lambda: rates.fit(runs, summary="average"), r"rates of an average need every iterate"),
        (lambda: rates.fit(runs, window=(5, 6)), r"more than 2 recorded times in the window 5..6"),
        (
            lambda: rates.fit(runs, confidence=1.0),
            r"number confidence with 0 < confidence < 1, got 1",
        ),
        (lambda: rates.fit(runs, confidence="a"), r"number confidence with 0 < .*, got 'a'"),
        (lambda: rates.fit(runs, window="ab"), r"a window of two times, \(first, last\), got 'ab'"),
        (lambda: rates.fit(runs, window=(1,)), r"a window of two times, .*, got \(1,\)"),
        (lambda: rates.fit(runs, resamples=3), r"rates needs? a whole number resamples >= 10"),
        (lambda: rates.fit(runs, seed=-1), r"rates needs? a whole number seed >= 0, got -1"),
        (lambda: rates.slope(runs, window=(7, 7)), r"more than 2 recorded times in the window"),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()


def test_diverged_replicas_are_not_fitted():
    problem = problems.quadratic(dim=2, mu=0.1)
    runs = simulate(problem, schedules.Constant(1), step=9.0, steps=200, replicas=3, each=True)
    with pytest.raises(ValueError, match=r"finite positive means, got another at T = \d+; move"):
        rates.fit(runs, "1/T")
    assert rates.fit(runs, "1/T", window=(1, 20)).misfit > 0
