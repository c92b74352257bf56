"""Limits, rates and stationary variances: closed forms, operators, long runs, and each other."""

import numpy as np
import pytest
from scipy.optimize import brentq

from empirics import exact, schedules
from empirics.exact.filters import autocovariance, orders, radius
from empirics.exact.independent import Independent
from empirics.exact.periodic import Periodic
from empirics.problems.quadratic import quadratic

LONG = [0, 1, 2, 3, 8, 64, 1000]


def one_delay(tau):
    pmf = np.zeros(tau + 1)
    pmf[tau] = 1
    return pmf


def operators(pmf, a, momentum=0.0):
    """What carries the mean and the second moments of the latest iterates, written out."""
    n = max(len(pmf), 2)
    mean, second = np.zeros((n, n)), np.zeros((n * n, n * n))
    for delay, p in enumerate(pmf):
        A = np.zeros((n, n))
        A[range(1, n), range(n - 1)] = 1
        A[0, 0] += 1 + momentum
        A[0, 1] -= momentum
        A[0, delay] -= a
        mean, second = mean + p * A, second + p * np.kron(A, A)
    return mean, second


def largest(matrix):
    return np.abs(np.linalg.eigvals(matrix)).max()


# ---- constant delay ----


@pytest.mark.parametrize("tau", LONG)
def test_constant_delay_has_the_known_limit_by_two_ways(tau):
    known = 2 * np.sin(np.pi / (2 * (2 * tau + 1)))
    assert exact.stability_limit(schedules.Constant(tau)) == pytest.approx(known, rel=1e-15)
    crossing = Independent(pmf=one_delay(tau), momentum=0.0).limit(False)
    assert crossing == pytest.approx(known, rel=1e-12)


@pytest.mark.parametrize("tau", LONG)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999, 1.2])
def test_constant_delay_has_one_rate_by_three_ways(tau, share):
    a = share * exact.stability_limit(schedules.Constant(tau))
    closed = exact.rate(schedules.Constant(tau), a)
    filtered = Independent(pmf=one_delay(tau), momentum=0.0)
    assert filtered.rate(a, square=True) == pytest.approx(closed, rel=1e-11)
    assert (closed < 1) == (share < 1)
    if tau <= 8:
        period = Periodic(pattern=np.array([[tau]]), momentum=0.0)
        assert period.rate(a, square=True) == pytest.approx(closed, rel=1e-11)
        assert largest(operators(one_delay(tau), a)[0]) == pytest.approx(closed, rel=1e-11)
    if share < 1:
        variance = exact.stationary_variance(schedules.Constant(tau), a)
        # stepping down a thousand orders next to a root at 1 costs digits
        close = 1e-8 if tau == 1000 else 1e-10
        assert filtered.variance(a) == pytest.approx(variance, rel=close)


@pytest.mark.parametrize("tau", [1, 2, 8, 1000])
def test_the_fastest_step_makes_a_double_root(tau):
    best = exact.best_step(schedules.Constant(tau))
    assert best.step == pytest.approx(tau**-1.0 * (tau / (tau + 1)) ** (tau + 1), rel=1e-12)
    assert best.rate == tau / (tau + 1)
    for near in (1 - 1e-6, 1, 1 + 1e-6):
        found = exact.rate(schedules.Constant(tau), near * best.step)
        assert best.rate * (1 - 1e-9) < found < best.rate * (1 + 3e-3)


@pytest.mark.parametrize("a", [0.01, 0.2, 0.5, 0.6])
def test_stationary_variances_of_short_delays_are_rational(a):
    for tau, known in (
        (0, 1 / (a * (2 - a))),
        (1, (1 + a) / (a * (1 - a) * (2 + a))),
        (2, (1 + a - a**2) / (a * (2 - a) * (1 - a - a**2))),
    ):
        found = exact.stationary_variance(schedules.Constant(tau), a)
        assert found == pytest.approx(known, rel=1e-12)


@pytest.mark.parametrize("tau", [0, 1, 3, 10])
def test_a_long_run_ends_with_the_stationary_autocovariance(tau):
    """Var cos(theta j - f)/cos f for 0 <= j <= tau + 1, f = (2 tau + 1) theta/4 - pi/4."""
    a = 0.7 * exact.stability_limit(schedules.Constant(tau))
    problem = quadratic(spectrum=[1.0], sigma=1.0)
    found = exact.moments(problem, schedules.Constant(tau), step=a, steps=3000, window=tau + 2)
    variance = exact.stationary_variance(schedules.Constant(tau), a)
    theta = 2 * np.arcsin(a / 2)
    f = (2 * tau + 1) * theta / 4 - np.pi / 4
    known = variance * np.cos(theta * np.arange(tau + 2) - f) / np.cos(f)
    np.testing.assert_allclose(found.covariance[-1, :, 0] / a**2, known, rtol=1e-10)


def test_the_largest_delay_inverts_the_limit():
    for a in (0.003, 0.02, 0.1, 0.5, 1.0 - 1e-9, 1.5):
        tau = exact.largest_delay(a)
        assert tau == np.ceil(np.pi / (4 * np.arcsin(a / 2)) - 0.5) - 1
        assert exact.stability_limit(schedules.Constant(tau)) > a
        assert exact.stability_limit(schedules.Constant(tau + 1)) <= a
    for kind in ("mean", "mean-square"):
        tau = exact.largest_delay(0.2, schedules.Uniform, kind)
        limits = [exact.stability_limit(schedules.Uniform(tau + k), kind) for k in (0, 1)]
        assert limits[0] > 0.2 >= limits[1]
    slow = exact.largest_delay(0.02, momentum=0.8)
    assert slow < exact.largest_delay(0.02)


# ---- independent delays ----


def uniform_limits(s):
    """Mean and mean-square limit for delays uniform on 0, ..., s - 1, in closed form."""

    def mean_square(theta):
        a, t = 2 * s * np.sin(theta / 2) ** 2, np.tan(theta / 2)
        # a (1 + s T) - 2 (1 + T) with T = t tan(s theta/2), times cos(s theta/2)
        cosine, sine = np.cos(s * theta / 2), np.sin(s * theta / 2)
        return a * (cosine + s * t * sine) - 2 * (cosine + t * sine)

    theta = brentq(mean_square, 1e-12, np.pi / s * (1 - 1e-14), xtol=1e-300, rtol=1e-15)
    return 2 * s * np.sin(np.pi / (2 * s)) ** 2, 2 * s * np.sin(theta / 2) ** 2


@pytest.mark.parametrize("s", [2, 3, 5, 16, 65, 1001])
def test_uniform_delays_have_the_limits_of_their_closed_form(s):
    mean, square = uniform_limits(s)
    law = schedules.Uniform(s - 1)
    assert exact.stability_limit(law, "mean") == pytest.approx(mean, rel=1e-12)
    assert exact.stability_limit(law) == pytest.approx(square, rel=1e-11)
    a = 0.8 * square
    theta = 2 * np.arcsin(np.sqrt(a / (2 * s)))
    T = np.tan(theta / 2) * np.tan(s * theta / 2)
    known = (1 + s * T) / (a * (2 * (1 + T) - a * (1 + s * T)))
    assert exact.stationary_variance(law, a) == pytest.approx(known, rel=1e-10)
    if s == 2:
        assert square == pytest.approx(5**0.5 - 1, rel=1e-14)


def test_closed_forms_of_uniform_delays_are_those_of_any_law():
    """At s = 8 the transform and the sum disagree on the sign of a number that is 0."""
    for s in range(2, 41):
        law, general = schedules.Uniform(s - 1), Independent(pmf=np.full(s, 1 / s), momentum=0.0)
        for kind in ("mean", "mean-square"):
            limit = exact.stability_limit(law, kind)
            assert general.limit(kind == "mean-square") == pytest.approx(limit, rel=1e-11)
    assert exact.largest_delay(1e-3, schedules.Uniform) == 4930  # no covariances are formed


@pytest.mark.parametrize("M", [2, 4, 8])
def test_asynchrony_begets_momentum_in_the_mean_only(M):
    """Geometric delays: the mean bears ever larger steps, the mean square ever smaller ones."""
    law = schedules.Geometric(p=1 / M, tau_max=60 * M)
    mean, a = exact.stability_limit(law, "mean"), exact.stability_limit(law)
    assert mean == pytest.approx(2 * (2 * M - 1), rel=1e-9)
    assert (M - 1) * a**2 + a / (2 * M) == pytest.approx(2 - 1 / M, rel=1e-9)
    assert a < 2 < mean


def test_cutting_a_law_shorter_can_lower_the_limit_of_the_mean():
    for most, known in ((5, 2.009), (6, 5.455)):
        law = schedules.Geometric(p=0.2, tau_max=most)
        assert exact.stability_limit(law, "mean") == pytest.approx(known, abs=5e-4)


@pytest.mark.parametrize("seed", range(12))
def test_random_laws_against_the_operators_that_carry_the_moments(seed):
    generator = np.random.default_rng(seed)
    for _ in range(8):
        pmf = generator.dirichlet(np.full(generator.integers(2, 7), 0.5))
        momentum = float(generator.choice([0.0, 0.5, 0.9]))
        law, given = schedules.Pmf(pmf), {"momentum": momentum}
        limits = [exact.stability_limit(law, kind, **given) for kind in ("mean", "mean-square")]
        assert largest(operators(pmf, limits[0], momentum)[0]) == pytest.approx(1, abs=1e-9)
        assert largest(operators(pmf, limits[1], momentum)[1]) == pytest.approx(1, abs=1e-9)
        for share in generator.uniform(0, 1, 4):  # and none before it
            assert largest(operators(pmf, share * limits[1], momentum)[1]) < 1 + 1e-12
        a = limits[0] * generator.uniform(0.02, 1.2)
        mean, second = operators(pmf, a, momentum)
        assert exact.rate(law, a, "mean", **given) == pytest.approx(largest(mean), rel=1e-8)
        assert exact.rate(law, a, **given) ** 2 == pytest.approx(largest(second), rel=1e-8)
        a = 0.7 * limits[1]
        second = operators(pmf, a, momentum)[1]
        noise = np.zeros(len(second))
        noise[0] = 1
        known = np.linalg.solve(np.eye(len(second)) - second, noise)[0]
        assert exact.stationary_variance(law, a, **given) == pytest.approx(known, rel=1e-9)


def test_a_long_law_by_bisection_and_by_eigenvalues():
    law = Independent(pmf=schedules.Geometric(mean=30.0, tau_max=200).pmf, momentum=0.3)
    c = law.filter(0.5 * law.limit(False))
    assert radius(c) == pytest.approx(np.abs(np.roots(c)).max(), rel=1e-9)


# ---- momentum, patterns ----


@pytest.mark.parametrize("tau", range(7))
@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9, 0.99])
def test_momentum_has_the_limit_of_its_boundary_curve(tau, beta):
    """beta = cos((tau + 1/2) th)/cos((tau - 1/2) th), a = 2 sin(th/2) sin th/cos((tau - 1/2) th).

    For even tau the root -1 may come first, at 2 (1 + beta).
    """
    if tau == 0:
        known = 2 * (1 + beta)
    else:
        end = np.pi / max(2 * tau - 1, 1) * (1 - 1e-15)
        theta = brentq(
            lambda th: np.cos((tau + 0.5) * th) - beta * np.cos((tau - 0.5) * th),
            1e-9,
            end,
            xtol=1e-300,
            rtol=1e-15,
        )
        known = 2 * np.sin(theta / 2) * np.sin(theta) / np.cos((tau - 0.5) * theta)
        if tau % 2 == 0:
            known = min(known, 2 * (1 + beta))
    law, plain = schedules.Constant(tau), exact.stability_limit(schedules.Constant(tau))
    found = exact.stability_limit(law, momentum=beta)
    assert found == pytest.approx(known, rel=1e-11)
    assert (found > plain) == (tau == 0)  # a delay turns the help of momentum into harm
    if tau == 1:
        assert found == pytest.approx(1 - beta, rel=1e-11)


@pytest.mark.parametrize("s", [1, 2, 3, 5, 9])
def test_reading_the_first_iterate_of_each_block_is_one_step_s_times_as_long(s):
    block = schedules.Cyclic(range(s))
    assert exact.stability_limit(block) == pytest.approx(2 / s, rel=1e-12)
    assert exact.rate(block, 0.5 / s) == pytest.approx(0.5 ** (1 / s), rel=1e-12)
    # x_{j s + k} = x_{j s} (1 - k a) - w - ...: average the variance over the places of a block
    a = 0.5 / s
    at_start = s / (1 - (1 - s * a) ** 2)
    known = np.mean([(1 - k * a) ** 2 * at_start + k for k in range(s)])
    assert exact.stationary_variance(block, a) == pytest.approx(known, rel=1e-12)


def test_a_trace_that_repeats_is_a_pattern():
    once, again = (schedules.Trace([0, 1, 2, 0, 3], repeat=repeat) for repeat in (False, True))
    pattern = schedules.Cyclic([0, 1, 2, 0, 3])
    assert exact.stability_limit(again) == exact.stability_limit(pattern)
    assert exact.rate(again, 0.2) == exact.rate(pattern, 0.2)
    message = "stability limit needs delays that are constant, independent or in a pattern"
    with pytest.raises(ValueError, match=message):
        exact.stability_limit(once)


@pytest.mark.parametrize("momentum", [0.0, 0.6])
@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Constant(3),
        schedules.Uniform(4),
        schedules.Geometric(p=0.3, tau_max=9),
        schedules.Cyclic([3, 0, 1, 5]),
    ],
    ids=repr,
)
def test_limit_rate_and_variance_are_what_long_runs_do(schedule, momentum):
    limit = exact.stability_limit(schedule, momentum=momentum)

    def run(a, sigma, steps):
        problem = quadratic(spectrum=[1.0], sigma=sigma, start=[1.0])
        found = exact.moments(problem, schedule, step=a, steps=steps, momentum=momentum)
        return found.second_moment[:, 0, 0]

    assert run(0.99 * limit, 0.0, 4000)[-50:].max() < 1
    assert run(1.01 * limit, 0.0, 4000)[-50:].max() > 1
    a = 0.6 * limit
    end = run(a, 1.0, 3000)[-len(getattr(schedule, "pattern", [1])) :].mean()
    variance = exact.stationary_variance(schedule, a, momentum=momentum)
    assert end / a**2 == pytest.approx(variance, rel=1e-10)
    path = run(a, 0.0, 1200)  # the largest of a stretch, as it may oscillate
    stretches = [path[t : t + 200].max() for t in (100, 900)]
    slope = (stretches[1] / stretches[0]) ** (1 / 1600)
    assert slope == pytest.approx(exact.rate(schedule, a, momentum=momentum), abs=2e-3)
    assert exact.rate(schedule, limit, momentum=momentum) == pytest.approx(1, abs=1e-9)
    assert exact.stationary_variance(schedule, 1.001 * limit, momentum=momentum) == np.inf


# ---- the best step ----


@pytest.mark.parametrize("condition", [1.0, 3.0, 50.0])
def test_the_best_step_for_two_curvatures(condition):
    """At delays 0 and 1 the rates are known; at the best step both ends are equally slow."""
    known = {0: (condition - 1) / (condition + 1), 1: condition / (condition + 1)}
    for tau in (0, 1, 2, 6):
        law = schedules.Constant(tau)
        best = exact.best_step(law, condition=condition)
        if tau in known:
            assert best.rate == pytest.approx(known[tau], rel=1e-8)
        if condition > 1:
            ends = [exact.rate(law, best.step / k) for k in (1, condition)]
            assert ends[0] == pytest.approx(ends[1], rel=1e-8)
        for a in np.linspace(0.02, 0.98, 40) * exact.stability_limit(law):
            slow = max(exact.rate(law, a), exact.rate(law, a / condition))
            assert slow > best.rate * (1 - 1e-9)


@pytest.mark.parametrize("kind", ["mean", "mean-square"])
@pytest.mark.parametrize(
    "schedule", [schedules.Uniform(3), schedules.Cyclic([0, 3]), schedules.Constant(2)], ids=repr
)
def test_no_other_step_is_faster(schedule, kind):
    for momentum in (0.0, 0.4):
        best = exact.best_step(schedule, kind, momentum=momentum)
        again = exact.rate(schedule, best.step, kind, momentum=momentum)
        assert best.rate == pytest.approx(again, rel=1e-7)  # a double root feels every bit
        limit = exact.stability_limit(schedule, kind, momentum=momentum)
        others = [
            exact.rate(schedule, a, kind, momentum=momentum)
            for a in limit * np.linspace(0.005, 0.995, 150)
        ]
        assert best.rate <= min(others) * (1 + 1e-12)


# ---- filters ----


def test_stepping_down_tells_stable_filters_from_others():
    generator = np.random.default_rng(3)
    both = set()
    for _ in range(200):
        c = np.append(1.0, generator.normal(0, 0.6, generator.integers(1, 7)))
        inside = bool(np.abs(np.roots(c)).max() < 1)
        assert (orders(c) is not None) == inside
        both.add(inside)
        gamma = autocovariance(c, 9)
        if gamma is None:
            continue
        h = [1.0]
        for n in range(1, 6000):
            back = h[max(n - len(c) + 1, 0) :][::-1]
            h.append(-float(c[1 : len(back) + 1] @ back))
            if n > 300 and max(map(abs, h[-10:])) < 1e-12:
                break
        h = np.array(h)
        sums = [h[: len(h) - lag] @ h[lag:] for lag in range(9)]
        if abs(h[-1]) < 1e-12:
            np.testing.assert_allclose(gamma, sums, rtol=1e-9, atol=1e-9 * gamma[0])
    assert both == {True, False}


def test_long_filters_row_by_row_have_the_autocovariance_of_the_system(monkeypatch):
    c = Independent(pmf=schedules.Geometric(mean=6.0, tau_max=40).pmf, momentum=0.3).filter(0.2)
    at_once = autocovariance(c, 60)
    monkeypatch.setattr("empirics.exact.filters.WIDE", 0)
    np.testing.assert_allclose(autocovariance(c, 60), at_once, rtol=1e-11)


# ---- bad input ----


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact.stability_limit(3), "stability limit needs a Schedule"),
        (
            lambda: exact.stability_limit(schedules.Workers(3, schedules.Lognormal())),
            "stability limit needs delays that are the same .* got Workers.*take Pmf of the",
        ),
        (
            lambda: exact.stability_limit(schedules.Constant(1), "variance"),
            'stability limit needs kind = "mean" or "mean-square", got \'variance\'',
        ),
        (
            lambda: exact.stability_limit(schedules.Constant(1), momentum=-0.1),
            r"stability limit needs momentum in \[0, 1\), got -0.1",
        ),
        (lambda: exact.rate(schedules.Constant(1), 0.0), "rate needs a finite a .* > 0, got 0.0"),
        (lambda: exact.rate(schedules.Constant(1), np.nan), "rate needs a finite a .*, got nan"),
        (lambda: exact.rate(schedules.Constant(1), "x"), "rate needs a finite a .*, got 'x'"),
        (
            lambda: exact.stationary_variance(schedules.Uniform(1), np.inf),
            "stationary variance needs a finite a .*, got inf",
        ),
        (
            lambda: exact.largest_delay(2.5),
            "largest delay needs a step that is stable without delay, got a = 2.5",
        ),
        (
            lambda: exact.largest_delay(1e-9),
            r"largest delay needs a step that does not bear 10\^6, got a = 1e-09",
        ),
        (
            lambda: exact.best_step(schedules.Constant(1), condition=0.5),
            "best step needs a finite condition >= 1, got 0.5",
        ),
        (
            lambda: exact.best_step(schedules.Constant(1), condition=np.nan),
            "best step needs a finite condition >= 1, got nan",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
