"""Exact moments against the enumeration of all that can happen, and the simulator against them."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.special import stdtrit

from empirics import exact, optimisers, problems, schedules, simulate, stepsizes
from empirics.problems.quadratic import quadratic
from empirics.schedules.base import Law, SharedIterate

ALPHA = 1e-6

# everything here is a multiple of a power of two, so that floating point starts from what
# rational arithmetic starts from
DIMENSIONS = 4
BOWL = quadratic(
    spectrum=[0.0, 0.25, 1.0, 1.5], sigma=1.0, start=[1.0, -2.0, 0.5, 1.0]
)  # noise of +-1/2 in each coordinate
STEPS = (0.5, 0.75, 0.125, 1.0)
SCHEDULES = [
    schedules.Constant(0),
    schedules.Constant(2),
    schedules.Uniform(1),
    schedules.Uniform(3),
    schedules.Pmf([0.25, 0.0, 0.5, 0.25]),
    schedules.Cyclic([2, 0, 1]),
]


def law_of(schedule, t):
    """The raw delays of update t with their probabilities."""
    if isinstance(schedule, schedules.Cyclic):
        return [(schedule.pattern[t % len(schedule.pattern)], Fraction(1))]
    return [(k, Fraction(float(p))) for k, p in enumerate(schedule.pmf) if p]


def enumerated(h, start, scale, schedule, eta, momentum, lags):
    """E x_t x_{t-l}, E y_t^2 and E x_t y_t of one mode, over all delays and signs there can be."""
    steps, h, beta = len(eta), Fraction(h), Fraction(momentum)
    eta, scale, start = [Fraction(e) for e in eta], Fraction(scale), Fraction(start)
    mean = [Fraction(0)] * (steps + 1)
    second = [[Fraction(0)] * lags for _ in range(steps + 1)]
    read, along = [Fraction(0)] * steps, [Fraction(0)] * steps
    signs = [(scale, Fraction(1, 2)), (-scale, Fraction(1, 2))]
    for events in product(*(list(product(law_of(schedule, t), signs)) for t in range(steps))):
        chance, x, v = Fraction(1), [start], Fraction(0)
        for t, ((delay, p), (noise, q)) in enumerate(events):
            chance *= p * q
            y = x[max(t - delay, 0)]
            v = beta * v + h * y + noise
            x.append(x[t] - eta[t] * v)
        for t in range(steps + 1):
            mean[t] += chance * x[t]
            for lag in range(lags):
                second[t][lag] += chance * x[t] * x[max(t - lag, 0)]
        for t, ((delay, _), _) in enumerate(events):
            y = x[max(t - delay, 0)]
            read[t] += chance * y * y
            along[t] += chance * x[t] * y
    return [np.array(part, dtype=float) for part in (mean, second, read, along)]


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("eta", [STEPS, (0.5,) * 4], ids=["varying", "constant"])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_it_is_what_happens_on_average_over_all_there_can_be(schedule, eta, momentum):
    found = exact.moments(BOWL, schedule, step=np.array(eta), steps=4, momentum=momentum, window=3)
    for mode in (1, 3):
        start, h = BOWL.start[mode], BOWL.spectrum[mode]
        mean, second, read, along = enumerated(h, start, 0.5, schedule, eta, momentum, 3)
        np.testing.assert_allclose(found.mean[:, mode], mean, rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(found.second_moment[..., mode], second, rtol=1e-13, atol=1e-15)
        y = found.read_variance[:, mode] + found.read_mean[:, mode] ** 2
        np.testing.assert_allclose(y, read, rtol=1e-13)
        y = found.read_covariance[:, mode] + found.mean[:-1, mode] * found.read_mean[:, mode]
        np.testing.assert_allclose(y, along, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("tau", [0, 1, 3])
def test_constant_delay_has_the_transient_of_its_binomial_sums(tau):
    """h_n and the mean as finite sums of binomial coefficients, in rational numbers."""
    steps, a = 40, Fraction(1, 4)

    def mean(k):
        most = (k + tau) // (tau + 1)
        return sum((-a) ** j * comb(k - tau * (j - 1), j) for j in range(most + 1))

    h = [
        sum((-a) ** j * comb(n - tau * j, j) for j in range(n // (tau + 1) + 1))
        for n in range(steps)
    ]
    variance = [sum(e * e for e in h[:k]) / 16 for k in range(steps + 1)]
    problem = quadratic(spectrum=[1.0], sigma=1.0, start=[1.0])
    found = exact.moments(problem, schedules.Constant(tau), step=0.25, steps=steps)
    known = [[float(mean(k)) for k in range(steps + 1)], [float(v) for v in variance]]
    np.testing.assert_allclose(found.mean[:, 0], known[0], rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(found.covariance[:, 0, 0], known[1], rtol=1e-13)


def companion(h, schedule, eta, steps, start, scale, momentum=Fraction(0)):
    """E x_t^2 from the full second moment of (x_t, ..., x_{t-n}), in rational numbers."""
    n = max(schedule.tau_max, 1) + 1
    S = np.full((n, n), Fraction(start) ** 2)
    found = [S[0, 0]]
    for t in range(steps):
        new = np.full((n, n), Fraction(0))
        for delay, p in law_of(schedule, t):
            A = np.full((n, n), Fraction(0))
            A[range(1, n), range(n - 1)] = Fraction(1)
            A[0, 0] += 1 + momentum
            A[0, 1] -= momentum
            A[0, delay] -= Fraction(eta) * Fraction(h)
            new = new + p * (A @ S @ A.T)
        new[0, 0] += (Fraction(eta) * Fraction(scale)) ** 2
        S = new
        found.append(S[0, 0])
    return np.array([float(e) for e in found])


@pytest.mark.parametrize("momentum", [0, Fraction(1, 2)])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_longer_run_in_rational_numbers(schedule, momentum):
    """To 1e-12, also without noise, where second moments fall by thirty orders of magnitude."""
    for sigma in (0.0, 1.0):
        problem = replace_noise(BOWL, sigma)
        found = exact.moments(
            problem, schedule, step=0.25, steps=60, momentum=float(momentum), method="recursion"
        )
        for mode in range(DIMENSIONS):
            true = companion(
                BOWL.spectrum[mode], schedule, 0.25, 60, BOWL.start[mode], sigma / 2, momentum
            )
            near = np.maximum.reduce([np.roll(true, lag) for lag in range(9)])
            near[:9] = true[:9]
            error = np.abs(found.second_moment[:, 0, mode] - true) / near
            assert error.max() < 1e-12


def replace_noise(problem, sigma):
    return quadratic(spectrum=problem.spectrum, start=problem.start, sigma=sigma)


@pytest.mark.parametrize("tau", [0, 1, 7, 40])
def test_the_filter_and_the_recursion_agree(tau):
    problem = quadratic(spectrum=[0.0, 0.01, 0.3, 1.0], sigma=0.7, start=[1.0, 2.0, -1.0, 0.5])
    given = dict(step=0.03, steps=5000, window=5)
    one, other = (
        exact.moments(problem, schedules.Constant(tau), method=method, **given)
        for method in ("filter", "recursion")
    )
    scale = other.second_moment[:, :1].max(axis=0, keepdims=True)
    assert (np.abs(one.second_moment - other.second_moment) <= 1e-12 * scale).all()
    for name in ("squared_gradient", "gap", "squared_distance", "read_squared_distance"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10)
    far = np.abs(other.direction).max()
    np.testing.assert_allclose(one.direction, other.direction, rtol=1e-10, atol=1e-13 * far)


def test_the_measures_of_a_run_without_noise_are_those_of_the_simulator():
    problem = quadratic(spectrum=[0.0, 0.2, 1.0], start=[1.0, 2.0, -1.0])
    given = dict(step=0.2, steps=50)
    for schedule in (schedules.Constant(3), schedules.Cyclic([0, 4, 1])):
        measures = [name for name in ORACLE if name != "inner"]
        runs = simulate(problem, schedule, replicas=1, window=4, measures=measures, **given)
        found = exact.moments(problem, schedule, window=4, **given)
        for field, oracle in ORACLE.values():
            seen, true = getattr(runs.statistics, field).mean, getattr(found, oracle)
            np.testing.assert_allclose(seen[: len(true)], true, rtol=1e-12, atol=1e-15)


# ---- the simulator, against this oracle ----

ORACLE = {
    "squared gradient": ("squared_norm", "squared_gradient"),
    "gap": ("gap", "gap"),
    "squared distance": ("squared_distance", "squared_distance"),
    "squared gradient at read points": ("read_squared_norm", "read_squared_gradient"),
    "gap at read points": ("read_gap", "read_gap"),
    "squared distance at read points": ("read_squared_distance", "read_squared_distance"),
    "direction": ("direction", "direction"),
    "inner": ("inner", "inner"),
}
NOISY = quadratic(dim=6, mu=0.1, L=1.0, sigma=1.0)
REPLICAS = 8192


def worst(runs, found, name):
    """The largest |z| of means over replicas, as a share of what chance explains."""
    field, oracle = ORACLE[name]
    seen, true = getattr(runs.statistics, field), getattr(found, oracle)
    mean, error = seen.mean[: len(true)], seen.standard_error[: len(true)]
    sure = error <= 1e-12 * np.abs(mean)  # nothing random yet
    np.testing.assert_allclose(mean[sure], true[sure], rtol=1e-12)
    z = np.abs(mean - true)[~sure] / error[~sure]
    return z.max() / -stdtrit(runs.replicas - 1, ALPHA / 2 / z.size)


@pytest.mark.parametrize("noise", ["two-point", "gaussian"])
@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Constant(4),
        schedules.Uniform(4),
        schedules.Geometric(p=0.4, tau_max=8),
        schedules.Cyclic([0, 5, 2]),
    ],
    ids=repr,
)
def test_the_simulator_is_consistent_with_the_exact_moments(schedule, noise):
    """All measures at all times; and what is off by little is told apart."""
    problem = replace(NOISY, noise=noise)
    steps, step = 60, stepsizes.inverse_sqrt(0.35)
    measures = [name for name in ORACLE if name != "inner"]
    runs = simulate(
        problem,
        schedule,
        step=step,
        steps=steps,
        replicas=REPLICAS,
        measures=measures,
        window=3,
        seed=11,
    )
    found = exact.moments(problem, schedule, step=step, steps=steps, window=3)
    for name in ORACLE:
        assert worst(runs, found, name) < 1, name

    later = exact.moments(problem, delayed(schedule), step=step, steps=steps, window=3)
    louder = exact.moments(
        quadratic(dim=6, mu=0.1, L=1.0, sigma=1.1**0.5), schedule, step=step, steps=steps
    )
    assert worst(runs, later, "squared gradient") > 1
    assert worst(runs, louder, "squared gradient") > 1


@pytest.mark.parametrize("schedule", [schedules.Constant(3), schedules.Uniform(5)], ids=repr)
def test_the_simulator_is_consistent_with_the_exact_moments_of_momentum(schedule):
    given = dict(step=stepsizes.inverse_sqrt(0.1), steps=60)
    runs = simulate(
        NOISY, schedule, optimiser=optimisers.Momentum(0.6), replicas=REPLICAS, seed=5, **given
    )
    found, other = (exact.moments(NOISY, schedule, momentum=b, **given) for b in (0.6, 0.57))
    assert worst(runs, found, "squared gradient") < 1
    assert worst(runs, other, "squared gradient") > 1


def delayed(schedule):
    """The same with every delay longer by one."""
    if isinstance(schedule, schedules.Cyclic):
        return schedules.Cyclic([tau + 1 for tau in schedule.pattern])
    return schedules.Pmf(np.append(0.0, schedule.pmf))


# ---- ends of the range, and bad input ----


def test_a_step_that_diverges_is_followed_until_the_numbers_end():
    problem = quadratic(spectrum=[1.0], sigma=1.0, start=[1.0])
    for schedule in (schedules.Constant(2), schedules.Uniform(2)):
        found = exact.moments(problem, schedule, step=1.5, steps=3000)
        gap = found.gap
        assert np.isfinite(gap[:500]).all()
        assert gap[-1] == np.inf
        last = int(np.flatnonzero(np.isfinite(gap))[-1])
        assert np.isfinite(gap[: last + 1]).all()
        assert gap[last] > 1e280


def test_a_run_that_arrives_goes_to_zero():
    problem = quadratic(spectrum=[1.0], start=[1.0])
    found = exact.moments(problem, schedules.Constant(1), step=0.25, steps=20000)
    assert found.gap[-1] == 0
    n = np.arange(1, 100)
    # x_{t+1} = x_t - x_{t-1}/4 from x_{-1} = x_0 = 1 is (1 + t/2) 2^-t ... at the double root 1/2
    np.testing.assert_allclose(found.mean[1:100, 0], (1 + n / 2 * 1.0) * 0.5**n, rtol=1e-11)


class Lawless(Law):
    """Delays of their own in every replica, without one law."""

    tau_max = 1

    def __init__(self):
        pass

    def draw(self, generator, start, steps, lanes):
        return np.minimum(
            generator.integers(0, 2, (steps, lanes)), np.arange(start, start + steps)[:, None]
        )


class Pairs(schedules.Constant):
    gradients = 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"problem": problems.logistic()},
            "exact.moments needs a problem made by quadratic.*got logistic",
        ),
        ({"problem": 3}, "exact.moments needs a problem made by quadratic.*got 3"),
        ({"schedule": 4}, "exact.moments needs a Schedule such as Constant.4., got 4"),
        (
            {"schedule": Lawless()},
            "independent with a law .a `pmf`., or of.*got Lawless.*replay one",
        ),
        ({"schedule": Pairs(1)}, "one gradient an update, got Pairs.*simulate it"),
        ({"step": np.nan}, "step sizes eta need finite values"),
        ({"step": [0.1, 0.2]}, "step sizes table need 3 values"),
        ({"step": "fast"}, "step sizes need a number"),
        ({"steps": 0}, "exact.moments needs a whole number steps >= 1, got 0"),
        ({"steps": 2.5}, "exact.moments needs a whole number steps >= 1, got 2.5"),
        ({"momentum": 1.0}, r"exact.moments needs momentum in \[0, 1\), got 1.0"),
        ({"momentum": np.nan}, r"exact.moments needs momentum in \[0, 1\), got nan"),
        ({"momentum": "much"}, r"exact.moments needs momentum in \[0, 1\), got 'much'"),
        (
            {"momentum": 0.5, "step": [0.1, 0.0, 0.1]},
            "exact.moments needs steps > 0 with momentum, got 0 at t = 1",
        ),
        (
            {"schedule": schedules.Uniform(6000)},
            r"needs \(tau \+ 1\)\^2 dim <= 134217728 numbers .* got 6001\^2 \* 4; take fewer",
        ),
        ({"window": 0}, "exact.moments needs a whole number window >= 1, got 0"),
        (
            {"method": "guess"},
            'exact.moments needs method = "filter" or "recursion", got \'guess\'',
        ),
        (
            {"method": "filter", "step": [0.1, 0.1, 0.2]},
            "exact.moments needs a constant delay, a constant step and no",
        ),
        (
            {"method": "filter", "momentum": 0.5},
            "no momentum or relative noise to filter, got Constant.tau=1. and momentum = 0.5",
        ),
        (
            {"method": "filter", "schedule": schedules.Uniform(2)},
            r"exact.moments needs a constant delay, a constant step and no.*got Uniform",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(changed, message):
    given = {"problem": BOWL, "schedule": schedules.Constant(1), "step": 0.1, "steps": 3, **changed}
    with pytest.raises(ValueError, match=message):
        exact.moments(given.pop("problem"), given.pop("schedule"), **given)


def test_worker_schedules_are_exact_where_all_replicas_are_the_same():
    class Turns(SharedIterate):
        """Two workers in turn, as a schedule that is no law."""

        tau_max = 1

        def __init__(self):
            pass

        def course(self, generator, lanes):
            return schedules.Constant(1).course(generator, lanes)

    one = exact.moments(BOWL, Turns(), step=0.1, steps=30)
    other = exact.moments(BOWL, schedules.Constant(1), step=0.1, steps=30)
    np.testing.assert_array_equal(one.second_moment, other.second_moment)


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Uniform(4),
        schedules.Workers(3),
        schedules.Workers(service=[schedules.Deterministic(1.0), schedules.Deterministic(2.5)]),
    ],
    ids=["law", "random workers", "workers without chance"],
)
def test_a_history_that_is_replayed_is_exact_for_that_history(schedule):
    """Also one of fewer updates than are looked at to see whether replicas differ."""
    replayed = schedules.history(schedule, 40, seed=2).replay()
    problem = quadratic(dim=3, mu=0.2, L=1.0, start=[1.0, -1.0, 0.5])
    runs = simulate(problem, replayed, step=0.1, steps=40, replicas=1)
    found = exact.moments(problem, replayed, step=0.1, steps=40)
    np.testing.assert_allclose(found.gap, runs.statistics.gap.mean, rtol=1e-12)
    with pytest.raises(ValueError, match="needs at most its 40 updates, got 41"):
        exact.moments(problem, replayed, step=0.1, steps=41)
