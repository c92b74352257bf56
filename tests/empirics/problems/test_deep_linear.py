"""Deep linear problems: gradients by complex step, curvatures by eigenvalues of exact Hessians."""

import numpy as np
import pytest
import sympy

from empirics import problems, schedules, simulate
from empirics.problems import deep_linear_chain, deep_linear_network

CASES = {
    "chain of 1": deep_linear_chain(1, 0.3),
    "chain of 2": deep_linear_chain(2, 2.0),
    "chain of 5": deep_linear_chain(5, 0.4),
    "network of 1": deep_linear_network(1, [1.0, 0.3]),
    "network of 2": deep_linear_network(2, [1.0, 0.3, 2.0], width=5),
    "network of 4": deep_linear_network(4, [0.5, 1.5], width=[2, 4, 3]),
    "wide vector": deep_linear_network(2, [0.7], width=6),
}
each = pytest.mark.parametrize("name", CASES)


def somewhere(problem, shape=(), seed=0):
    return np.random.default_rng(seed).standard_normal((*shape, problem.dim))


def derivative(function, x):
    """By complex step: exact but for rounding. One row for each coordinate."""
    h = 1e-30
    return np.array([function(x + 1j * h * e).imag / h for e in np.eye(len(x))])


@each
def test_gradients_are_derivatives_of_the_value(name):
    problem = CASES[name]
    for seed in range(3):
        x = somewhere(problem, seed=seed)
        exact = derivative(problem.value, x)
        assert np.allclose(problem.gradient(x), exact, rtol=1e-12, atol=1e-12)
        assert not np.allclose(problem.gradient(x * 1.001), exact, rtol=1e-6, atol=1e-12)
    rows = somewhere(problem, (2, 3))
    out = np.empty_like(rows)
    problem.gradient(rows, out)
    assert np.array_equal(out[1, 2], problem.gradient(rows[1, 2]))  # a row for itself
    assert problem.value(rows).shape == (2, 3)


def test_a_weight_of_zero_does_no_harm():
    problem = deep_linear_chain(3)
    x = np.array([2.0, 0.0, 3.0])
    assert problem.gradient(x).tolist() == [0.0, -6.0, 0.0]


@each
def test_curvatures_at_the_minimum(name):
    problem = CASES[name]
    hessian = derivative(problem.gradient, problem.minimiser)
    found = np.sort(np.linalg.eigvalsh(hessian))[::-1]
    sharpness = problem.constants["sharpness"]
    assert sharpness.provenance == "exact"
    assert found[0] == pytest.approx(sharpness.value, rel=1e-12)
    known = np.atleast_1d(getattr(problem, "curvatures", sharpness.value)).ravel()
    assert np.allclose(found[: known.size], np.sort(known)[::-1], rtol=1e-10)
    assert np.allclose(found[known.size :], 0, atol=1e-12)
    assert np.allclose(problem.gradient(problem.minimiser), 0, atol=1e-12)


def test_the_sharpness_of_a_chain_in_integers():
    """c = 2^D has w = 2: the Hessian is one of integers, and D 2^(2D-2) its largest eigenvalue."""
    for depth in (1, 2, 3, 4):
        w = sympy.symbols(f"w1:{depth + 1}")
        f = (sympy.prod(w) - 2**depth) ** 2 / 2
        hessian = sympy.hessian(f, w).subs(dict.fromkeys(w, 2))
        exact = max(hessian.eigenvals())
        assert exact == depth * 2 ** (2 * depth - 2)
        stated = deep_linear_chain(depth, float(2**depth)).constants["sharpness"].value
        assert stated == pytest.approx(int(exact), rel=1e-14)


def test_the_chain_is_the_network_of_one_unit():
    chain, network = deep_linear_chain(4, 0.6), deep_linear_network(4, [0.6])
    x = somewhere(chain, (5,))
    assert np.allclose(chain.value(x), network.value(x))
    assert np.allclose(chain.gradient(x), network.gradient(x))
    assert chain.constants["sharpness"].value == network.constants["sharpness"].value
    assert np.allclose(chain.slopes(x), network.slopes(x))
    assert np.array_equal(chain.start, network.start)


@pytest.mark.parametrize("noise", ["two-point", "gaussian"])
@pytest.mark.parametrize("which", ["chain", "network"])
def test_noise_is_unbiased_and_of_the_variance_that_is_said(which, noise):
    kind = {"sigma": 0.7, "labels": 0.5, "noise": noise}
    problem = (
        deep_linear_chain(3, **kind)
        if which == "chain"
        else deep_linear_network(2, [1.0, 0.5], width=3, **kind)
    )
    x, n = somewhere(problem), 40_000
    sample = problem.draw(np.random.default_rng(1), 1, n)[0]
    assert sample.shape == (n, problem.sample_size)
    out = np.empty((n, problem.dim))
    problem.stochastic_gradient(np.tile(x, (n, 1)), sample, out)
    xi = out - problem.gradient(x)
    z = xi.mean(axis=0) / (xi.std(axis=0) / n**0.5)
    assert np.abs(z).max() < 6
    squares = (xi**2).sum(axis=1)
    said = float(problem.noise_variance(x))
    error = squares.std() / n**0.5
    assert abs(squares.mean() - said) < 6 * error + 1e-12
    assert abs(squares.mean() - 1.3 * said) > 6 * error  # it would be seen


def test_noise_of_the_target_is_zero_where_the_product_does_not_move():
    chain = deep_linear_chain(3, labels=1.0)
    assert chain.noise_variance(np.array([0.0, 0.0, 2.0])) == 0
    assert chain.noise_variance(chain.minimiser) == pytest.approx(3)
    assert "sigma" not in chain.constants  # no bound of it everywhere
    assert deep_linear_chain(1, labels=2.0, sigma=1.5).sigma == 2.5


def test_draws_do_not_depend_on_blocks():
    problem = deep_linear_chain(3, sigma=1.0, labels=1.0)
    one, other = (np.random.default_rng(5) for _ in range(2))
    whole = problem.draw(one, 5, 7)
    parts = np.concatenate([problem.draw(other, 2, 7), problem.draw(other, 3, 7)])
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize(
    "problem",
    [
        deep_linear_chain(2, 1.0, labels=1.0, radius=1.7),
        deep_linear_chain(5, 0.5, labels=1.0, radius=2.5),
        deep_linear_network(3, [1.0, 0.5], labels=1.0, radius=2.2),
    ],
    ids=["chain of 2", "chain of 5", "network of 3"],
)
def test_constants_on_a_ball(problem):
    """Curvature and noise are sought in the ball, from many points by climbing."""
    rng, size = np.random.default_rng(3), problem.region.radius
    x = rng.standard_normal((400, problem.dim))
    x *= size / np.linalg.norm(x, axis=1, keepdims=True)
    alike = np.full((2, problem.dim), size / problem.dim**0.5) * np.array([[1.0], [-1.0]])
    x = np.vstack([x, alike])
    assert problem.region.contains(x * (1 - 1e-12)).all()
    sharpest = max(np.abs(np.linalg.eigvalsh(derivative(problem.gradient, row))).max() for row in x)
    assert 0.3 * problem.L < sharpest <= problem.L * (1 + 1e-12)
    assert problem.constants["L"].provenance == "bound"
    noisiest = problem.noise_variance(x).max()
    assert 0.3 * problem.sigma**2 < noisiest <= problem.sigma**2 * (1 + 1e-12)


def test_starts():
    chain = deep_linear_chain(6, 2.0, share=0.1)
    assert chain.product(chain.start)[0] == pytest.approx(0.2)
    wide = deep_linear_network(2, [1.0], width=400, init="standard", seed=3)
    u, v = wide.start[:400], wide.start[400:]
    assert u @ u == pytest.approx(400, rel=0.3)  # variance 1, one input
    assert v @ v == pytest.approx(1, rel=0.3)  # variance 1/400
    other = deep_linear_network(2, [1.0], width=400, init="standard", seed=4)
    assert not np.array_equal(wide.start, other.start)
    given = deep_linear_chain(2, start=[0.5, 0.25])
    assert given.start.tolist() == [0.5, 0.25]
    balanced = deep_linear_network(3, [1.0, 0.5], width=4)
    assert np.allclose(balanced.product(balanced.start), [0.5, 0, 0, 0.25])


def test_runs_by_name_stay_the_same_in_other_numbers_of_replicas():
    from empirics import named

    problem = named.problem("deep-linear-chain:depth=3,target=0.5,sigma=0.1,labels=0.1")
    assert problem.settings["depth"] == 3
    few, many = (
        simulate(problem, schedules.Uniform(2), step=0.1, steps=50, replicas=n, each=True)
        for n in (2, 5)
    )
    assert np.array_equal(few.each["gap"], many.each["gap"][:, :2])
    assert many.statistics.gap.mean[-1] < 0.1 * many.statistics.gap.mean[0]
    network = named.problem("deep-linear-network:depth=3,values=[1,0.5],width=[2,3]")
    assert network.sizes == (2, 2, 3, 2)


def test_diverging_is_a_finding_and_no_warning():
    for problem in (deep_linear_chain(6, 2.0, start=np.full(6, 3.0)), deep_linear_network(4)):
        runs = simulate(problem, schedules.Constant(3), step=2.0, steps=200, replicas=3)
        assert "all 3 replicas are lost" in runs.divergence


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: deep_linear_chain(0), "chain needs a whole number depth >= 1, got 0"),
        (lambda: deep_linear_chain(2.5), "whole number depth"),
        (lambda: deep_linear_chain(2, 0.0), "number target with target > 0, got 0"),
        (lambda: deep_linear_chain(2, np.nan), "number target"),
        (lambda: deep_linear_chain(2, sigma=-1.0), "number sigma with sigma >= 0"),
        (lambda: deep_linear_chain(2, labels="much"), "number labels"),
        (lambda: deep_linear_chain(2, noise="pink"), "noise among two-point, gaussian"),
        (lambda: deep_linear_chain(2, init="random"), 'init = "balanced" or "standard"'),
        (lambda: deep_linear_chain(2, share=0), "number share"),
        (lambda: deep_linear_chain(2, seed=-1), "whole number seed"),
        (lambda: deep_linear_chain(2, start=[1.0]), r"start of shape \(2,\)"),
        (lambda: deep_linear_chain(2, start=[1.0, np.inf]), "finite start"),
        (lambda: deep_linear_chain(2, radius=0.0), "number radius with radius > 0"),
        (lambda: deep_linear_network(2, []), "finite singular values > 0"),
        (lambda: deep_linear_network(2, [1.0, -1.0]), "finite singular values > 0"),
        (lambda: deep_linear_network(2, [[1.0]]), "finite singular values > 0"),
        (lambda: deep_linear_network(2, [1.0, 1.0], width=1), "whole number width >= 2, got 1"),
        (lambda: deep_linear_network(3, [1.0], width=[2]), "one width or 2 hidden ones"),
        (lambda: deep_linear_network(2, [1.0], width="wide"), "whole number width"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_they_are_listed():
    assert {"deep-linear-chain", "deep-linear-network"} <= set(problems.names())
