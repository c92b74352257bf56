"""Moments with several gradients an update, noise that grows, workers, caches: all that can be."""

from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import pytest

from empirics import exact, schedules
from empirics.problems.quadratic import quadratic

# multiples of powers of two, so that floating point starts from what rational arithmetic does
BOWL = quadratic(spectrum=[0.25, 1.5], sigma=0.5**0.5, start=[-2.0, 1.0])
ONE = quadratic(spectrum=[1.5], sigma=0.5, start=[1.0])
STEPS = (0.5, 0.75, 0.125, 1.0)
SIGNS = (1, -1)


class Sums:
    """E x_t x_{t-l} of what happens with some chance, summed up."""

    def __init__(self, steps, lags=3):
        self.mean = [Fraction(0)] * (steps + 1)
        self.second = [[Fraction(0)] * lags for _ in range(steps + 1)]

    def add(self, chance, x):
        for t, sums in enumerate(self.second):
            self.mean[t] += chance * x[t]
            for lag in range(len(sums)):
                sums[lag] += chance * x[t] * x[max(t - lag, 0)]

    def agrees(self, found, mode):
        mean, second = (np.array(part, dtype=float) for part in (self.mean, self.second))
        np.testing.assert_allclose(found.mean[:, mode], mean, rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(found.second_moment[..., mode], second, rtol=1e-12, atol=1e-15)


def rational(*values):
    return [Fraction(float(v)) for v in values]


# ---- several gradients an update, noise that grows with the gradient ----


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_several_gradients_an_update_with_noise_that_grows(momentum):
    """g = (1 + r z) h y + s w for each of the two; z and w are fresh signs."""
    delays, r, s = [[0, 0], [1, 0], [2, 1]], (0.5, 0.25), (0.5, 1.0)
    eta = STEPS[:3]
    found = exact.moments(
        BOWL,
        schedules.Trace(delays),
        step=np.array(eta),
        steps=3,
        momentum=momentum,
        window=3,
        variance=np.square(s),
        relative=np.square(r),
    )
    for mode in (0, 1):
        h, start, grows, added = rational(BOWL.spectrum[mode], BOWL.start[mode], r[mode], s[mode])
        sums = Sums(3)
        for signs in product(product(SIGNS, repeat=4), repeat=3):
            x, v = [start], Fraction(0)
            for t, (z0, w0, z1, w1) in enumerate(signs):
                one, other = (x[max(t - d, 0)] for d in delays[t])
                g = h * one * (1 + z0 * grows) + h * other * (1 + z1 * grows) + added * (w0 + w1)
                v = Fraction(momentum) * v + g / 2
                x.append(x[t] - Fraction(eta[t]) * v)
            sums.add(Fraction(1, 2**12), x)
        sums.agrees(found, mode)


@pytest.mark.parametrize("K", [1, 2, 4])
def test_the_mean_of_gradients_at_one_point_has_less_noise(K):
    """K gradients read at one point are one with 1/K of the variance, added and relative."""
    given = dict(step=np.array(STEPS), steps=4, window=2)
    several = schedules.Trace([[tau] * K for tau in (0, 1, 0, 2)])
    found = exact.moments(BOWL, several, relative=0.5, **given)
    one = exact.moments(
        BOWL,
        schedules.Trace([0, 1, 0, 2]),
        variance=BOWL.sigma**2 / 2 / K,
        relative=0.5 / K,
        **given,
    )
    np.testing.assert_allclose(found.covariance, one.covariance, rtol=1e-13)


@pytest.mark.parametrize("buffer", [1, 2, 4])
def test_a_barrier_makes_service_times_irrelevant(buffer):
    """Workers of random speed, and the rounds that they go through, as a pattern."""
    workers = schedules.Workers(
        service=[schedules.Exponential(mean) for mean in (1, 2, 3, 9)],
        rule=schedules.Barrier(),
        buffer=buffer,
    )
    drawn = workers.course(np.random.default_rng(0), 3).draw(12).delays
    found = exact.moments(BOWL, workers, step=0.1, steps=12)
    same = exact.moments(BOWL, schedules.Trace(drawn[:, 1].reshape(12, buffer)), step=0.1, steps=12)
    np.testing.assert_array_equal(found.covariance, same.covariance)
    np.testing.assert_array_equal(found.mean, same.mean)


# ---- workers without memory ----


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("service", [(1.0, 1.0), (1.0, 3.0), (0.5, 1.0, 1.0)], ids=str)
def test_memoryless_workers_over_all_orders_of_arrival(service, momentum):
    W, steps, r = len(service), 3, Fraction(1, 2)
    workers = schedules.Workers(service=[schedules.Exponential(mean) for mean in service])
    shares = [1 / Fraction(mean) for mean in service]
    shares = [q / sum(shares) for q in shares]
    found = exact.moments(
        BOWL,
        workers,
        step=np.array(STEPS[:3]),
        steps=3,
        window=3,
        relative=float(r**2),
        momentum=momentum,
    )
    for mode in (0, 1):
        h, start = rational(BOWL.spectrum[mode], BOWL.start[mode])
        sums, read, along = Sums(steps), [Fraction(0)] * steps, [Fraction(0)] * steps
        for events in product(product(range(W), SIGNS, SIGNS), repeat=steps):
            chance, x, held, v = Fraction(1), [start], [start] * W, Fraction(0)
            for who, _, _ in events:
                chance *= shares[who] / 4
            for t, (who, z, w) in enumerate(events):
                read[t] += chance * held[who] ** 2
                along[t] += chance * held[who] * x[t]
                v = Fraction(momentum) * v + h * held[who] * (1 + z * r) + w * r
                x.append(x[t] - Fraction(STEPS[t]) * v)
                held[who] = x[-1]
            sums.add(chance, x)
        sums.agrees(found, mode)
        second = found.read_variance[:, mode] + found.read_mean[:, mode] ** 2
        np.testing.assert_allclose(second, np.array(read, dtype=float), rtol=1e-12)
        second = found.read_covariance[:, mode] + found.mean[:-1, mode] * found.read_mean[:, mode]
        np.testing.assert_allclose(second, np.array(along, dtype=float), rtol=1e-12)


@pytest.mark.parametrize("W", [1, 4])
def test_the_mean_of_memoryless_workers_has_momentum(W):
    """E x_{t+1} - E x_t = (1 - 1/W)(E x_t - E x_{t-1}) - (a/W) E x_t, from x_1 = (1 - a) x_0 on.

    Geometric delays, drawn independently, have the same mean and another variance.
    """
    a, steps = 0.5, 60
    problem = quadratic(spectrum=[1.0], sigma=1.0, start=[1.0])
    found = exact.moments(problem, schedules.Workers(W), step=a, steps=steps)
    x = [1.0, 1 - a]
    for _ in range(steps - 1):
        x.append(x[-1] + (1 - 1 / W) * (x[-1] - x[-2]) - a / W * x[-1])
    np.testing.assert_allclose(found.mean[:, 0], x, rtol=1e-11, atol=1e-15)
    law = schedules.Geometric(p=1 / W, tau_max=120) if W > 1 else schedules.Constant(0)
    other = exact.moments(problem, law, step=a, steps=steps)
    np.testing.assert_allclose(other.mean[:, 0], x, rtol=1e-10, atol=1e-12)
    assert (abs(other.covariance - found.covariance).max() > 0.01) == (W > 1)


# ---- caches ----

STAR = schedules.Caches(
    2,
    [schedules.Pmf([0.25, 0.75]), schedules.Constant(0)],
    own="immediate",
    topology=schedules.star(2),
)
CACHES = [
    schedules.Caches(2, schedules.Pmf([0.25, 0.75])),
    schedules.Caches(2, schedules.Pmf([0.25, 0.75]), destinations="shared", evaluate="mean"),
    schedules.Caches(2, [schedules.Pmf([0.25, 0.75]), schedules.Pmf([0.5, 0.0, 0.5])]),
    schedules.Caches(2, schedules.Uniform(1), own="immediate", evaluate="mean"),
    schedules.Caches(2, schedules.Uniform(1), own="immediate", destinations="shared"),
    STAR,
]


def messages(schedule):
    """All delays that can be drawn in an iteration, (source, destination), and their chances."""
    P, chances = schedule.workers, schedule.chances
    if schedule.destinations == "independent":
        choices = [
            [(k, p) for k, p in enumerate(chances.reshape(P * P, -1)[i]) if p] for i in range(P * P)
        ]
        for drawn in product(*choices):
            yield np.array([k for k, _ in drawn]).reshape(P, P), [p for _, p in drawn]
        return
    laws = schedule.law if isinstance(schedule.law, tuple) else (schedule.law,) * P
    links = np.zeros((P, P), dtype=int) if schedule.topology is None else schedule.topology.extra
    for drawn in product(*([(k, p) for k, p in enumerate(law.pmf) if p] for law in laws)):
        r = np.array([k for k, _ in drawn])[:, None] + links
        yield (
            np.where(np.eye(P, dtype=bool), 0, r) if schedule.own == "immediate" else r,
            [p for _, p in drawn],
        )


@pytest.mark.parametrize("noise", ["none", "added", "relative", "momentum"])
@pytest.mark.parametrize("schedule", CACHES, ids=lambda s: f"{s.destinations}-{s.own}-{s.longest}")
def test_caches_over_all_delays_there_can_be(schedule, noise):
    """As the iteration is written: every update enters every cache once, at t + 1 + r."""
    P, steps = 2, 2 if noise in ("added", "relative") else 3
    r, s, beta = (Fraction(1, 2) * (noise == what) for what in ("relative", "added", "momentum"))
    found = exact.moments(
        ONE,
        schedule,
        step=np.array(STEPS[:steps]),
        steps=steps,
        window=3,
        variance=float(s**2),
        relative=float(r**2),
        momentum=float(beta),
    )
    choices = SIGNS if noise in ("added", "relative") else (0,)
    once = [
        (delays.tolist(), prod(Fraction(p) for p in chances), signs)
        for delays, chances in messages(schedule)
        for signs in product(choices, repeat=P)
    ]
    weight = Fraction(1, len(choices) ** P)
    h, start = rational(ONE.spectrum[0], ONE.start[0])
    sums, off = Sums(steps), [Fraction(0)] * (steps + 1)
    for events in product(once, repeat=steps):
        chance = prod(p for _, p, _ in events) * weight**steps
        x, seen, v = [start] * P, [start], [Fraction(0)] * P
        due = [[Fraction(0)] * P for _ in range(steps + schedule.longest + 2)]
        for t, (delays, _, signs) in enumerate(events):
            for source, z in enumerate(signs):
                v[source] = beta * v[source] + h * x[source] * (1 + z * r) + z * s
                u = Fraction(STEPS[t]) * v[source]
                for to in range(P):
                    due[t + 1 + delays[source][to]][to] += u
            x = [x[to] - due[t + 1][to] for to in range(P)]
            seen.append(sum(x) / P if schedule.evaluate == "mean" else x[0])
            off[t + 1] += chance * (x[0] - x[1]) ** 2 / 4
        sums.add(chance, seen)
    sums.agrees(found, 0)
    apart = np.array(off, dtype=float)
    np.testing.assert_allclose(found.disagreement, apart, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("destinations", ["independent", "shared"])
@pytest.mark.parametrize("evaluate", ["first", "mean"])
def test_caches_that_are_alike_by_their_symmetry_and_in_full(destinations, evaluate):
    """Three workers with one law, and with three laws that happen to be the same."""
    law = schedules.Pmf([0.25, 0.5, 0.0, 0.25])
    given = dict(step=np.linspace(0.3, 0.1, 80), steps=80, window=6, relative=[0.5, 0.1])
    one, other = (
        exact.moments(
            BOWL, schedules.Caches(3, laws, destinations=destinations, evaluate=evaluate), **given
        )
        for laws in (law, [law] * 3)
    )
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12, atol=1e-15)
    scale = one.covariance[:, :1].max(axis=0)
    assert (abs(one.covariance - other.covariance) <= 1e-12 * scale).all()
    np.testing.assert_allclose(one.disagreement, other.disagreement, rtol=1e-11, atol=1e-14)
    assert (one.disagreement[5:] > 1e-3).all() == (destinations == "independent")


@pytest.mark.parametrize("destinations", ["independent", "shared"])
@pytest.mark.parametrize("P", [1, 4])
def test_long_runs_of_caches_end_with_variance_and_disagreement_in_closed_form(P, destinations):
    caches = schedules.Caches(P, schedules.Uniform(5), destinations=destinations)
    a = 0.5 * exact.stability_limit(caches)
    problem = quadratic(spectrum=[1.0], sigma=1.0, start=[0.0])
    found = exact.moments(problem, caches, step=a, steps=1200)
    known = a**2 * exact.stationary_variance(caches, a)
    assert found.covariance[-1, 0, 0] == pytest.approx(known, rel=1e-10)
    if P > 1:
        known = a**2 * exact.cache_disagreement(caches, a) * (P - 1) / (2 * P)
        assert found.disagreement[-1] == pytest.approx(known, rel=1e-10, abs=1e-15)


def test_caches_that_wait_for_nobody_are_plain_steps():
    """No extra delay: P updates at one point, P times the step and 1/P of the variance."""
    found = exact.moments(BOWL, schedules.Caches(4), step=0.1, steps=30, window=2)
    plain = exact.moments(
        BOWL, schedules.Constant(0), step=0.4, steps=30, window=2, variance=BOWL.sigma**2 / 8
    )
    np.testing.assert_allclose(found.second_moment, plain.second_moment, rtol=1e-12, atol=1e-15)
    assert found.disagreement.max() < 1e-16
    assert np.isnan(found.read_gap).all()  # a cache is no old iterate
    assert np.isnan(found.read_squared_distance).all()
    assert np.isnan(found.direction).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"variance": -1.0}, "exact.moments needs variance >= 0, a finite number .*, got -1.0"),
        ({"variance": [1.0]}, "needs variance >= 0, .* for each of 2 modes, got shape .1,"),
        ({"variance": "loud"}, "needs variance >= 0, .*, got 'loud'"),
        ({"relative": np.nan}, "exact.moments needs relative >= 0, .*, got nan"),
        ({"relative": [0.1, np.inf]}, "exact.moments needs relative >= 0, .*, got inf"),
        (
            {"method": "filter", "relative": 0.1},
            "needs a constant delay, .* no momentum or relative noise to filter",
        ),
        (
            {"schedule": schedules.Caches(99, [schedules.Uniform(99)] * 99)},
            "needs at most 134217728 numbers .* with 99 workers, extra delays up to 99 and 2 modes",
        ),
        (
            {"schedule": schedules.Workers(20000)},
            r"needs \(workers \+ 2\)\^2 dim <= 134217728 numbers .* got 20002\^2 \* 2; take fewer",
        ),
        (
            {"schedule": schedules.Workers(3, oldest=1)},
            "needs delays that are the same in every replica, .* exponential.*, got Workers",
        ),
        (
            {"schedule": schedules.Workers(3, schedules.Lognormal())},
            "needs delays that are the same in every replica, .* exponential.*, got Workers",
        ),
        (
            {"schedule": schedules.Workers(4, buffer=2)},
            "needs delays that are the same in every replica, .* exponential.*, got Workers",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(changed, message):
    given = {"schedule": schedules.Constant(1), "step": 0.1, "steps": 3, **changed}
    with pytest.raises(ValueError, match=message):
        exact.moments(BOWL, given.pop("schedule"), **given)
