"""Caches in the mean square: the renewal equation, the operator written out, and simulated runs."""

from itertools import product

import numpy as np
import pytest
from scipy.special import stdtrit

from empirics import exact, schedules, simulate
from empirics.problems.quadratic import quadratic

ALPHA = 1e-6


def operator(P, law, a, shared):
    """What carries the second moments of all caches and of all that is on its way, and the noise.

    The state: x_1, ..., x_P, and for each cache what arrives k iterations from now.
    """
    s = len(law)
    n = P * (1 + s)
    second, noise = np.zeros((n * n, n * n)), np.zeros(n * n)
    for delays in product(range(s), repeat=P if shared else P * P):
        chance = np.prod([law[r] for r in delays])
        r = np.broadcast_to(np.array(delays).reshape(P, -1), (P, P))  # source, destination
        A, B = np.zeros((n, n)), np.zeros((n, P))
        for q in range(P):
            due, of_noise = np.zeros((s + 1, n)), np.zeros((s + 1, P))
            for k in range(s):
                due[k, P + q * s + k] = 1
            for p in range(P):
                due[r[p, q], p] += a
                of_noise[r[p, q], p] += 1
            A[q, q], A[q], B[q] = 1, np.eye(n)[q] - due[0], -of_noise[0]
            for k in range(s):
                A[P + q * s + k], B[P + q * s + k] = due[k + 1], of_noise[k + 1]
        second += chance * np.kron(A, A)
        noise += chance * (B @ B.T).ravel()
    return second, noise, n


CASES = [(1, (0.2, 0.3, 0.5)), (2, (0.5, 0.5)), (2, (0.2, 0.3, 0.5)), (3, (0.3, 0.7))]


@pytest.mark.parametrize("destinations", ["independent", "shared"])
@pytest.mark.parametrize(("P", "law"), CASES)
def test_limit_rate_and_variance_are_those_of_the_operator(P, law, destinations):
    shared = destinations == "shared"
    caches = schedules.Caches(P, schedules.Pmf(law), destinations=destinations)
    limit = exact.stability_limit(caches)
    assert limit < exact.stability_limit(caches, "mean")

    second, noise, n = operator(P, law, 0.6 * limit, shared)
    X = np.zeros(n * n)
    for _ in range(1500):
        X = second @ X + noise
    X = X.reshape(n, n)
    assert X[0, 0] == pytest.approx(exact.stationary_variance(caches, 0.6 * limit), rel=1e-9)
    if P > 1:
        apart = X[0, 0] + X[1, 1] - 2 * X[0, 1]
        known = exact.cache_disagreement(caches, 0.6 * limit)
        assert apart == pytest.approx(known, rel=1e-8, abs=1e-9)

    for share in (0.7, 1.0, 1.1):
        second, _, n = operator(P, law, share * limit, shared)
        rate = exact.rate(caches, share * limit)
        assert np.abs(np.linalg.eigvals(second) - rate**2).min() < 1e-7
        # the one that a start with equal caches excites: unequal ones never agree in the mean
        z = np.append(np.ones(P), np.zeros(n - P))
        X, path = np.outer(z, z).ravel(), []
        for _ in range(80):
            X = second @ X
            path.append(X[0])
        assert (path[79] / path[39]) ** (1 / 80) == pytest.approx(rate, abs=1e-2)
    assert exact.rate(caches, limit) == pytest.approx(1, abs=1e-10)
    assert exact.stationary_variance(caches, 1.001 * limit) == np.inf


@pytest.mark.parametrize("s", [1, 2, 5, 30])
@pytest.mark.parametrize("P", [1, 4, 16])
def test_uniform_delays_have_the_closed_form_of_the_mean(s, P):
    """P a < 2 S sin^2(pi/(2 S)), S = s + 1; the more workers, the nearer the mean square is."""
    S = s + 1
    limits = {
        kind: P * exact.stability_limit(schedules.Caches(P, schedules.Uniform(s)), kind)
        for kind in ("mean", "mean-square")
    }
    assert limits["mean"] == pytest.approx(2 * S * np.sin(np.pi / (2 * S)) ** 2, rel=1e-11)
    more = 2 * P * exact.stability_limit(schedules.Caches(2 * P, schedules.Uniform(s)))
    assert limits["mean-square"] < more < limits["mean"]
    if P == 1:
        alone = exact.stability_limit(schedules.Uniform(s))
        assert limits["mean-square"] == pytest.approx(alone, rel=1e-12)


def test_destinations_that_share_a_delay_are_another_model():
    one, other = (
        exact.stability_limit(schedules.Caches(4, schedules.Uniform(3), destinations=way))
        for way in ("independent", "shared")
    )
    assert abs(one - other) > 0.01 * one


@pytest.mark.parametrize("destinations", ["independent", "shared"])
def test_simulated_caches_are_consistent_with_the_stationary_variance(destinations):
    P, h, sigma = 3, 1.0, 0.5
    caches = schedules.Caches(P, schedules.Uniform(3), destinations=destinations)
    step = 0.4 * exact.stability_limit(caches)
    runs = simulate(
        quadratic(spectrum=[h], sigma=sigma, start=[0.0]),
        caches,
        step=step,
        steps=300,
        replicas=8192,
        record=[300],
        measures=("squared distance", "disagreement"),
        seed=4,
    )
    v = step**2 * sigma**2
    known = {"squared_distance": v * exact.stationary_variance(caches, step)}
    if destinations == "independent":  # |x_p - mean|^2 is (P - 1)/(2 P) of that between two
        known["disagreement"] = (P - 1) / (2 * P) * v * exact.cache_disagreement(caches, step)
    else:
        assert exact.cache_disagreement(caches, step) == 0
        assert runs.statistics.disagreement.mean[0] < 1e-25
    for name, true in known.items():
        seen = getattr(runs.statistics, name)
        z = (seen.mean[0] - true) / seen.standard_error[0]
        least = -stdtrit(runs.replicas - 1, ALPHA / 4)
        assert abs(z) < least, name
        wrong = (seen.mean[0] - 1.25 * true) / seen.standard_error[0]
        assert abs(wrong) > least, name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: exact.stability_limit(schedules.Caches(2, own="immediate")),
            "stability limit needs caches that are all alike .*simulate",
        ),
        (
            lambda: exact.rate(schedules.Caches(2, [schedules.Constant(0)] * 2), 0.1),
            "rate needs caches that are all alike",
        ),
        (
            lambda: exact.stability_limit(schedules.Caches(4, topology=schedules.ring(4))),
            "stability limit needs caches that are all alike",
        ),
        (
            lambda: exact.stationary_variance(schedules.Caches(2), 0.1, momentum=0.5),
            "stationary variance needs caches .* no momentum",
        ),
        (
            lambda: exact.cache_disagreement(schedules.Constant(1), 0.1),
            "cache disagreement needs Caches, got Constant",
        ),
        (
            lambda: exact.cache_disagreement(schedules.Caches(1), 0.1),
            "cache disagreement needs at least 2 workers",
        ),
        (
            lambda: exact.cache_disagreement(schedules.Caches(2), np.nan),
            "cache disagreement needs a finite a",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
