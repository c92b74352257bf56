"""Every constant of logistic regression is attacked: exact ones are met, bounds never passed."""

import json
import sys

import numpy as np
import pytest
from scipy import optimize, stats

from empirics import problems
from empirics.problems.datasets import table

KINDS = {
    "digits": {"batch": 1},
    "breast-cancer": {"data": "breast-cancer", "batch": 4},
    "multinomial": {"data": "digits-multinomial", "classes": (0, 3, 8), "batch": 2, "l2": 0.1},
}


@pytest.fixture(scope="module", params=KINDS)
def problem(request):
    return problems.logistic(**KINDS[request.param])


def points(problem, number=40, scale=1.0):
    return scale * np.random.default_rng(0).standard_normal((number, problem.dim))


def test_gradient_is_the_derivative_of_the_value(problem):
    x, v = points(problem, 20, 0.3), points(problem, 20)
    step = 1e-5
    slope = (problem.value(x + step * v) - problem.value(x - step * v)) / (2 * step)
    np.testing.assert_allclose(np.vecdot(problem.gradient(x), v), slope, rtol=1e-6, atol=1e-7)


def test_hessian_product_is_the_derivative_of_the_gradient(problem):
    x, v = points(problem, 1, 0.3)[0], points(problem, 2)[1]
    step = 1e-5
    slope = (problem.gradient(x + step * v) - problem.gradient(x - step * v)) / (2 * step)
    product = problem.loss.hessian_product(x, v) + problem.l2 * v
    np.testing.assert_allclose(product, slope, rtol=1e-5, atol=1e-6)


def test_rows_are_computed_apart(problem):
    x = points(problem, 300).reshape(3, 100, problem.dim)  # more than one slice
    out = np.empty_like(x)
    assert problem.gradient(x, out=out) is out
    assert problem.value(x).shape == problem.noise_variance(x).shape == (3, 100)
    np.testing.assert_allclose(out[1, 7], problem.gradient(x[1, 7]), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(problem.value(x)[2, 5], problem.value(x[2, 5]), rtol=1e-12)


def each_row(problem, x):
    """The stochastic gradient of every row of the data alone, (n, dim)."""
    n = len(problem.loss.squares)
    out = np.empty((n, problem.dim))
    problem.stochastic_gradient(np.tile(x, (n, 1)), np.arange(n)[:, None], out)
    return out


@pytest.mark.parametrize("scale", [0.0, 0.3, 3.0])
def test_noise_is_unbiased_and_has_the_stated_variance_exactly(problem, scale):
    x = points(problem, 1, scale)[0]
    rows = each_row(problem, x)
    gradient = problem.gradient(x)
    np.testing.assert_allclose(rows.mean(axis=0), gradient, rtol=1e-9, atol=1e-12)
    variance = ((rows - gradient) ** 2).sum(axis=1).mean() / problem.picks.size
    assert problem.noise_variance(x) == pytest.approx(variance, rel=1e-10)


def test_a_minibatch_is_the_mean_of_its_rows(problem):
    x = points(problem, 1, 0.3)[0]
    sample = problem.draw(np.random.default_rng(0), 1, 5)[0]
    assert sample.shape == (5, problem.picks.size)
    out = np.empty((5, problem.dim))
    problem.stochastic_gradient(np.tile(x, (5, 1)), sample, out)
    means = each_row(problem, x)[sample].mean(axis=1)
    np.testing.assert_allclose(out, means, rtol=1e-10, atol=1e-13)
    wrong = each_row(problem, x)[sample - 1].mean(axis=1)
    assert abs(out - wrong).max() > 1e-3


def test_rows_are_drawn_uniformly_and_blocks_do_not_matter(problem):
    stream = np.random.Generator(np.random.SFC64(0))
    whole = problem.draw(np.random.Generator(np.random.SFC64(0)), 400, 64)
    parts = [problem.draw(stream, steps, 64) for steps in (1, 149, 250)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    counts = np.bincount(whole.ravel(), minlength=len(problem.loss.squares))
    assert stats.chisquare(counts).pvalue > 1e-6


def test_the_sampled_variance_is_the_stated_one(problem):
    """End to end, with its negative control: one row more in the batch is noticed."""
    x = problem.start
    sample = problem.draw(np.random.Generator(np.random.SFC64(1)), 1, 20000)[0]
    out = np.empty((20000, problem.dim))
    problem.stochastic_gradient(np.tile(x, (20000, 1)), sample, out)
    squares = ((out - problem.gradient(x)) ** 2).sum(axis=1)
    error = squares.std() / np.sqrt(len(squares))
    stated = problem.noise_variance(x)
    limit = stats.norm.isf(5e-7)
    assert abs(squares.mean() - stated) < limit * error
    assert (
        abs(squares.mean() - stated * problem.picks.size / (problem.picks.size + 1)) > limit * error
    )


def steepest_secant(problem, x, rounds=60):
    """|grad f(x + v) - grad f(x - v)| / |2 v| for small v, made large by power iteration."""
    v = points(problem, 1)[0]
    for _ in range(rounds):
        v *= 1e-4 / np.linalg.norm(v)
        gap = problem.gradient(x + v) - problem.gradient(x - v)
        slope = np.linalg.norm(gap) / np.linalg.norm(2 * v)
        v = gap
    return slope


def test_no_secant_is_steeper_than_L(problem):
    steepest = problem.start.copy()  # two classes: at 0
    if hasattr(problem.loss, "Y"):
        steepest[-1] = -50  # more: where two of them share all probability, by the intercept
    slopes = [steepest_secant(problem, x) for x in [steepest, *points(problem, 10, 0.2)]]
    assert max(slopes) <= problem.L * (1 + 1e-6)
    assert slopes[0] > problem.L * (1 - 1e-4)  # nothing smaller would do
    x, y = points(problem, 1000, 2.0).reshape(2, 500, problem.dim)
    far = np.linalg.norm(problem.gradient(x) - problem.gradient(y), axis=1)
    assert (far <= problem.L * np.linalg.norm(x - y, axis=1)).all()


def test_strong_convexity_is_never_violated(problem):
    x, y = points(problem, 1000, 2.0).reshape(2, 500, problem.dim)
    gap = y - x
    lower = problem.value(x) + np.vecdot(problem.gradient(x), gap)
    assert (problem.value(y) >= lower + problem.mu_sc / 2 * np.vecdot(gap, gap)).all()
    more = 200 * problem.mu_sc  # a claim too strong is caught by the same points
    assert (problem.value(y) < lower + more / 2 * np.vecdot(gap, gap)).any()


def test_infimum_agrees_with_an_independent_solver_from_below(problem):
    found = optimize.minimize(
        lambda w: float(problem.value(w)),
        points(problem, 1)[0],
        jac=problem.gradient,
        method="L-BFGS-B",
        options={"maxiter": 10000, "maxcor": 30, "ftol": 1e-15, "gtol": 1e-8},
    )
    assert 0 < found.fun - problem.infimum < 1e-8
    assert problem.constants["infimum"].provenance == "bound"
    assert problem.gap == pytest.approx(float(problem.value(problem.start)) - problem.infimum)


def test_variance_never_passes_its_bound(problem):
    best = problem.start - points(problem, 1)[0]
    clouds = [points(problem, 200, scale) for scale in (0.01, 0.1, 1.0, 10.0, 100.0)]
    for _ in range(300):  # and uphill along the error rate, where gradients are longest
        best = best + problem.gradient(best) * 0.5
        clouds.append(best[None])
    seen = max(problem.noise_variance(cloud).max() for cloud in clouds)
    assert seen <= problem.sigma**2
    assert seen > 0.6 * problem.sigma**2  # and the bound is no empty word
    assert problem.constants["sigma"].provenance == "bound"


def test_the_variance_bound_is_sharper_than_the_classical_one(problem):
    classical = problem.loss.squares.mean() * (1 if hasattr(problem.loss, "A") else 2)
    assert problem.sigma**2 < classical / problem.picks.size


@pytest.mark.parametrize("corner", range(5))
def test_farthest_is_the_farthest_of_all_corners(problem, corner):
    a = points(problem, 5, 0.1)[corner]
    distance, mean = problem.loss.farthest(a)
    corners = all_corners(problem.loss)  # (n, corners, dim)
    squares = ((corners - a) ** 2).sum(axis=-1)
    assert distance == pytest.approx(squares.max(axis=1).mean())
    chosen = np.take_along_axis(corners, squares.argmax(axis=1)[:, None, None], 1)
    np.testing.assert_allclose(mean, chosen.mean(axis=(0, 1)), atol=1e-12)


def all_corners(loss):
    if hasattr(loss, "A"):
        return np.stack([np.zeros_like(loss.A), -loss.A], axis=1)
    e = np.eye(loss.Y.shape[1]) - loss.Y[:, None]  # (n, K, K)
    return (loss.X[:, None, :, None] * e[:, :, None, :]).reshape(len(loss.X), -1, loss.dim)


def test_an_estimate_is_called_one_and_is_smaller():
    bound = problems.logistic(batch=4)
    seen = problems.logistic(batch=4, sigma="estimate")
    assert seen.constants["sigma"].provenance == "estimate"
    assert seen.noise_variance(seen.start) <= seen.sigma**2 * (1 + 1e-12)
    assert seen.sigma < bound.sigma


def test_batch_and_l2_do_what_they_say():
    small, large = problems.logistic(batch=2), problems.logistic(batch=8, l2=0.5)
    x = points(small, 1)[0]
    assert small.noise_variance(x) == pytest.approx(4 * large.noise_variance(x))
    assert small.sigma == pytest.approx(2 * large.sigma)
    assert large.L - small.L == pytest.approx(0.49)
    np.testing.assert_allclose(large.gradient(x) - small.gradient(x), 0.49 * x, atol=1e-12)


def test_two_classes_agree_with_the_softmax_of_their_difference():
    """K = 2 softmax with weights (0, w) is the two-class loss at w."""
    rows = table("digits", (3, 8), standardise=True)
    two = problems.logistic(l2=0.1)
    from empirics.problems.multinomial import multinomial

    w = points(two, 3, 0.3)
    both = np.stack([np.zeros_like(w), w], axis=-1).reshape(3, -1)
    plain = two.value(w) - two.l2 / 2 * np.vecdot(w, w)
    np.testing.assert_allclose(multinomial(rows).value(both), plain, rtol=1e-12)


def test_extreme_weights_overflow_nowhere(problem):
    for scale in (1e3, 1e6, 1e150):
        x = np.full((2, problem.dim), scale)
        out = np.empty_like(x)
        problem.stochastic_gradient(x, problem.draw(np.random.default_rng(0), 1, 2)[0], out)
        assert np.isfinite(out).all()
        assert np.isfinite(problem.gradient(x)).all()
        assert np.isfinite(problem.noise_variance(x)).all()
        assert np.isfinite(problem.value(x)).all()


def test_data_are_standardised_and_constant_columns_dropped():
    rows = table("digits", (3, 8), standardise=True)
    np.testing.assert_allclose(rows.X[:, :-1].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(rows.X[:, :-1].std(axis=0), 1)
    assert (rows.X[:, -1] == 1).all()
    raw = table("digits", (3, 8), standardise=False)
    assert raw.X.shape == (357, 65)
    assert table("digits-multinomial", None, True).classes == tuple(range(10))


def test_arrays_are_data_too():
    X, y = np.random.default_rng(0).standard_normal((30, 3)), np.repeat(["a", "b"], 15)
    problem = problems.logistic((X, y), batch=1)
    swapped = problems.logistic((X, y), classes=["b", "a"], batch=1)
    w = np.array([1.0, 2.0, 3.0, 4.0])
    assert problem.value(w) == pytest.approx(swapped.value(-w))
    assert problem.settings["data"]["shape"] == [30, 3]
    assert problem.settings["data"] != problems.logistic((X + 1, y)).settings["data"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_can_be_rebuilt_from_its_settings(kind):
    problem = problems.logistic(**KINDS[kind])
    given_back = json.loads(json.dumps(problem.settings))
    rebuilt = getattr(problems, given_back.pop("kind"))(**given_back)
    assert rebuilt.constants == problem.constants


NAN = float("nan")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"data": "iris"}, r"logistic needs data among digits, digits-multinomial, .* got 'iris'"),
        ({"data": 3}, r"needs a name or two arrays \(X, y\) as data, got int"),
        ({"data": (np.ones((3, 2)), [0, 1])}, r"got shapes \(3, 2\) and \(2,\)"),
        ({"data": (np.full((2, 2), NAN), [0, 1])}, r"got shapes .*, 0 finite entries"),
        ({"data": (np.ones((0, 2)), [])}, r"logistic needs finite X of shape \(n, features\)"),
        ({"data": (np.ones((2, 2)), [1, 1])}, r"needs 2 or more different classes among \[1\]"),
        ({"classes": (3, 11)}, r"needs 2 or more different classes among \[0, .* got \[3, 11\]"),
        ({"classes": (3, 3)}, r"needs 2 or more different classes .* got \[3, 3\]"),
        ({"classes": (3,)}, r"needs 2 or more different classes .* got \[3\]"),
        ({"l2": 0.0}, r"logistic needs a finite l2 > 0, got 0\.0"),
        ({"l2": NAN}, r"logistic needs a finite l2 > 0, got nan"),
        ({"batch": 0}, r"logistic needs a whole number batch >= 1, got 0"),
        ({"batch": 1.5}, r"logistic needs a whole number batch >= 1, got 1\.5"),
        ({"sigma": 1.0}, r'needs sigma = "bound" or "estimate", got 1\.0'),
        ({"start": "zero"}, r"logistic needs a finite start of shape .*, got 'zero'"),
        ({"standardise": "no"}, r"logistic needs standardise = True or False, got 'no'"),
        ({"start": [1.0]}, r"logistic needs a finite start of shape \(55,\), got shape \(1,\)"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        problems.logistic(**arguments)


def test_a_minimum_out_of_reach_is_not_passed_off(monkeypatch):
    monkeypatch.setattr(sys.modules["empirics.problems.logistic"], "ACCURACY", 1e-40)
    with pytest.raises(RuntimeError, match=r"needs its minimum within 1e-40, got within .*raise"):
        problems.logistic()
