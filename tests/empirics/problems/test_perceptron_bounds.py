"""Constants of networks in a ball: never exceeded, and met by the networks made for it."""

import numpy as np
import pytest
from scipy import optimize

from empirics import problems
from empirics.problems.perceptron_bounds import KAPPA, _bends, _largest, _slopes

NETWORKS = [(1, "relu"), (1, "tanh"), (2, "tanh"), (3, "relu"), (3, "tanh")]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((9, 2))
Y = np.arange(9) % 3


def made(depth, activation, **options):
    options = {"width": 2, "batch": 1, "radius": 4.0, "standardise": False, **options}
    return problems.perceptron((X, Y), depth=depth, activation=activation, **options)


def sphere(problem, number=40):
    x = np.random.default_rng(1).standard_normal((number, problem.dim))
    return problem.region.radius * x / np.linalg.norm(x, axis=1, keepdims=True)


def hessian(problem, x, e=1e-5):
    steps = e * np.eye(problem.dim)
    return (problem.gradient(x + steps) - problem.gradient(x - steps)) / (2 * e)


@pytest.mark.parametrize(("depth", "activation"), NETWORKS)
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_nothing_in_the_ball_is_beyond_its_bound(depth, activation, l2):
    problem = made(depth, activation, l2=l2)
    known = {key: constant.value for key, constant in problem.constants.items()}
    x = np.concatenate([sphere(problem), 0.5 * sphere(problem)])
    g, noise = problem.gradient(x), problem.noise_variance(x)
    squares = np.vecdot(g, g)
    assert squares.max() <= known["gradient_bound"] ** 2
    assert noise.max() <= known["sigma"] ** 2
    assert (squares + noise).max() <= known["second_moment"]
    out = np.empty((9, problem.dim))
    for point, slope in zip(x[::8], g[::8], strict=True):
        problem.stochastic_gradient(np.tile(point, (9, 1)), np.arange(9)[:, None], out)
        assert np.linalg.norm(out - slope, axis=1).max() <= known["noise_bound"]
        if activation == "tanh":
            eigenvalues = np.linalg.eigvalsh(hessian(problem, point))
            assert eigenvalues[-1] <= known["L"]
            assert eigenvalues[0] >= known["mu_sc"]
    assert ("L" in known) == (activation == "tanh")


def test_the_gradient_bound_is_met_by_a_chain_of_units():
    """One unit, and two rows: one that is right for sure, and one that is wrong."""
    far = 1e3
    problem = problems.perceptron(
        ([[far], [far]], [0, 1]), depth=1, width=1, batch=1, radius=60.0, standardise=False
    )
    w = 60 / np.sqrt(2)
    x = np.array([w, 0.0, w / np.sqrt(2), -w / np.sqrt(2), 0.0, 0.0])  # first layer, then second
    longest = np.sqrt(problem.noise_variance(x) + np.vecdot(*[problem.gradient(x)] * 2))
    bound = problem.constants["gradient_bound"].value
    assert np.sqrt(2) * longest <= bound
    assert np.sqrt(2) * longest > 0.99 * bound


def norms(D, r, function, starts=6):
    """The largest value of a function of the norms of layers 1, ..., D + 1, whatever they are."""

    def minus(z):
        return -function(np.concatenate([[0.0], r * abs(z) / np.linalg.norm(z)]))

    tried = np.random.default_rng(2).random((starts, D + 1)) + 0.1
    return max(-optimize.minimize(minus, z, method="Nelder-Mead").fun for z in tried)


@pytest.mark.parametrize("D", [1, 2, 3])
@pytest.mark.parametrize("r", [0.8, 3.0])
def test_formulas_are_above_the_recursions_they_come_from(D, r):
    """The recursions themselves, layer by layer, at the worst norms that a search finds."""
    a, width = 1.7, 2
    reach = [a] + [np.sqrt(width + 1)] * D

    def slopes(w):  # B^2, with M_l = sqrt(width + 1)
        return sum(reach[k - 1] ** 2 * np.prod(w[k + 1 :] ** 2) for k in range(1, D + 2))

    def growing(w):  # B^2, with M_l^2 = 1 + w_l^2 M_{l-1}^2
        M = [a**2]
        for k in range(1, D + 1):
            M.append(1 + w[k] ** 2 * M[-1])
        return sum(M[k - 1] * np.prod(w[k + 1 :] ** 2) for k in range(1, D + 2))

    def bends(w):  # beta_{D+1}
        beta, A = 0.0, 0.0
        for k in range(1, D + 2):
            beta = A + w[k] * (KAPPA * A**2 + beta)
            A = np.sqrt(reach[k - 1] ** 2 + w[k] ** 2 * A**2)
        return beta

    square = np.array([a**2])
    flat, grown = norms(D, r, slopes), norms(D, r, growing)
    assert grown <= _slopes(square, D, width, False, r)[0] * (1 + 1e-9)
    assert min(flat, grown) <= _slopes(square, D, width, True, r)[0] * (1 + 1e-9)
    if D == 1:
        assert grown == pytest.approx(_slopes(square, D, width, False, r)[0], rel=1e-6)
    bent = norms(D, r, bends)
    assert bent <= _bends(square, D, width, r)[0] * (1 + 1e-9)
    assert bent > _bends(square, D, width, r)[0] / 3  # of the right size
    if D == 1:  # a single product: no loss
        assert bent == pytest.approx(_bends(square, D, width, r)[0], rel=1e-6)


@pytest.mark.parametrize("powers", [[2, 2, 2], [1, 1], [2, 1, 1], [1]])
def test_a_product_of_powers_is_largest_where_it_is_said_to_be(powers):
    z = abs(np.random.default_rng(3).standard_normal((20000, len(powers))))
    z *= 2.5 / np.linalg.norm(z, axis=1, keepdims=True)
    seen = np.prod(z ** np.array(powers), axis=1).max()
    assert 0.97 * _largest(powers, 2.5) < seen <= _largest(powers, 2.5) * (1 + 1e-12)


def test_a_radius_decides_where_constants_hold():
    near, far = made(1, "tanh", radius=4.0), made(1, "tanh", radius=5.0)
    assert near.L < far.L
    assert near.region.contains(near.start)
    assert set(made(1, "tanh", radius=None).constants) == {"infimum"}
    assert made(1, "tanh", radius=None).region is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"radius": 0}, r"perceptron needs a number radius with radius > 0, got 0"),
        ({"radius": float("nan")}, r"perceptron needs a number radius with radius > 0, got nan"),
        ({"radius": 0.1}, r"needs a radius >= \S+, the length of its start, got 0\.1"),
        ({"radius": 9.0, "depth": 0}, r"needs no radius at depth 0, where its constants hold ever"),
    ],
)
def test_bad_input_gets_one_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        made(**{"depth": 1, "activation": "tanh", **options})
