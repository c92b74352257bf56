"""The largest curvature, against closed forms and whole Hessians."""

import sys

import numpy as np
import pytest

import empirics.sharpness
from empirics import problems
from empirics.sharpness import Sharpness, sharpness

module = sys.modules["empirics.sharpness"]


def small(activation="tanh", **more):
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((60, 4)), rng.integers(0, 3, 60)
    return problems.perceptron((X, y), depth=1, width=3, activation=activation, **more)


@pytest.mark.parametrize("dim", [1, 2, 30, 41, 200])
def test_quadratics(dim):
    problem = problems.quadratic(spectrum=np.linspace(0.1, 3.0, dim))
    found = sharpness(problem, problem.start)
    assert found.value == pytest.approx(problem.L, rel=1e-9)
    assert abs(found.value - problem.L) <= found.error + 1e-12
    assert found.whole == (dim <= 40)
    assert found.method == "complex step"


def test_deep_linear_problems():
    for problem in (
        problems.deep_linear_chain(64, 0.7),
        problems.deep_linear_network(3, [1.0, 0.5], width=8),
    ):
        stated = problem.constants["sharpness"].value
        assert sharpness(problem, problem.minimiser).value == pytest.approx(stated, rel=1e-9)
        assert sharpness(problem, problem.start).value != pytest.approx(stated, rel=0.05)


def test_the_smoothness_of_logistic_regression_is_its_sharpness_at_zero():
    problem = problems.logistic("breast-cancer")
    found = sharpness(problem, np.zeros(problem.dim))
    assert found.value == pytest.approx(problem.L, rel=1e-9)
    assert sharpness(problem, np.ones(problem.dim)).value < 0.9 * problem.L


def test_softmax_regression_against_its_hessian():
    """Mean over rows of (diag(p) - p p') (x) z z', z a row with its one."""
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((50, 3)), rng.integers(0, 3, 50)
    problem = problems.perceptron((X, y), depth=0, standardise=False)
    w = rng.standard_normal(problem.dim)
    Z = np.column_stack([X, np.ones(50)])
    scores = Z @ w.reshape(4, 3)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    H = sum(np.kron(np.outer(z, z), np.diag(q) - np.outer(q, q)) for z, q in zip(Z, p, strict=True))
    exact = np.linalg.eigvalsh(H / 50)[-1]
    found = sharpness(problem, w)
    assert found.method == "differences"  # it casts to its own precision
    assert abs(found.value - exact) <= max(found.error, 1e-9 * exact)
    assert found.error < 1e-4 * exact


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_lanczos_finds_what_the_whole_hessian_shows(activation, monkeypatch):
    problem = small(activation)
    x = problem.start + 0.01
    whole = sharpness(problem, x)
    monkeypatch.setattr(module, "DENSE", 0)
    found = sharpness(problem, x, seed=3)
    assert (whole.whole, found.whole) == (True, False)
    assert found.value == pytest.approx(whole.value, rel=1e-4)
    assert found.products < whole.products + 40
    # negative control: elsewhere it is another one
    assert sharpness(problem, x + 0.1).value != pytest.approx(whole.value, rel=1e-2)


def test_error_covers_a_rough_answer(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    problem = problems.quadratic(spectrum=np.linspace(0.1, 1.0, 60))
    rough = sharpness(problem, problem.start, accuracy=0.5)
    fine = sharpness(problem, problem.start)
    assert fine.error < 1e-5 < rough.error
    nearest = np.abs(problem.spectrum - rough.value).min()
    assert nearest <= rough.error
    assert rough.products < fine.products


def test_single_precision_says_how_little_it_knows():
    fine, rough = (sharpness(p, p.start) for p in (small(), small(precision="single")))
    assert rough.error > 1e3 * fine.error
    assert abs(rough.value - fine.value) <= rough.error


def test_digits():
    """The network of the examples, from its own gradients: products, not a matrix of 2314^2."""
    problem = problems.perceptron(depth=1, activation="tanh", batch=8)
    found = sharpness(problem, problem.start)
    assert found.error < 1e-4 * found.value
    assert found.products < 200
    v = np.random.default_rng(0).standard_normal((20, problem.dim))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    h = 1e-4
    ends = problem.gradient(problem.start + h * v) - problem.gradient(problem.start - h * v)
    assert (np.vecdot(v, ends) / (2 * h)).max() < found.value  # no direction is steeper


def test_flat_and_curved_downwards():
    assert sharpness(problems.deep_linear_chain(50), np.zeros(50)).value == 0.0
    dip = problems.piecewise_quadratic(
        [(-2.0, -1.0), (-1.0, 0.5), (0.0, -0.5), (1.0, 2.0)], left=1.0, right=1.0, start=0.3
    )
    assert sharpness(dip, [-0.5]).value == pytest.approx(-1.0)
    assert sharpness(dip, [0.5]).value == pytest.approx(2.5)


def test_the_module_and_the_function():
    assert empirics.sharpness is sharpness
    assert "whole Hessian" in str(sharpness(problems.quadratic(dim=1), [1.0]))
    assert isinstance(sharpness(problems.quadratic(dim=1), [1.0]), Sharpness)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"problem": "digits"}, "sharpness needs a Problem such as quadratic"),
        ({"point": [1.0, 2.0]}, r"finite point of shape \(3,\), got \[1.0, 2.0\]"),
        ({"point": [1.0, 2.0, np.nan]}, "finite point"),
        ({"point": "here"}, "finite point"),
        ({"point": [1e200, 1e200, 1e200]}, "finite gradients around it"),
        ({"accuracy": 0.0}, "accuracy with 0 < accuracy < 1"),
        ({"accuracy": np.nan}, "accuracy"),
        ({"seed": -1}, "whole number seed >= 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)  # fmt: skip
def test_bad_input_gets_one_sentence(given, message):
    asked = {"problem": problems.deep_linear_chain(3), "point": np.ones(3), **given}
    with pytest.raises(ValueError, match=message) as caught:
        sharpness(**asked)
    assert "\n" not in str(caught.value)
