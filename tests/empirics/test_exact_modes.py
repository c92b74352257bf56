"""Limits, rates and variances with noise that grows, memoryless workers, several gradients."""

import numpy as np
import pytest
from mpmath import asin, cos, findroot, mpf, pi, sin, tan, workdps

from empirics import exact, schedules
from empirics.problems.quadratic import quadratic

STRAGGLER = schedules.Workers(service=[schedules.Exponential(m) for m in (1.0, 1.0, 5.0)])


def second_moment(schedule, a, sigma, steps, **given):
    problem = quadratic(spectrum=[1.0], sigma=sigma, start=[1.0])
    return exact.moments(problem, schedule, step=a, steps=steps, **given).second_moment[:, 0, 0]


@pytest.mark.parametrize(
    ("schedule", "given"),
    [
        (schedules.Constant(0), {"relative": 0.5}),
        (schedules.Constant(4), {"relative": 0.2}),
        (schedules.Constant(2), {"relative": 0.3, "momentum": 0.4}),
        (schedules.Uniform(4), {"relative": 1.0}),
        (schedules.Caches(3, schedules.Uniform(2)), {"relative": 0.7}),
        (schedules.Caches(3, schedules.Uniform(2), destinations="shared"), {"relative": 0.7}),
        (schedules.Caches(2, schedules.Constant(2)), {"relative": 0.7}),
        (schedules.Workers(1), {}),
        (schedules.Workers(4), {"relative": 0.3}),
        (STRAGGLER, {"relative": 0.3}),
        (schedules.Workers(1), {"momentum": 0.5}),
        (schedules.Workers(4), {"relative": 0.3, "momentum": 0.5}),
        (STRAGGLER, {"momentum": 0.5}),
        (schedules.Trace([[0, 0], [1, 0], [2, 1]], repeat=True), {}),
        (schedules.Workers(4, rule=schedules.Barrier(), buffer=2), {}),
    ],
    ids=lambda case: type(case).__name__,
)
def test_limit_rate_and_variance_are_what_long_runs_do(schedule, given):
    """Three ways of the module, kernels, eigenvalues and recursions in time, have one answer."""
    limit = exact.stability_limit(schedule, **given)
    assert exact.rate(schedule, limit, **given) == pytest.approx(1, abs=1e-9)
    runs = [second_moment(schedule, share * limit, 0.0, 1500, **given) for share in (0.96, 1.04)]
    assert runs[0][-60:].max() < 1 < runs[1][-60:].max()
    a = 0.6 * limit
    period = len(getattr(schedule, "delays", [0, 0]))
    end = second_moment(schedule, a, 1.0, 900, **given)[-period:].mean()
    variance = exact.stationary_variance(schedule, a, **given)
    assert end / a**2 == pytest.approx(variance, rel=1e-9)
    a = 0.9 * limit  # slow enough to be seen for a while
    still = second_moment(schedule, a, 0.0, 600, **given)
    slope = (still[500:600].max() / still[50:150].max()) ** (1 / 900)
    assert slope == pytest.approx(exact.rate(schedule, a, **given), abs=3e-3)
    assert exact.stationary_variance(schedule, 1.001 * limit, **given) == np.inf
    assert exact.rate(schedule, 0.9 * limit, "mean", **given) < 1  # means are never the first


@pytest.mark.parametrize("W", [1, 2, 5, 40, 5000])
def test_memoryless_workers_have_the_limits_of_their_closed_form(W):
    """Mean: 2 (2 W - 1); mean square: (1 + sqrt(1 + 8 W))/(2 W), with a variance to match."""
    workers = schedules.Workers(W)
    a = exact.stability_limit(workers)
    assert exact.stability_limit(workers, "mean") == pytest.approx(2 * (2 * W - 1), rel=1e-11)
    assert a == pytest.approx((1 + np.sqrt(1 + 8 * W)) / (2 * W), rel=1e-11)
    a *= 0.5
    known = (1 + W * a) / (a * (2 + a - W * a**2))
    assert exact.stationary_variance(workers, a) == pytest.approx(known, rel=1e-10)


def test_workers_that_are_equally_fast_by_four_numbers_and_in_full():
    even, hardly = (
        schedules.Workers(service=[schedules.Exponential(m) for m in (1, 1, last)])
        for last in (1, 1 + 1e-9)
    )
    for ask in (
        exact.stability_limit,
        lambda w: exact.stability_limit(w, momentum=0.6),
        lambda w: exact.rate(w, 0.1, "mean", momentum=0.6),
        lambda w: exact.rate(w, 0.4),
        lambda w: exact.rate(w, 0.4, "mean"),
        lambda w: exact.stationary_variance(w, 0.4, relative=0.5),
    ):
        assert ask(even) == pytest.approx(ask(hardly), rel=1e-7)


@pytest.mark.parametrize("tau", [0, 1, 5, 64, 1000])
def test_relative_noise_has_the_limit_of_its_equation(tau):
    """nu a^2 Gamma_0(tau, a) = 1, in thirty digits; (1 + nu) a = 2 without delay."""
    nu, limit = mpf("0.4"), 2 * sin(pi / (2 * (2 * tau + 1)))

    def gamma(a):
        theta = 2 * asin(a / 2)
        alpha = (2 * tau + 1) * theta / 2
        return (1 + sin(alpha)) / (2 * sin(theta) * cos(alpha))

    with workdps(30):
        known = findroot(
            lambda a: 1 / (nu * a**2 * gamma(a)) - 1,
            (limit / 100, limit * (1 - mpf(10) ** -9)),
            solver="anderson",
        )
    a = exact.stability_limit(schedules.Constant(tau), relative=0.4)
    assert a == pytest.approx(float(known), rel=1e-10)
    if tau == 0:
        assert a == pytest.approx(2 / 1.4, rel=1e-11)
    share = float(known) / 2
    variance = exact.stationary_variance(schedules.Constant(tau), share, relative=0.4)
    total = float(gamma(mpf(share)))
    close = 1e-8 if tau == 1000 else 1e-10  # stepping down a thousand orders costs digits
    assert variance == pytest.approx(total / (1 - 0.4 * share**2 * total), rel=close)


@pytest.mark.parametrize("s", [1, 4, 64])
@pytest.mark.parametrize("P", [1, 3, 16])
def test_caches_have_the_closed_form_of_uniform_delays_in_thirty_digits(P, s):
    """a^2 sum K = (A (1 + S T)/2 - T + A^2 (P - 1)(S^2 - 1)/(6 S))/P^2, with S = s + 1."""
    S = s + 1

    def parts(theta):
        A, t = 2 * S * sin(theta / 2) ** 2, tan(theta / 2)
        T = t * tan(S * theta / 2)
        return A, T, (A * (1 + S * T) / 2 - T + A**2 * (P - 1) * (S**2 - 1) / (6 * S)) / P**2

    with workdps(30):
        end = pi / S
        theta = findroot(
            lambda x: 1 / parts(x)[2] - 1, (end / 100, end * (1 - mpf(10) ** -9)), solver="anderson"
        )
        limit = float(parts(theta)[0] / P)
        A, T, kernel = parts(theta / 2)
        a = A / P
        variance = (P * T / A**2 + kernel / a**2) / (1 - kernel)
        apart = P * (a**2 * variance + 1) * mpf(S**2 - 1) / (3 * S)
        a, variance, apart = float(a), float(variance), float(apart)
    caches = schedules.Caches(P, schedules.Uniform(s))
    assert exact.stability_limit(caches) == pytest.approx(limit, rel=1e-10)
    assert exact.stationary_variance(caches, a) == pytest.approx(variance, rel=1e-10)
    if P > 1:
        assert exact.cache_disagreement(caches, a) == pytest.approx(apart, rel=1e-10)


def test_a_coordinate_that_is_seldom_touched():
    """Touched with chance p and divided by p: a tan(pi/4 + a delta/2) = 2, delta = tau p, p -> 0.

    In the letters of a gradient that is not divided: a is the step times curvature of one touch.
    """
    n, delta = 1000, 1.0
    law, p = schedules.Constant(int(delta * n)), 1 / n
    a = exact.stability_limit(law, relative=(1 - p) / p) / p
    assert a * np.tan(np.pi / 4 + a * delta / 2) == pytest.approx(2, rel=6e-3)


def test_relative_noise_reaches_largest_delay_best_step_and_disagreement():
    given = {"relative": 0.5}
    assert exact.largest_delay(0.1, **given) < exact.largest_delay(0.1)
    found = exact.best_step(schedules.Constant(2), **given)
    assert found.rate > exact.best_step(schedules.Constant(2)).rate
    assert found.rate == pytest.approx(exact.rate(schedules.Constant(2), found.step, **given))
    caches = schedules.Caches(3, schedules.Uniform(4))
    apart = exact.moments(
        quadratic(spectrum=[1.0], sigma=1.0), caches, step=0.1, steps=800, **given
    ).disagreement[-1]
    known = 0.01 * exact.cache_disagreement(caches, 0.1, **given) / 3  # (P - 1)/(2 P)
    assert apart == pytest.approx(known, rel=1e-9)
    assert exact.cache_disagreement(caches, 0.1) < exact.cache_disagreement(caches, 0.1, **given)


def test_a_pattern_of_pairs_is_not_a_pattern_of_their_means():
    pairs = schedules.Trace([[0, 0], [1, 1], [0, 1]], repeat=True)
    alone = schedules.Trace([0, 1, 1], repeat=True)
    assert exact.rate(pairs, 0.3) != pytest.approx(exact.rate(alone, 0.3), rel=1e-3)
    twice = schedules.Trace([[0, 0], [1, 1], [1, 1]], repeat=True)
    assert exact.stability_limit(twice) == pytest.approx(exact.stability_limit(alone), rel=1e-12)
    halves = exact.stationary_variance(twice, 0.2), exact.stationary_variance(alone, 0.2)
    assert halves[0] == pytest.approx(halves[1] / 2, rel=1e-12)


@pytest.mark.parametrize("tau", range(2, 7))
def test_delays_that_vary_can_be_worse_than_their_largest(tau):
    """The word 0, 1, ..., tau, tau, ..., with m more: a period is -1 at the limit.

    1 - (tau + 1 + m) a + m (m + 1)/2 a^2 = -1, least over m <= tau.
    """
    known, words = [], []
    for m in range(1, tau + 1):
        roots = np.roots([m * (m + 1) / 2, -(tau + 1 + m), 2])
        known.append(min(roots[np.isreal(roots)].real))
        words.append(schedules.Cyclic([*range(tau + 1), *[tau] * m]))
    limits = [exact.stability_limit(word) for word in words]
    best = int(np.argmin(known))
    assert limits[best] == pytest.approx(known[best], rel=1e-11)
    assert min(limits) == limits[best]
    assert limits[best] < exact.stability_limit(schedules.Constant(tau))
    if tau == 2:
        assert limits[best] == pytest.approx(2 - 2**0.5, rel=1e-11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: exact.stability_limit(schedules.Constant(1), relative=-0.1),
            "stability limit needs a number relative with relative >= 0, got -0.1",
        ),
        (
            lambda: exact.rate(schedules.Constant(1), 0.1, relative=np.nan),
            "rate needs a number relative .*, got nan",
        ),
        (
            lambda: exact.best_step(schedules.Constant(1), relative="x"),
            "best step needs a number relative .*, got 'x'",
        ),
        (
            lambda: exact.cache_disagreement(schedules.Caches(2), 0.1, relative=np.inf),
            "cache disagreement needs a number relative .*, got inf",
        ),
        (
            lambda: exact.stability_limit(schedules.Cyclic([0, 1]), relative=0.1),
            "stability limit needs delays that are constant or independent, or memoryless workers,",
        ),
        (
            lambda: exact.stability_limit(
                schedules.Workers(service=[schedules.Exponential(m + 1) for m in range(25)])
            ),
            "stability limit needs at most 24 workers if they differ in speed, got 25",
        ),
        (
            lambda: exact.rate(schedules.Workers(3, schedules.Lognormal()), 0.1),
            "rate needs delays that are the same in every replica, .* exponential",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
