"""Convex problems: every constant is attacked; a wrong one would be found by the same attack."""

import json

import numpy as np
import pytest
from scipy import optimize

from empirics import named, problems, schedules, simulate
from empirics.problems.scalar import scalar

rng = np.random.default_rng
DATA = rng(3).standard_normal((40, 3)), rng(4).standard_cauchy(40)  # with outliers
SUMS = {
    "squares": problems.regression(batch=2),
    "ridge": problems.regression(l2=0.3, batch=5, replacement=False),
    "huber": problems.regression(loss="huber", width=0.5, batch=1),
    "log-cosh": problems.regression(DATA, loss="log-cosh", batch=3, standardise=False),
    "hinge": problems.hinge("breast-cancer", batch=2),
    "free hinge": problems.hinge((DATA[0], DATA[1] > 0), l2=0, batch=1),
}
BOWLS = {
    "flat": problems.huber(spectrum=[0.5, 1, 2], width=0.7, sigma=0.4),
    "soft": problems.log_cosh(4, L=3.0, mu=0.1, width=2.0, sigma=0.4, noise="student:5"),
    "path": problems.sparse_quadratic(5, mu=0.2, L=3.0, sigma=0.4),
    "grid": problems.sparse_quadratic(225, pattern="grid", L=2.0),  # beyond the dense ones
}
ALL = {**SUMS, **BOWLS}
SMOOTH = [name for name in ALL if "hinge" not in name]
sums, bowls = pytest.mark.parametrize("name", SUMS), pytest.mark.parametrize("name", BOWLS)
every, smooth = pytest.mark.parametrize("name", ALL), pytest.mark.parametrize("name", SMOOTH)


def points(problem, number, scale=1.0, seed=0):
    return scale * rng(seed).standard_normal((number, problem.dim))


def clouds(problem):
    return np.concatenate([points(problem, 60, 10.0**k, seed=k + 2) for k in range(-2, 4)])


def known(problem, name):
    constant = problem.constants.get(name)
    return None if constant is None else constant.value


@every
def test_gradients_are_slopes(name):
    problem = ALL[name]
    x, v = points(problem, 50), points(problem, 50, seed=1)
    h = 1e-6
    slope = (problem.value(x + h * v) - problem.value(x - h * v)) / (2 * h)
    away = np.ones(50, dtype=bool)
    if "hinge" in name:  # from the kinks
        A = problem.loss.A
        away = (abs(1 - x @ A.T) > h * abs(v @ A.T)).all(axis=1)
        assert away.sum() > 40
    found = np.vecdot(problem.gradient(x), v)
    np.testing.assert_allclose(found[away], slope[away], rtol=1e-5, atol=1e-6)
    out = np.empty_like(x)
    assert problem.gradient(x, out) is out
    np.testing.assert_array_equal(out, problem.gradient(x))
    np.testing.assert_allclose(problem.gradient(x[3]), out[3], rtol=1e-12, atol=1e-13)


@every
def test_they_are_convex_by_as_much_as_they_say(name):
    problem = ALL[name]
    x, y = clouds(problem), clouds(problem)[::-1]
    d = y - x
    lower = problem.value(x) + np.vecdot(problem.gradient(x), d)
    slack = 1e-9 * (1 + abs(lower) + problem.value(y))
    assert (problem.value(y) >= lower + problem.mu_sc / 2 * np.vecdot(d, d) - slack).all()
    near = problem.start if problem.minimiser is None else problem.minimiser
    for v in np.vstack([np.eye(problem.dim), np.ones(problem.dim), slowest(problem)]):
        e = 1e3 * v
        curve = problem.value(near + e) + problem.value(near - e) - 2 * problem.value(near)
        if curve < 1.5 * max(problem.mu_sc, 1e-3) * (e @ e):
            break
    else:
        pytest.fail("nothing is as flat as is said")


def slowest(problem):
    """The direction of least curvature, of linear fits."""
    if not hasattr(getattr(problem, "loss", None), "X"):
        return np.zeros(problem.dim) + (np.arange(problem.dim) == 0)
    return np.linalg.eigh(problem.loss.X.T @ problem.loss.X)[1][:, 0]


@smooth
def test_no_secant_is_steeper_than_L_and_one_nearly_is(name):
    problem = ALL[name]
    x, y = clouds(problem), clouds(problem)[::-1]
    change = np.linalg.norm(problem.gradient(x) - problem.gradient(y), axis=1)
    assert (change <= problem.L * np.linalg.norm(x - y, axis=1) * (1 + 1e-9)).all()
    v, at = points(problem, 1)[0], problem.minimiser
    for _ in range(300):
        v *= 1e-6 / np.linalg.norm(v)
        v, before = problem.gradient(at + v) - problem.gradient(at - v), v
    slope = np.linalg.norm(v) / (2 * np.linalg.norm(before))
    assert slope <= problem.L * (1 + 1e-6)
    if problem.constants["L"].provenance == "exact":
        assert slope >= problem.L * (1 - 1e-3)
        assert known(problem, "sharpness") in (None, problem.L)


@every
def test_nothing_is_lower_than_the_infimum(name):
    problem = ALL[name]
    assert problem.value(clouds(problem)).min() >= problem.infimum
    if problem.minimiser is None:
        return
    assert 0 <= float(problem.value(problem.minimiser)) - problem.infimum < 1e-9
    for scale in (1e-6, 1e-3, 1.0):
        around = problem.minimiser + points(problem, 200, scale)
        assert problem.value(around).min() >= problem.infimum
    if name in SUMS and "hinge" not in name:
        found = optimize.minimize(
            lambda w: float(problem.value(w)),
            points(problem, 1)[0],
            jac=problem.gradient,
            method="BFGS",
            options={"gtol": 1e-10, "maxiter": 5000},
        ).x
        apart = np.linalg.norm(found - problem.minimiser)
        modulus = known(problem, "pl") or 1e-3
        assert apart <= problem.within + np.linalg.norm(problem.gradient(found)) / modulus


def test_a_support_vector_machine_is_that_of_scikit_learn():
    from sklearn.svm import LinearSVC

    problem = SUMS["hinge"]
    A, n = problem.loss.A, len(problem.loss.A)
    y = np.sign(A[:, -1])  # rows times their signs
    machine = LinearSVC(
        C=1 / (n * problem.l2), loss="hinge", fit_intercept=False, tol=1e-9, max_iter=10**6
    ).fit(A * y[:, None], y)
    w = machine.coef_[0]
    assert 0 <= float(problem.value(w)) - problem.infimum < 1e-6
    assert np.linalg.norm(w - problem.minimiser) < 1e-3


@sums
def test_noise_is_unbiased_with_the_stated_variance_exactly(name):
    """Over all rows; what minibatches make of it is a matter of `Minibatches`."""
    problem = SUMS[name]
    n = len(problem.loss.squares)
    out = np.empty((n, problem.dim))
    for x in points(problem, 3, 0.5):
        problem.stochastic_gradient(np.tile(x, (n, 1)), np.arange(n)[:, None], out)
        g = problem.gradient(x)
        np.testing.assert_allclose(out.mean(axis=0), g, rtol=1e-9, atol=1e-12)
        scatter = ((out - g) ** 2).sum(axis=1).mean()
        stated = float(problem.noise_variance(x))
        assert stated == pytest.approx(scatter * problem.picks.share, rel=1e-9)
        assert stated != pytest.approx(scatter * 1.01 * problem.picks.share, rel=1e-3)
        pairs = rng(0).integers(0, n, (4, 2))
        both = np.empty((4, problem.dim))
        problem.stochastic_gradient(np.tile(x, (4, 1)), pairs, both)
        np.testing.assert_allclose(both, out[pairs].mean(axis=1), rtol=1e-9, atol=1e-12)


@every
def test_noise_and_gradients_keep_within_their_bounds(name):
    problem = ALL[name]
    x = clouds(problem)
    g = np.linalg.norm(problem.gradient(x), axis=1)
    variance = problem.noise_variance(x)
    limit = (known(problem, "relative_noise") or 0) * g**2 + problem.sigma**2
    assert (variance <= limit * (1 + 1e-9)).all()
    if (most := known(problem, "second_moment")) is not None:
        assert (g**2 + variance <= most * (1 + 1e-9)).all()
        assert (g**2 + variance).max() > 0.3 * most
    if (most := known(problem, "gradient_bound")) is not None:
        assert g.max() <= most * (1 + 1e-9)
        assert g.max() > 0.5 * most
    if (most := known(problem, "noise_bound")) is not None:
        sample = problem.draw(rng(1), 1, len(x))[0]
        out = np.empty_like(x)
        problem.stochastic_gradient(x, sample, out)
        assert np.linalg.norm(out - problem.gradient(x), axis=1).max() <= most * (1 + 1e-9)


@pytest.mark.parametrize("name", ["squares", "ridge"])
def test_the_growth_of_the_noise_is_stated_as_sharply_as_it_can_be(name):
    """sigma^2 is attained for this M, and half of M would need an infinite sigma."""
    problem = SUMS[name]
    M, sigma = known(problem, "relative_noise"), problem.sigma

    def excess(w, M=M):
        g = problem.gradient(w)
        return float(problem.noise_variance(w)) - M * float(g @ g)

    worst = optimize.minimize(lambda w: -excess(w), problem.minimiser, method="BFGS")
    assert -worst.fun == pytest.approx(sigma**2, rel=1e-5)
    directions = points(problem, 500)
    H = problem.loss.X.T @ problem.loss.X / len(problem.loss.X)
    directions = np.linalg.solve(H + problem.l2 * np.eye(problem.dim), directions.T).T
    far = problem.minimiser + 1e6 * directions
    assert max(map(excess, far)) < 0
    assert max(excess(w, 0.3 * M) for w in far) > 1e3 * sigma**2


def test_rows_that_do_not_differ_leave_the_fit_flat():
    """Two columns alike: f does not change along their difference, and w stays at the start."""
    X = rng(0).standard_normal((20, 2))[:, [0, 0, 1]]
    start = np.array([3.0, 0.0, 0.0, 0.0])
    problem = problems.regression((X, X[:, 0] + X[:, 2]), standardise=False, start=start, batch=1)
    assert problem.mu_sc == 0
    assert known(problem, "pl") > 0.1
    np.testing.assert_allclose(problem.minimiser, [2, -1, 1, 0], atol=1e-12)
    assert problem.infimum < 1e-25
    x = clouds(problem)
    g = problem.gradient(x)
    pl = known(problem, "pl")
    assert (np.vecdot(g, g) >= 2 * pl * (problem.value(x) - problem.infimum) * (1 - 1e-9)).all()
    assert (np.vecdot(g, g) < 4 * pl * (problem.value(x) - problem.infimum)).any()


def test_a_minimum_without_curvature_is_refused():
    X, y = np.zeros((4, 1)), np.array([0.0, 0.0, 5.0, 5.0])  # any number between will do
    with pytest.raises(ValueError, match=r"huber regression needs a minimum that is curved"):
        problems.regression((X, y), loss="huber", width=0.1, standardise=False, batch=1)


@pytest.mark.parametrize(
    ("pattern", "dim", "edges"),
    [
        ("path", 5, 4),
        ("ring", 5, 5),
        ("star", 5, 4),
        ("grid", 9, 12),
        ([(0, 1), (1, 0), (4, 2)], 5, 2),
    ],
    ids=["path", "ring", "star", "grid", "pairs"],
)
def test_patterns_and_curvatures_are_those_asked_for(pattern, dim, edges):
    problem = problems.sparse_quadratic(dim, pattern=pattern, mu=0.5, L=4.0)
    A = problem.matrix.toarray()
    np.testing.assert_array_equal(A, A.T)
    assert np.count_nonzero(np.triu(A, 1)) == edges
    values = np.linalg.eigvalsh(A)
    np.testing.assert_allclose([values[0], values[-1]], [0.5, 4.0], rtol=1e-12)
    json.dumps(problem.settings)


def test_random_patterns_have_their_density_and_seed():
    def make(**options):
        return problems.sparse_quadratic(60, pattern="random", **options)

    empty, full = make(density=0), make(density=1)
    assert (empty.matrix.nnz, full.matrix.nnz) == (60 + 2 * 59, 3600)
    assert make(seed=1).matrix.nnz != make(seed=2).matrix.nnz
    assert (make(seed=1).matrix != make(seed=1).matrix).nnz == 0
    dense = problems.sparse_quadratic(256, pattern="random", density=0.02)
    x = points(dense, 5)
    np.testing.assert_allclose(dense.gradient(x), x @ dense.matrix.toarray(), atol=1e-12)


def test_width_is_where_it_begins_to_flatten():
    bowl = problems.quadratic(spectrum=[0.5, 1, 2])
    x = 0.7 * np.array([[1.0, -1, 1], [0.2, 0.9, -1]])
    flat = BOWLS["flat"]
    np.testing.assert_allclose(flat.value(x), bowl.value(x))
    np.testing.assert_allclose(flat.gradient(2 * x[0]), bowl.gradient(x[0]))
    for loss in ("huber", "log-cosh"):
        wide = scalar("it", loss, 1e6)
        np.testing.assert_allclose(wide.value(x), x**2 / 2, rtol=1e-4)
    far = np.array([1e300])
    assert scalar("it", "log-cosh", 2.0).value(far) == pytest.approx(2e300)
    assert problems.huber(width=3).distance == pytest.approx(1.0)


def test_bounds_of_bowls_are_exact():
    far = 1e3 * np.ones(4)
    for name in ("flat", "soft"):
        problem = BOWLS[name]
        length = np.linalg.norm(problem.gradient(far[: problem.dim]))
        assert length == pytest.approx(known(problem, "gradient_bound"), rel=1e-12)
        moment = length**2 + problem.sigma**2
        assert moment == pytest.approx(known(problem, "second_moment"), rel=1e-12)
    assert known(BOWLS["flat"], "noise_bound") == 0.4
    assert "noise_bound" not in BOWLS["soft"].constants


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        ("regression", {"loss": "cubes"}, r"regression needs loss among squares, huber, log-cosh"),
        ("regression", {"width": 2.0}, r"regression needs no width for squares, got 2.0"),
        ("regression", {"loss": "huber", "width": 0}, r"regression needs a number width .* > 0"),
        ("regression", {"l2": -1}, r"regression needs a number l2 with l2 >= 0, got -1"),
        ("regression", {"batch": 0}, r"regression needs a whole number batch >= 1, got 0"),
        ("regression", {"data": "iris"}, r"regression needs data among diabetes, or a file"),
        ("regression", {"start": [1.0]}, r"least squares needs a finite start of shape \(11,\)"),
        ("regression", {"label": 3}, r"regression needs a file for label = 3, got other data"),
        ("logistic", {"label": "kind"}, r"logistic needs a file for label = 'kind'"),
        ("sparse_quadratic", {"density": 0.5}, r"needs pattern = random for a density, got 'path'"),
        ("sparse_quadratic", {"seed": 1}, r"needs pattern = random for a seed, got 'path'"),
        ("hinge", {"l2": float("nan")}, r"hinge needs a number l2 with l2 >= 0, got nan"),
        ("hinge", {"data": "digits-multinomial"}, r"hinge needs two classes, got \[0, 1, 2"),
        ("hinge", {"batch": 1.5}, r"hinge needs a whole number batch >= 1, got 1.5"),
        ("huber", {"width": float("inf")}, r"huber needs a number width with width > 0, got inf"),
        ("huber", {"sigma": -1}, r"huber needs a number sigma with sigma >= 0, got -1"),
        ("huber", {"spectrum": [-1]}, r"huber needs a spectrum >= 0, got -1"),
        ("log_cosh", {"noise": "student:2"}, r"log-cosh needs noise with a variance, DF > 2"),
        ("log_cosh", {"dim": 0}, r"log_cosh needs a whole number dim"),
        ("log_cosh", {"start": [1, 2]}, r"log_cosh needs a finite start of shape \(10,\)"),
        ("sparse_quadratic", {"dim": 1}, r"sparse quadratic needs a whole number dim >= 2, got 1"),
        ("sparse_quadratic", {"pattern": "web"}, r"pattern among path, ring, .* got 'web'"),
        ("sparse_quadratic", {"dim": 5, "pattern": "grid"}, r"a square number dim for a grid"),
        ("sparse_quadratic", {"pattern": [(0, 0)]}, r"pairs \(i, j\) of different coordinates"),
        ("sparse_quadratic", {"pattern": [(0, 99)]}, r"pairs \(i, j\) of different coordinates"),
        ("sparse_quadratic", {"pattern": []}, r"pairs \(i, j\) of different coordinates"),
        ("sparse_quadratic", {"pattern": [(0, 1), (2,)]}, r"pairs \(i, j\) of different"),
        ("sparse_quadratic", {"condition": 1}, r"sparse quadratic needs mu < L, got 1 for both"),
        ("sparse_quadratic", {"mu": 2.0}, r"number mu with 0 < mu < 1, got 2.0"),
        ("sparse_quadratic", {"mu": 0.1, "condition": 3}, r"needs mu or condition, got both"),
        ("sparse_quadratic", {"condition": 0.5}, r"number condition with condition >= 1"),
        (
            "sparse_quadratic",
            {"pattern": "random", "density": 2},
            r"number density with 0 <= density <= 1, got 2",
        ),
    ],
)
def test_what_is_not_theirs_is_refused(make, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        getattr(problems, make)(**options)


@pytest.mark.parametrize(
    "name",
    [
        "least-squares",
        "huber-regression:width=0.5",
        "log-cosh-regression:l2=0.1,replacement=no",
        "hinge:data=breast-cancer",
        "huber:dim=3",
        "log-cosh:noise=student:4",
        "sparse-quadratic:pattern=ring",
        "sparse-quadratic:dim=3,pattern=[[0,1],[1,2]]",
    ],
)
def test_they_have_names_and_runs(name):
    problem = named.problem(name)
    runs = simulate(problem, schedules.Constant(1), step=0.02, steps=30, replicas=3, record=30)
    gap = runs.statistics.gap.mean
    assert gap[-1] < gap[0]
    assert problem.settings["kind"].replace("_", "-") == name.partition(":")[0]
