"""Exact formulas as numbers, against roots, recursions and the exact module."""

import numpy as np
import pytest

from empirics import exact, problems, schedules
from empirics.compare.formulas import number
from theory import linear

DELAYS = (0, 1, 2, 5, 16)


def of(name, expression, **values):
    found = number(linear.find(name), expression, **values)
    return found if found.shape else float(found)


def roots(tau, a, beta=0.0):
    """All roots of z^{tau-1} (z - 1)(z - beta) + a, from numpy's companion matrix."""
    coefficients = np.zeros(tau + 3)
    coefficients[:3] = 1, -1 - beta, beta
    coefficients[tau + 1] += a  # multiplied by z, so that tau = 0 needs no case of its own
    return np.roots(coefficients)


def radius(tau, a, beta=0.0):
    return np.abs(roots(tau, a, beta)).max()


def angle_of(function, value, low, high):
    """Where a monotone function of an angle takes a value, by bisection."""
    rising = function(high) > function(low)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if (function(middle) < value) == rising else (low, middle)
    return (low + high) / 2


@pytest.mark.parametrize("tau", DELAYS)
def test_the_limit_and_its_inverse(tau):
    limit = of("constant_delay.stability_limit", "limit", tau=tau)
    assert limit == pytest.approx(exact.stability_limit(schedules.Constant(tau)), rel=1e-12)
    assert radius(tau, 0.999 * limit) < 1 < radius(tau, 1.001 * limit)
    assert of("constant_delay.largest_delay", "bound", a=limit) == pytest.approx(tau, abs=1e-9)
    below = of("constant_delay.largest_delay", "bound", a=0.99 * limit)
    assert exact.largest_delay(0.99 * limit) == np.ceil(below) - 1


@pytest.mark.parametrize("tau", DELAYS[1:])
def test_rates(tau):
    best, rate = (of("roots.best_step", name, tau=tau) for name in ("step", "rate"))
    found = exact.best_step(schedules.Constant(tau))
    assert (best, rate) == pytest.approx((found.step, found.rate), rel=1e-12)
    assert min(radius(tau, best * factor) for factor in (0.9, 1.1)) > rate
    for r in np.linspace(rate, 1, 5)[1:-1]:
        step = of("roots.small_steps", "step", tau=tau, r=r)
        assert radius(tau, step) == pytest.approx(r, rel=1e-9)
    for phi in np.linspace(0, np.pi / (2 * tau + 1), 6)[1:-1]:
        r = of("roots.large_steps", "rate", tau=tau, phi=phi)
        step = of("roots.large_steps", "step", tau=tau, phi=phi, r=r)
        assert radius(tau, step) == pytest.approx(r, rel=1e-9)
        assert exact.rate(schedules.Constant(tau), float(step)) == pytest.approx(r, rel=1e-9)


@pytest.mark.parametrize("tau", DELAYS)
def test_stationary_noise(tau):
    """Against the exact module, and the covariance of a long exact run."""
    theta = 0.7 * np.pi / (2 * tau + 1)
    alpha, a, v = (2 * tau + 1) * theta / 2, 2 * np.sin(theta / 2), 0.3
    values = {"theta": theta, "alpha": alpha, "v": v}
    variance = of("stationary.variance", "variance", **values)
    known = v * exact.stationary_variance(schedules.Constant(tau), float(a))
    assert variance == pytest.approx(known, rel=1e-12)
    lags = np.arange(tau + 2)
    found = of("stationary.autocovariance", "autocovariance", j=lags, **values)
    problem = problems.quadratic(dim=1, mu=1.0, L=1.0, sigma=np.sqrt(v) / a)
    steps = 60 * (tau + 1)
    long = exact.moments(
        problem, schedules.Constant(tau), step=float(a), steps=steps, window=tau + 2
    )
    assert found == pytest.approx(long.covariance[-1, :, 0], rel=1e-6)
    assert found[0] == pytest.approx(variance, rel=1e-12)
    shifted = of("stationary.variance", "variance", **(values | {"alpha": alpha + theta}))
    assert shifted != pytest.approx(known, rel=0.05)  # a delay off by one is noticed


@pytest.mark.parametrize("tau", [0, 1, 3])
def test_transients(tau):
    x, kicked = [1.0] * (tau + 1), [0.0] * tau + [1.0]
    a = 0.4
    for _ in range(12):
        x.append(x[-1] - a * x[-1 - tau])
        kicked.append(kicked[-1] - a * kicked[-1 - tau])
    times = np.arange(13)
    mean = of("transient.mean", "mean", a=a, k=times, tau=tau, x_0=1.0)
    response = of("transient.impulse", "response", a=a, n=times, tau=tau)
    assert mean == pytest.approx(np.array(x[tau:]), rel=1e-9)
    assert response == pytest.approx(np.array(kicked[tau:]), rel=1e-9)


@pytest.mark.parametrize("tau", DELAYS[1:])
@pytest.mark.parametrize("kappa", [1.5, 10.0])
def test_the_tuned_step(tau, kappa):
    def condition(phi):
        return of("two_modes.tuned_step", "kappa", tau=tau, phi=phi)

    phi = angle_of(condition, kappa, 0.0, np.pi / (2 * tau + 1) * (1 - 1e-12))
    rate = of("two_modes.tuned_step", "rate", tau=tau, phi=phi)
    step = of("two_modes.tuned_step", "step", tau=tau, phi=phi, r=rate)
    slowest = {
        f: max(radius(tau, f * step), radius(tau, f * step / kappa)) for f in (0.99, 1, 1.01)
    }
    assert slowest[1] == pytest.approx(rate, rel=1e-8)
    assert min(slowest[0.99], slowest[1.01]) > slowest[1]
    if tau == 1:
        assert of("two_modes.one_update_old", "rate", kappa=kappa) == pytest.approx(rate)
        assert of("two_modes.one_update_old", "step", kappa=kappa) == pytest.approx(step)
        found = exact.best_step(schedules.Constant(1), condition=kappa)
        assert (found.step, found.rate) == pytest.approx((step, rate), rel=1e-6)


def test_the_tuned_step_without_delay_and_the_slowdown():
    kappa, tau = 7.0, 16
    found = exact.best_step(schedules.Constant(0), condition=kappa)
    assert of("two_modes.without_delay", "rate", kappa=kappa) == pytest.approx(found.rate)
    assert of("two_modes.without_delay", "step", kappa=kappa) == pytest.approx(found.step)
    limit = of("two_modes.slowdown", "slowdown", tau=tau)
    assert limit == pytest.approx(21.02, abs=0.01)
    late = []
    for kappa in (1e2, 1e4):
        phi = angle_of(
            lambda phi: of("two_modes.tuned_step", "kappa", tau=tau, phi=phi),
            kappa,
            0.0,
            np.pi / (2 * tau + 1) * (1 - 1e-12),
        )
        rate = of("two_modes.tuned_step", "rate", tau=tau, phi=phi)
        fresh = of("two_modes.without_delay", "rate", kappa=kappa)
        late.append(np.log(fresh) / np.log(rate))
    assert late[0] > late[1] == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize("tau", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("beta", [0.9, 0.3, -0.3, -0.9])
def test_momentum(tau, beta):
    def momentum(theta):
        return of("momentum.stability_limit", "momentum", tau=tau, theta=theta)

    theta = angle_of(momentum, beta, 1e-9, np.pi / (2 * tau - 1) * (1 - 1e-12))
    limit = of("momentum.stability_limit", "limit", tau=tau, theta=theta)
    line = of("momentum.stability_limit", "second limit, even delays", beta=beta)
    limit = min(limit, line) if tau % 2 == 0 else limit
    for share in (0.01, 0.3, 0.7, 0.999):
        assert radius(tau, share * limit, beta) < 1
    for share in (1.001, 1.3, 2, 4):
        assert radius(tau, share * limit, beta) > 1
    if beta > 0:
        found = exact.stability_limit(schedules.Constant(tau), "mean", momentum=beta)
        assert found == pytest.approx(limit, rel=1e-9)
        assert limit < of("constant_delay.stability_limit", "limit", tau=tau)
    if tau == 1:
        assert limit == pytest.approx(of("momentum.one_update_old", "limit", beta=beta), rel=1e-9)


def test_momentum_without_delay_and_below_minus_one():
    for beta in (-0.5, 0.5):
        limit = of("momentum.without_delay", "limit", beta=beta)
        assert radius(0, 0.999 * limit, beta) < 1 < radius(0, 1.001 * limit, beta)
    ends = [of("momentum.one_update_old", end, beta=-2.0) for end in ("lower limit", "limit")]
    assert ends == [2.0, 3.0]
    assert [radius(1, a, -2.0) < 1 for a in (1.99, 2.01, 2.99, 3.01)] == [False, True, True, False]
    for tau in (3, 9):
        theta = np.pi - 0.3 * np.pi / (2 * tau)
        beta = of("momentum.below_minus_one", "momentum", tau=tau, theta=theta)
        low = of("momentum.below_minus_one", "lower limit", beta=beta)
        high = of("momentum.below_minus_one", "limit", tau=tau, theta=theta)
        inside = [
            radius(tau, a, beta) < 1 for a in (0.99 * low, 1.01 * low, 0.99 * high, 1.01 * high)
        ]
        assert inside == [False, True, True, False]


@pytest.mark.parametrize("m", [1, 2, 5])
def test_the_momentum_minus_one(m):
    step, rate = (of("momentum.opposite", name, m=m) for name in ("step", "rate"))
    assert radius(2 * m + 1, step, -1.0) == pytest.approx(rate, rel=1e-6)  # double roots
    assert rate < of("roots.best_step", "rate", tau=2 * m + 1)  # of the same delay, without
    assert radius(2 * m + 1, 0.9 * step, -1.0) > rate < radius(2 * m + 1, 1.1 * step, -1.0)


def coherences(tau, a, s, steps):
    """mu_k along a noiseless run on one mode."""
    x = [1.0] * (tau + s)
    for _ in range(steps):
        x.append(x[-1] - a * x[-1 - tau])
    x = np.array(x)
    return np.array([min(x[k - np.arange(s)] / x[k]) for k in range(tau + s, len(x))])


@pytest.mark.parametrize("tau", [1, 2, 5])
def test_coherence_along_a_run(tau):
    s = tau + 1
    best, limit = (
        of("roots.best_step", "step", tau=tau),
        of("constant_delay.stability_limit", "limit", tau=tau),
    )
    assert coherences(tau, 0.999 * best, s, 60) == pytest.approx(1.0)
    a = 0.98 * limit
    pair = max(roots(tau, a), key=lambda z: (abs(z), z.imag))
    omega, r = abs(np.angle(pair)), abs(pair)
    steps = 40_000 if tau == 1 else 20_000
    with np.errstate(under="ignore"):
        phases, found = run_of_a_pair(tau, a, omega, r, s, min(steps, 60 * (tau + 1)))
    known = of("coherent_runs.large_steps", "coherence", omega=omega, psi=phases, r=r, s=s)
    assert found == pytest.approx(known, rel=1e-4, abs=1e-6)
    share = of("coherent_runs.negative_share", "share", omega=omega, s=s)
    many = np.cos(omega * np.arange(200_000)[:, None] - omega * np.arange(s))
    negative = (many / many[:, :1]).min(axis=1) < 0
    assert negative.mean() == pytest.approx(share, abs=1e-3)
    assert of("coherent_runs.negative_share", "at the limit", tau=tau) == pytest.approx(
        tau * np.pi / (2 * tau + 1) / np.pi
    )


def run_of_a_pair(tau, a, omega, r, s, steps):
    """Phases and coherences late in a run, where the largest pair is all that is left."""
    x = [1.0] * (tau + 1)
    for _ in range(steps):
        x.append(x[-1] - a * x[-1 - tau])
    x = np.array(x)[-20:]
    k = np.arange(len(x))
    design = r ** k[:, None] * np.column_stack([np.cos(omega * k), -np.sin(omega * k)])
    c, d = np.linalg.lstsq(design, x, rcond=None)[0]
    late = k[s:]
    phases = omega * late + np.arctan2(d, c)
    return phases, np.array([min(x[t - np.arange(s)] / x[t]) for t in late])


@pytest.mark.parametrize("s", [2, 3, 4, 7])
def test_coherence_without_delay(s):
    i = (s // 2) - 1
    found = coherences(0, 1.5, s, 20)[s:]  # the window is past the constant start
    assert found == pytest.approx(of("coherent_runs.without_delay", "coherence", a=1.5, i=i))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "limit needs values of tau, got none"),
        ({"tau": 1, "a": 2}, "limit needs values of tau, got a, tau"),
        ({"tau": "x"}, "limit needs numbers that broadcast, got"),
        ({"tau": [[1, 2], [3]]}, "limit needs numbers that broadcast, got"),
    ],
)
def test_wrong_values_get_one_sentence(values, message):
    with pytest.raises(ValueError, match=message):
        of("constant_delay.stability_limit", "limit", **values)


def test_values_broadcast():
    found = of("roots.small_steps", "step", tau=[[1], [2]], r=[0.5, 0.75, 0.9])
    assert found.shape == (2, 3)
    assert found[1, 2] == pytest.approx(0.81 * 0.1)
