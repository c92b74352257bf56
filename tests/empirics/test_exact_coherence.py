"""Exact coherence along the run: closed forms, rational paths, the simulator."""

from fractions import Fraction

import numpy as np
import pytest

from empirics import exact, measure, schedules, simulate
from empirics.problems.quadratic import quadratic

ONE = quadratic(spectrum=[1.0])


@pytest.mark.parametrize("tau", [1, 2, 3, 8, 20])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.8, 1.0])
def test_the_path_is_the_sum_over_all_roots_and_its_coherence_that_of_the_dominant_pair(tau, share):
    """share 0: at a*, 1: at the limit. To 1e-10 of the ratio, or of what it is made of."""
    best, limit = (
        exact.best_step(schedules.Constant(tau)).step,
        exact.stability_limit(schedules.Constant(tau)),
    )
    a, s, steps = best + share * (limit - best), tau + 1, 1500
    found = exact.coherence(ONE, schedules.Constant(tau), step=a, steps=steps, window=s)
    assert found.pathwise
    x = exact.path(tau, a, 60)
    mean = exact.moments(ONE, schedules.Constant(tau), step=a, steps=60).mean[:, 0]
    np.testing.assert_allclose(x, mean, rtol=1e-11, atol=1e-11)
    turning = exact.turning(tau, a)
    t = np.arange(1200, 1500)
    known, seen = turning.coherence(t, s), found.expected[t]
    psi = turning.angle * t + turning.phase  # how near to 0 the path is, and how much that costs
    size = np.maximum(1, np.abs(np.tan(psi)))
    assert (np.abs(seen - known) <= 1e-10 * size**2).all()
    assert turning.negative(s) == pytest.approx((s - 1) * turning.angle / np.pi)
    assert (seen < 0).mean() == pytest.approx(min(1, turning.negative(s)), abs=0.05)
    later = exact.turning(tau + 1, a * 0.8).coherence(t, s)
    assert np.abs(later - seen).max() > 1e-3  # one delay more is another coherence


def test_at_the_limit_a_window_of_the_delay_is_negative_at_a_known_share_of_times():
    for tau in (1, 4, 30):
        found = exact.turning(tau, exact.stability_limit(schedules.Constant(tau)))
        assert found.negative(tau + 1) == pytest.approx(tau / (2 * tau + 1), rel=1e-6)


@pytest.mark.parametrize("tau", [0, 1, 5, 30])
def test_up_to_the_fastest_step_gradients_are_coherent(tau):
    """mu = 1 at all times and for every window: no iterate falls by more than tau/(tau + 1)."""
    best = exact.best_step(schedules.Constant(tau)).step
    problem = quadratic(spectrum=[0.0, 0.1, 0.7, 1.0], start=[3.0, -1.0, 2.0, 0.5])
    share = 1 - 1e-12 if tau else 0.999
    found = exact.coherence(
        problem, schedules.Constant(tau), step=share * best, steps=3000, window=2 * tau + 3
    )
    assert found.lowest == 1.0
    assert (found.lag == 0).all()
    np.testing.assert_array_equal(exact.turning(tau, share * best).coherence([1, 2, 9], 5), 1.0)
    beyond = exact.coherence(
        ONE, schedules.Constant(tau), step=1.3 * best, steps=3000, window=2 * tau + 3
    )
    assert beyond.lowest < 0


def test_without_delay_a_long_step_alternates():
    """mu = -(a - 1)^(-j), j the largest odd number below s."""
    for s, j in ((2, 1), (3, 1), (4, 3), (7, 5)):
        found = exact.coherence(ONE, schedules.Constant(0), step=1.5, steps=3000, window=s)
        np.testing.assert_allclose(found.expected[s:], -(0.5**-j), rtol=1e-12)
        np.testing.assert_allclose(exact.turning(0, 1.5).coherence([9], s), -(0.5**-j), rtol=1e-12)


def test_where_the_gradient_is_0_there_is_no_coherence():
    """tau = 1, a = 1/2: g_t = 0 exactly at t = 2 mod 4, for ever."""
    found = exact.coherence(ONE, schedules.Constant(1), step=0.5, steps=5000, window=3)
    at = np.arange(5001) % 4 == 2
    np.testing.assert_array_equal(found.undefined, at)
    np.testing.assert_array_equal(np.isnan(found.expected), at)
    assert np.isfinite(found.lowest)
    nothing = exact.coherence(
        quadratic(spectrum=[1.0], start=[0.0]), schedules.Uniform(2), step=0.1, steps=5, window=2
    )
    assert nothing.undefined.all()
    assert np.isnan(nothing.lowest)


@pytest.mark.parametrize(("c", "mu"), [(4, 14 / 25), (3, 0.0), (1, -8 / 5)])
def test_two_modes_can_have_one_coherence_for_ever(c, mu):
    problem = quadratic(spectrum=[3.0, 1.0], start=[1.0, float(c)])
    found = exact.coherence(problem, schedules.Constant(0), step=0.5, steps=4000, window=2)
    np.testing.assert_allclose(found.expected[1:], mu, atol=1e-12)


def test_the_slow_mode_wins_up_to_the_fastest_step_of_two():
    """tau = 1, curvatures 1 and 1/10: incoherent for ever, up to t = 6, or never."""
    problem = quadratic(spectrum=[0.1, 1.0], start=[1.0, 1.0])
    last = []
    for eta in (0.9, 0.6, 0.25):
        found = exact.coherence(problem, schedules.Constant(1), step=eta, steps=4000, window=2)
        failed = np.flatnonzero(found.expected < 0)
        last.append(int(failed[-1]) if failed.size else None)
    assert last[0] > 3900
    assert last[1] < 20
    assert last[2] is None
    fastest = exact.best_step(schedules.Constant(1), condition=10).step
    assert 0.6 < fastest < 0.9


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_path_in_rational_numbers(momentum):
    """Cyclic delays, two modes, 40 updates: to 1e-13."""
    pattern, eta, beta = (0, 2, 1), Fraction(1, 4), Fraction(momentum)
    h, start = [Fraction(1, 2), Fraction(3, 2)], [Fraction(1), Fraction(-2)]
    problem = quadratic(spectrum=[0.5, 1.5], start=[1.0, -2.0])
    found = exact.coherence(
        problem, schedules.Cyclic(pattern), step=0.25, steps=40, window=4, momentum=momentum
    )
    paths = []
    for curvature, x0 in zip(h, start, strict=True):
        x, v = [x0], Fraction(0)
        for t in range(40):
            v = beta * v + curvature * x[max(t - pattern[t % 3], 0)]
            x.append(x[t] - eta * v)
        paths.append([curvature * e for e in x])
    known = [
        [
            float(sum(g[t] * g[max(t - lag, 0)] for g in paths) / sum(g[t] ** 2 for g in paths))
            for lag in range(4)
        ]
        for t in range(41)
    ]
    np.testing.assert_allclose(found.ratio, known, rtol=1e-11, atol=1e-12)


def test_paths_may_leave_the_floating_numbers_and_coherence_stays():
    """After 10^4 updates x is 10^-1500 or so, or 10^+500; the ratio is that of the roots."""
    for a, s in ((0.99, 2), (0.5001, 3), (1.1, 2)):
        found = exact.coherence(ONE, schedules.Constant(1), step=a, steps=10000, window=s)
        known = exact.turning(1, a).coherence(np.arange(9000, 10001), s)
        near = np.abs(known) < 5
        np.testing.assert_allclose(found.expected[9000:][near], known[near], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    "schedule",
    [schedules.Constant(3), schedules.Uniform(3), schedules.Workers(3),
     schedules.Caches(2, schedules.Uniform(2))],
    ids=lambda schedule: type(schedule).__name__,
)  # fmt: skip
def test_with_noise_it_is_the_coherence_that_runs_estimate(schedule):
    problem = quadratic(spectrum=[0.1, 0.4, 1.0], sigma=0.5)
    given = dict(step=0.2, steps=50, window=4)
    found = exact.coherence(problem, schedule, **given)
    assert not found.pathwise
    runs = simulate(problem, schedule, replicas=4096, seed=3, **given)
    for at in (10, 50):  # the margin over mu has mean 0 exactly at the coherence of that lag
        for lag in (1, 3):
            margin = measure.expected_margin(runs, float(found.ratio[at, lag]))
            wrong = measure.expected_margin(runs, float(found.ratio[at, lag]) + 0.3)
            assert abs(margin.mean[at, lag]) < 5.5 * margin.standard_error[at, lag]
            assert abs(wrong.mean[at, lag]) > 5.5 * wrong.standard_error[at, lag]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"window": 0}, "exact.coherence needs a whole number window >= 1, got 0"),
        ({"steps": -1}, "exact.coherence needs a whole number steps >= 1, got -1"),
        ({"step": np.nan}, "step sizes eta need finite values"),
        ({"momentum": 1.5}, r"exact.coherence needs momentum in \[0, 1\), got 1.5"),
        ({"schedule": 3}, "exact.coherence needs a Schedule such as Constant"),
        ({"problem": 3}, "exact.coherence needs a problem made by quadratic.*got 3"),
        ({"relative": -1}, "exact.coherence needs relative >= 0"),
    ],
)
def test_bad_input_is_answered_by_one_sentence(changed, message):
    given = {
        "problem": ONE, "schedule": schedules.Constant(1), "step": 0.1, "steps": 3, "window": 2,
        **changed,
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        exact.coherence(given.pop("problem"), given.pop("schedule"), **given)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact.turning(-1, 0.1), "turning needs a whole number tau >= 0, got -1"),
        (lambda: exact.turning(1, 0), "turning needs a finite a .* > 0, got 0"),
        (lambda: exact.path(1, 0.5, -1), "path needs a whole number steps >= 0, got -1"),
        (lambda: exact.path(1, np.nan, 1), "path needs a finite a .*, got nan"),
        (lambda: exact.turning(1, 0.5).negative(0), "coherence needs a whole number window >= 1"),
        (lambda: exact.turning(1, 0.5).coherence([1], 1.5), "coherence needs a whole number win"),
        (lambda: exact.turning(1, 0.5).coherence([0.5], 2), "coherence needs whole times, .* got"),
        (lambda: exact.turning(1, 0.5).coherence("now", 2), "coherence needs whole times, .*'now'"),
        (lambda: exact.turning(1, 0.5).coherence(3, 2), "coherence needs whole times, .* got 3"),
    ],
)
def test_bad_arguments_of_the_closed_form(call, message):
    with pytest.raises(ValueError, match=message):
        call()
