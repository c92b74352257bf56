"""Every problem that offers a minimiser offers one; what it does not know exactly, it bounds."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import problems
from empirics.problems import Constant

DIP = [(-2.0, -1.0), (-1.0, 0.5), (0.0, -0.5), (1.0, 2.0)]
KNOWN = {
    "quadratic": problems.quadratic(dim=4, mu=0.1),
    "flat": problems.quadratic(spectrum=[0.0, 1.0], start=[3.0, 2.0]),
    "dip": problems.piecewise_quadratic(DIP, left=1.0, right=1.0, start=2.0),
    "reuse": problems.reuse_counterexample(0.1 / np.sqrt(np.arange(1, 101)), window=10),
    "logistic": problems.logistic(batch=2),
    "multinomial": problems.logistic("digits-multinomial", classes=(1, 2, 3)),
    "quiet": problems.noiseless(problems.logistic(batch=2)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_nothing_near_or_far_is_lower(name):
    problem = KNOWN[name]
    rng = np.random.default_rng(0)
    least = float(problem.value(problem.minimiser))
    assert np.linalg.norm(problem.gradient(problem.minimiser)) < 1e-6
    assert least - problem.infimum == pytest.approx(problem.looseness, abs=1e-15)
    assert problem.looseness < 1e-9
    for scale in (1e-3, 1.0, 5.0):
        around = problem.minimiser + scale * rng.standard_normal((200, problem.dim))
        assert problem.value(around).min() > least - 1e-12


def test_distances():
    assert KNOWN["quadratic"].distance == pytest.approx(1.0)
    assert KNOWN["flat"].distance == 2.0  # the nearest minimiser is (3, 0)
    assert KNOWN["dip"].distance == pytest.approx(2.0 + 4 / 3)  # f' crosses 0 at -4/3
    logistic = KNOWN["logistic"]
    assert 0 < logistic.within < 1e-4
    assert logistic.distance > np.linalg.norm(logistic.start - logistic.minimiser)


def test_curvature_is_the_smallest_slope():
    assert KNOWN["dip"].mu_sc == -1.0
    assert KNOWN["reuse"].mu_sc == 0.0
    steep = problems.piecewise_quadratic([(0.0, 0.0), (1.0, 3.0)], left=0.5, right=1.0, start=2.0)
    assert (steep.mu_sc, steep.L) == (0.5, 3.0)


def test_another_solution_lies_within_what_is_said():
    """A start of its own, a stricter search: the two differ by no more than both allow."""
    from scipy.optimize import minimize

    problem = KNOWN["logistic"]
    found = minimize(
        lambda w: float(problem.value(w)),
        np.ones(problem.dim),
        jac=problem.gradient,
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 5000},
    ).x
    error = np.linalg.norm(problem.gradient(found)) / problem.mu_sc
    assert np.linalg.norm(found - problem.minimiser) <= problem.within + error


def test_what_is_not_known_is_not_given():
    problem = replace(KNOWN["quadratic"], minimiser=None)
    with pytest.raises(AttributeError, match="quadratic does not know its minimiser"):
        _ = problem.distance
    guessed = Constant(value=-1.0, provenance="bound", why="a guess")
    loose = replace(problem, constants={**problem.constants, "infimum": guessed})
    assert np.isnan(loose.looseness)
    with pytest.raises(ValueError, match=r"quadratic needs a finite minimiser of shape \(4,\)"):
        replace(problem, minimiser=np.zeros(3))


def test_without_noise_the_function_is_the_same():
    noisy, quiet = KNOWN["logistic"], KNOWN["quiet"]
    assert problems.noiseless(quiet) is quiet
    x = np.random.default_rng(0).standard_normal((5, noisy.dim))
    out = np.empty_like(x)
    quiet.stochastic_gradient(x, quiet.draw(np.random.default_rng(0), 1, 5)[0], out)
    np.testing.assert_array_equal(out, noisy.gradient(x))
    np.testing.assert_array_equal(quiet.value(x), noisy.value(x))
    assert not quiet.noise_variance(x).any()
    assert quiet.sigma == 0
    assert quiet.settings != noisy.settings
