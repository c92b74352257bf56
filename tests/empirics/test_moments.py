"""Simulated second moments against the exact recursion, with controls that it must reject."""

import numpy as np
import pytest
from scipy import stats

from empirics import problems, schedules, simulate

ALPHA = 1e-6
STEPS, REPLICAS, SIGMA = 60, 4096, 0.5


def exact_square(h, x0, pmf, eta, sigma):
    """E|grad f(x_t)|^2, t = 0, ..., T, on a quadratic with independent delays.

    In coordinate i the state (x_t, x_{t-1}, ..., x_{t-tau_max}), all x_0 before the start, goes
    through S <- sum_k P(tau = k) A_k S A_k' + Q, A_k = shift - eta h_i e_0 e_k'.
    """
    n, total = len(pmf), np.zeros(len(eta) + 1)
    shift = np.eye(n, k=-1)
    shift[0, 0] = 1
    for h_i, x_i in zip(h, x0, strict=True):
        S = np.full((n, n), x_i**2)
        total[0] += h_i**2 * S[0, 0]
        for t, eta_t in enumerate(eta):
            new = np.zeros_like(S)
            for k, p in enumerate(pmf):
                A = shift.copy()
                A[0, k] -= eta_t * h_i
                new += p * A @ S @ A.T
            new[0, 0] += eta_t**2 * sigma**2 / len(h)
            S = new
            total[t + 1] += h_i**2 * S[0, 0]
    return total


def largest_z(schedule, noise, *, claimed_pmf=None, claimed_sigma=SIGMA, step=None, seed=0):
    """Largest |simulated - claimed| in standard errors over all times after the first, and its
    quantile at ALPHA, divided over these times."""
    problem = problems.quadratic(dim=20, mu=0.1, L=1.0, sigma=SIGMA, noise=noise)
    eta = np.full(STEPS, 0.08) if step is None else step
    runs = simulate(problem, schedule, step=eta, steps=STEPS, replicas=REPLICAS, seed=seed)
    pmf = schedule.pmf if claimed_pmf is None else claimed_pmf
    claimed = exact_square(problem.spectrum, problem.start, pmf, eta, claimed_sigma)
    norm = runs.statistics.squared_norm
    np.testing.assert_allclose(norm.mean[0], claimed[0], rtol=1e-12)
    z = (norm.mean[1:] - claimed[1:]) / norm.standard_error[1:]
    return abs(z).max(), stats.t.isf(ALPHA / 2 / STEPS, REPLICAS - 1)


RANDOM = [schedules.Uniform(3), schedules.Geometric(p=0.3, tau_max=5)]


@pytest.mark.parametrize("noise", ["two-point", "gaussian"])
@pytest.mark.parametrize("schedule", [*map(schedules.Constant, (0, 1, 3, 8)), *RANDOM], ids=repr)
def test_second_moments_are_exact(schedule, noise):
    z, limit = largest_z(schedule, noise)
    assert z < limit


def test_with_decreasing_steps_too():
    z, limit = largest_z(schedules.Constant(3), "two-point", step=0.3 / np.sqrt(np.arange(1, 61)))
    assert z < limit


@pytest.mark.parametrize("tau", [0, 1, 3, 8])
def test_a_delay_off_by_one_is_rejected(tau):
    wrong = schedules.Constant(tau + 1).pmf
    z, limit = largest_z(schedules.Constant(tau), "two-point", claimed_pmf=wrong)
    assert z > limit


@pytest.mark.parametrize("noise", ["two-point", "gaussian"])
def test_a_sigma_off_by_a_fifth_is_rejected(noise):
    z, limit = largest_z(schedules.Constant(3), noise, claimed_sigma=1.2 * SIGMA)
    assert z > limit


def test_a_law_of_the_same_mean_is_rejected():
    """The mean delay does not determine the moments: Uniform(8) is not Constant(4)."""
    wrong = np.append(schedules.Constant(4).pmf, np.zeros(4))
    z, limit = largest_z(schedules.Uniform(8), "two-point", claimed_pmf=wrong)
    assert z > limit
