"""Regression with bounded losses: derivatives, noise by enumeration, every constant attacked."""

import json
import pickle
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from empirics import problems, schedules
from empirics.problems.bounded_loss import LOSSES
from empirics.problems.minibatch import Minibatches

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((9, 2)), 2 * RNG.standard_normal(9)


def made(loss="geman-mcclure", data=(X, Y), **options):
    return problems.robust_regression(data, loss=loss, **{"batch": 2, **options})


@pytest.fixture(scope="module", params=LOSSES)
def diabetes(request):
    return problems.robust_regression(loss=request.param, batch=4, scale=0.7)


def points(problem, number=30, scale=1.0, seed=1):
    return scale * np.random.default_rng(seed).standard_normal((number, problem.dim))


@pytest.mark.parametrize("name", LOSSES)
def test_slope_and_curvature_are_derivatives_of_the_loss(name):
    """By complex steps, which lose no digits to cancellation."""
    phi, s, e = LOSSES[name], np.linspace(-3, 3, 601), 1e-30
    slope = phi.value((s + 1j * e) ** 2).imag / e
    np.testing.assert_allclose(s * phi.weight(s * s), slope, atol=1e-14)
    shifted = s + 1j * e
    curve = (shifted * phi.weight(shifted**2)).imag / e
    np.testing.assert_allclose(phi.curve(s * s), curve, atol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_extremes_of_the_loss_are_exact(name):
    phi, u = LOSSES[name], np.linspace(0, 4, 400001) ** 2
    curve, slope = phi.curve(u), np.sqrt(u) * phi.weight(u)
    assert phi.curve(np.zeros(1))[0] == curve.max() == 1
    assert 0 <= curve.min() - phi.lowest < 1e-9
    assert 0 <= phi.steepest - slope.max() < 1e-9
    assert phi.value(u).max() <= 0.5


def test_the_value_is_the_formula(diabetes):
    w, c = points(diabetes, 1)[0], diabetes.loss.psi.scale
    s = (diabetes.loss.X @ w - diabetes.loss.y) / c
    formula = {
        "geman-mcclure": s**2 / (2 * (1 + s**2)),
        "welsch": (1 - np.exp(-(s**2))) / 2,
        "tukey": np.where(abs(s) < 1, (1 - (1 - s**2) ** 3) / 6, 1 / 6),
    }[diabetes.settings["loss"]]
    assert diabetes.value(w) == pytest.approx(c**2 * formula.mean(), rel=1e-12)


def test_gradient_and_hessian_are_derivatives(diabetes):
    x, v, e = points(diabetes, 20), points(diabetes, 20, seed=2), 1e-6
    slope = (diabetes.value(x + e * v) - diabetes.value(x - e * v)) / (2 * e)
    np.testing.assert_allclose(np.vecdot(diabetes.gradient(x), v), slope, rtol=1e-6, atol=1e-8)
    change = (diabetes.gradient(x[0] + e * v[0]) - diabetes.gradient(x[0] - e * v[0])) / (2 * e)
    np.testing.assert_allclose(diabetes.loss.hessian(x[0]) @ v[0], change, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("b", [1, 3])
def test_noise_is_unbiased_and_has_the_stated_variance_and_bound(loss, b):
    """Over all minibatches, with and without replacement."""
    for replacement, sets in (
        (True, np.array(list(product(range(9), repeat=b)))),
        (False, np.array(list(combinations(range(9), b)))),
    ):
        problem = made(loss, batch=b, replacement=replacement, l2=0.1)
        for scale in (0.0, 0.5, 3.0):
            x, out = points(problem, 1, scale)[0], np.empty((len(sets), problem.dim))
            problem.stochastic_gradient(np.tile(x, (len(sets), 1)), sets, out)
            noise = out - problem.gradient(x)
            np.testing.assert_allclose(noise.mean(axis=0), 0, atol=1e-14)
            squares = (noise**2).sum(axis=1)
            assert problem.noise_variance(x) == pytest.approx(squares.mean(), rel=1e-9)
            assert squares.mean() <= problem.sigma**2
            assert squares.max() <= problem.constants["noise_bound"].value ** 2


def test_no_secant_is_steeper_than_L_nor_more_concave_than_mu_sc(diabetes):
    clouds = [points(diabetes, 10, scale) for scale in (0.01, 0.3, 1.0, 3.0)]
    eigenvalues = np.array(
        [np.linalg.eigvalsh(diabetes.loss.hessian(x))[[0, -1]] for x in np.concatenate(clouds)]
    )
    assert eigenvalues.max() <= diabetes.L
    assert eigenvalues.min() >= diabetes.mu_sc
    assert eigenvalues.min() < 0  # nonconvex


@pytest.mark.parametrize("loss", LOSSES)
def test_L_and_mu_sc_are_met_where_residuals_are_the_worst(loss):
    """On data that a line fits, L is met; on one row, mu_sc: nothing sharper is true."""
    w = np.array([1.0, -2.0, 0.5])
    fitted = made(loss, data=(X, np.column_stack([X, np.ones(9)]) @ w), standardise=False, l2=0.2)
    top = np.linalg.eigvalsh(fitted.loss.hessian(w))[-1] + 0.2
    assert top == pytest.approx(fitted.L, rel=1e-9)
    worst = {"geman-mcclure": 1.0, "welsch": np.sqrt(1.5), "tukey": np.sqrt(0.6)}[loss]
    single = made(loss, data=([[3.0]], [worst]), standardise=False, batch=1, l2=0.2)
    lowest = np.linalg.eigvalsh(single.loss.hessian(single.start))[0] + 0.2
    assert lowest == pytest.approx(single.mu_sc, rel=1e-9)
    assert abs(single.mu_sc) <= single.L


@pytest.mark.parametrize("loss", LOSSES)
def test_bounds_of_noise_and_gradient_are_met_by_the_worst_data(loss):
    """Two equal rows with residuals at the steepest place: of both signs, or of one."""
    steepest = {"geman-mcclure": np.sqrt(1 / 3), "welsch": np.sqrt(1 / 2), "tukey": np.sqrt(1 / 5)}
    r, c = 5 * steepest[loss], 5.0
    apart = made(loss, ([[1.0], [1.0]], [r, -r]), standardise=False, batch=1, scale=c)
    assert apart.noise_variance(apart.start) == pytest.approx(apart.sigma**2, rel=1e-9)
    assert apart.constants["noise_bound"].value == pytest.approx(apart.sigma, rel=1e-9)
    same = made(loss, ([[1.0], [1.0]], [r, r]), standardise=False, batch=1, scale=c)
    longest = np.linalg.norm(same.gradient(same.start))
    assert longest == pytest.approx(same.constants["gradient_bound"].value, rel=1e-9)
    assert longest**2 == pytest.approx(same.constants["second_moment"].value, rel=1e-9)


def test_no_gradient_is_longer_than_its_bounds(diabetes):
    """Uphill along the length of the gradient, and far away."""
    x = np.concatenate([points(diabetes, 10, scale) for scale in (0.1, 1.0, 10.0)])
    for _ in range(100):
        hessians = np.array([diabetes.loss.hessian(w) for w in x])
        x = x + 0.5 * np.matvec(hessians, diabetes.gradient(x))
    g = diabetes.gradient(x)
    squares, bound = np.vecdot(g, g), diabetes.constants["gradient_bound"].value
    assert squares.max() <= bound**2
    moment = diabetes.constants["second_moment"].value
    assert (squares + diabetes.noise_variance(x)).max() <= moment


@pytest.mark.parametrize(("b", "replacement"), [(1, True), (3, True), (1, False), (3, False)])
def test_farthest_is_the_largest_over_all_minibatches(b, replacement):
    lengths = np.array([0.3, 1.0, 1.2, 2.0])
    picks = Minibatches(rows=4, size=b, replacement=replacement)
    sets = product(range(4), repeat=b) if replacement else combinations(range(4), b)
    shares = [np.bincount(one, minlength=4) / b for one in sets]
    largest = max((abs(share - 1 / 4) @ lengths) for share in shares)
    assert picks.farthest(lengths) == pytest.approx(largest, rel=1e-12)


def test_without_l2_only_gradients_are_bounded():
    assert "gradient_bound" in made().constants
    assert {"gradient_bound", "second_moment"}.isdisjoint(made(l2=0.1).constants)


def test_an_outlier_counts_for_little():
    """A target moved from far to farther changes nothing; with least squares it would."""
    moved = [Y.copy(), Y.copy()]
    moved[0][0], moved[1][0] = 1e4, 1e5
    near, far = (made(data=(X, y), standardise=False) for y in moved)
    np.testing.assert_allclose(near.gradient(near.start), far.gradient(far.start), rtol=1e-6)


def test_extreme_weights_overflow_nowhere(diabetes):
    for scale in (1e3, 1e80, 1e150):
        x = np.full((2, diabetes.dim), scale)
        out = np.empty_like(x)
        diabetes.stochastic_gradient(x, diabetes.draw(np.random.default_rng(0), 1, 2)[0], out)
        for found in (out, diabetes.gradient(x), diabetes.noise_variance(x), diabetes.value(x)):
            assert np.isfinite(found).all()


def test_a_replica_does_not_depend_on_the_others(iterates):
    problem = replace(made(), lanes=4)
    whole = iterates(problem, schedules.Uniform(3), [0.2] * 20)
    part = iterates(problem, schedules.Uniform(3), [0.2] * 20, block=3, replicas=1)
    np.testing.assert_array_equal(whole, part)
    assert len({row.tobytes() for row in whole[-1]}) == 4


def test_a_problem_can_be_sent_to_another_process(diabetes):
    sent = pickle.loads(pickle.dumps(diabetes))
    x = points(diabetes)
    np.testing.assert_array_equal(sent.gradient(x), diabetes.gradient(x))


CHANGES = {
    "loss": "tukey",
    "scale": 0.5,
    "l2": 0.5,
    "batch": 3,
    "replacement": False,
    "standardise": False,
    "start": [1.0, 2.0, 3.0],
}


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_changes_something(option):
    one, other = made(), made(**{option: CHANGES[option]})
    assert one.settings != other.settings
    x = points(one, 1)[0]
    seen = [(*p.start, p.value(x), p.noise_variance(x), p.sigma) for p in (one, other)]
    assert seen[0] != seen[1]


def test_a_problem_can_be_rebuilt_from_its_settings(diabetes):
    given = json.loads(json.dumps(diabetes.settings))
    rebuilt = getattr(problems, given.pop("kind"))(**given)
    assert rebuilt.constants == diabetes.constants
    assert made().settings["data"] != made(data=(X + 1, Y)).settings["data"]


NAN = float("nan")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"data": "iris"},
            r"robust regression needs data among diabetes, or a file .*, got 'iris'",
        ),
        ({"data": 3}, r"needs a name or two arrays \(X, y\) of numbers as data, got int"),
        ({"data": (X, ["a"] * 9)}, r"needs a name or two arrays \(X, y\) of numbers"),
        ({"data": (X, Y[:3])}, r"got shapes \(9, 2\) and \(3,\)"),
        ({"data": (X, np.full(9, NAN))}, r"got shapes .*, 18 and 0 finite entries"),
        ({"data": (np.ones((0, 2)), [])}, r"robust regression needs finite X of shape"),
        ({"data": (X, np.ones(9))}, r"needs different numbers y to standardise, got 1 only"),
        ({"loss": "huber"}, r"needs a loss among geman-mcclure, welsch, tukey, got 'huber'"),
        ({"loss": ["tukey"]}, r"needs a loss among geman-mcclure, welsch, tukey, got \['tukey'\]"),
        ({"scale": 0}, r"robust regression needs a number scale with scale > 0, got 0"),
        ({"scale": NAN}, r"robust regression needs a number scale with scale > 0, got nan"),
        ({"l2": -1}, r"robust regression needs a number l2 with l2 >= 0, got -1"),
        ({"batch": 0}, r"robust regression needs a whole number batch >= 1, got 0"),
        ({"batch": 443, "replacement": False}, r"needs a batch <= 442, the number of rows"),
        ({"start": "zero"}, r"robust regression needs a finite start of shape .*, got 'zero'"),
        ({"standardise": "no"}, r"robust regression needs standardise = True or False, got 'no'"),
        ({"start": [1.0]}, r"robust regression needs a finite start of shape \(11,\)"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        problems.robust_regression(**arguments)
