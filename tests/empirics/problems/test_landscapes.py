"""Landscapes are attacked: every gradient, every constant, every infimum, and they hold."""

import json

import numpy as np
import pytest

from empirics import paths, problems, schedules, simulate
from empirics.named import problem as named
from empirics.problems.catalogue import MAKERS
from empirics.problems.regions import Ball

VECTORS = np.random.default_rng(5).standard_normal((12, 3)).round(2)
CASES = {
    "double_well": {},
    "double_well-3": {"dim": 3, "curvature": 20.0, "sigma": 0.3},
    "double_well-left": {"dim": 2, "start": [-0.1, 0.3], "radius": 1.2},
    "saddle": {"up": 2.0, "down": 0.5},
    "saddle-bounded": {"up": 0.5, "down": 2.0, "bounded": True, "noise": "gaussian", "sigma": 1.0},
    "scalar_factorisation": {},
    "scalar_factorisation-negative": {"c": -0.25, "radius": 3.0, "start": [0.1, 1.0]},
    "cosine": {},
    "cosine-3": {"dim": 3, "radius": 2.5, "sigma": 0.2, "noise": "gaussian"},
    "many_wells": {"dim": 2},
    "many_wells-low": {"amplitude": 0.75, "frequency": 2.0},
    "rosenbrock": {},
    "rosenbrock-aside": {
        "a": 2.0,
        "b": 0.7,
        "low": [0.5, -3.0],
        "high": [2.5, 4.5],
        "start": [1, 1],
    },
    "rosenbrock-steep": {
        "a": 2.0,
        "b": 9.0,
        "low": [1.9, 3.9],
        "high": [2.1, 4.1],
        "start": [2, 4],
    },
    "phase_retrieval": {},
    "phase_retrieval-3": {"signal": [1.0, -2.0, 0.5], "vectors": VECTORS, "start": [-1.0, 0, 0]},
    "phase_retrieval-2": {"signal": [0.3, 0.4], "vectors": VECTORS[:, :2], "radius": 1.0},
    "matrix_factorisation": {},
    "matrix_factorisation-1": {"matrix": [[1.0, 0.5], [0.2, -1.0], [0.3, 0.3]], "rank": 1},
}


def made(case):
    return getattr(problems, case.split("-")[0])(**CASES[case])


def generator(seed=0):
    return np.random.default_rng(seed)


def inside(problem, x):
    """The nearest points of the region."""
    region = problem.region
    if region is None:
        return x
    if isinstance(region, Ball):
        away = x - region.centre
        size = np.linalg.norm(away, axis=-1, keepdims=True)
        return region.centre + away * np.minimum(1, (1 - 1e-12) * region.radius / (size + 1e-300))
    return np.clip(x, region.low, region.high)


def hessian(problem, x):
    """By complex steps in the gradient: (rows, dim, dim), exact to rounding."""
    columns = []
    for i in range(problem.dim):
        moved = x.astype(complex)
        moved[..., i] += 1e-30j
        columns.append(problem.gradient(moved).imag / 1e-30)
    return np.stack(columns, axis=-1)


def extremes(problem, rounds=60, rows=300, best=30, seed=0):
    """The largest curvature in size, the smallest, and the largest gradient: found by evolution.

    Everything that was tried lies in the region, so a constant below what is found is wrong.
    """
    draw, found = generator(seed), []
    scale = (
        4.0
        if problem.region is None
        else 2 * np.abs(problem.region.words and problem.start).max() + 2
    )
    scores = (
        lambda e, g: np.abs(e).max(axis=-1),
        lambda e, g: -e[..., 0],
        lambda e, g: np.linalg.norm(g, axis=-1),
    )
    for score in scores:
        x = inside(problem, scale * draw.standard_normal((rows, problem.dim)))
        x[0] = inside(problem, np.zeros(problem.dim))
        top, spread = -np.inf, 1.0
        for _ in range(rounds):
            values = score(np.linalg.eigvalsh(hessian(problem, x)), problem.gradient(x))
            top = max(top, values.max())
            elite = x[np.argsort(-values)[:best]]
            spread *= 0.85
            children = np.repeat(elite, rows // best - 1, axis=0)
            children = children + scale * spread * draw.standard_normal(children.shape)
            x = inside(problem, np.concatenate([elite, children]))
        found.append(top)
    return found[0], -found[1], found[2]


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_derivative_of_the_value(case):
    problem = made(case)
    for shape in [(), (5,), (2, 3), (256,)]:
        x = generator().standard_normal((*shape, problem.dim))
        gradient = problem.gradient(x)
        for i in range(problem.dim):
            moved = x.astype(complex)
            moved[..., i] += 1e-30j
            slope = problem.value(moved).imag / 1e-30
            np.testing.assert_allclose(gradient[..., i], slope, rtol=1e-12, atol=1e-13)
        out = np.empty_like(x)
        assert problem.gradient(x, out=out) is out
        np.testing.assert_array_equal(out, gradient)
        if shape:
            x[1:] = 7.0  # no row depends on the others
            np.testing.assert_array_equal(problem.gradient(x)[0], gradient[0])


@pytest.mark.parametrize("case", CASES)
def test_constants_are_not_exceeded_and_exact_ones_are_reached(case):
    problem = made(case)
    largest, smallest, steepest = extremes(problem)
    known = problem.constants
    H = hessian(problem, generator(1).standard_normal((50, problem.dim)))
    np.testing.assert_allclose(H, H.swapaxes(-1, -2), rtol=1e-12, atol=1e-12)
    assert largest <= problem.L * (1 + 1e-9)
    if known["L"].provenance == "exact":
        assert largest >= 0.99 * problem.L
    if case == "phase_retrieval" or case == "phase_retrieval-2":
        assert known["L"].provenance == "bound"
        assert largest >= 0.99 * problem.L
    if "mu_sc" in known:
        assert smallest >= problem.mu_sc - 1e-9 * problem.L
        if known["mu_sc"].provenance == "exact":
            assert smallest <= problem.mu_sc + 0.01 * abs(problem.mu_sc)
    if "gradient_bound" in known:
        assert steepest <= known["gradient_bound"].value * (1 + 1e-9)
        if known["gradient_bound"].provenance == "exact":
            assert steepest >= 0.99 * known["gradient_bound"].value
        moment = known["gradient_bound"].value ** 2 + problem.sigma**2
        assert known["second_moment"].value == moment


@pytest.mark.parametrize("case", CASES)
def test_secant_quotients_in_the_region_stay_below_L(case):
    """The definition itself, between points that are not near each other."""
    problem = made(case)
    x, y = inside(problem, 3 * generator(2).standard_normal((2, 4000, problem.dim)))
    away = np.linalg.norm(problem.gradient(x) - problem.gradient(y), axis=-1)
    assert (away <= problem.L * np.linalg.norm(x - y, axis=-1) * (1 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("case", CASES)
def test_nothing_lies_below_the_infimum_and_the_minimiser_is_one(case):
    from scipy.optimize import minimize

    problem = made(case)
    known = problem.constants
    if "infimum" not in known:
        far = problem.start * np.array([0.0, 1e6])
        assert problem.value(far) < -1e6
        return
    scales = np.repeat([0.5, 2.0], 6)  # near enough for many wells, and far
    lowest = min(
        minimize(problem.value, x, jac=problem.gradient, method="L-BFGS-B").fun
        for x in scales[:, None] * generator(3).standard_normal((12, problem.dim))
    )
    assert lowest >= problem.infimum - 1e-12
    assert known["infimum"].provenance == "exact"
    if problem.minimiser is None:
        far = problem.start + np.array([0.0, 1e5])
        far[0] = 0
        assert problem.value(far) == pytest.approx(problem.infimum)
        return
    assert lowest <= problem.infimum + 1e-8  # multistart finds it
    assert problem.value(problem.minimiser) == pytest.approx(problem.infimum, abs=1e-15)
    assert np.linalg.norm(problem.gradient(problem.minimiser)) < 1e-14
    sharpness = np.linalg.eigvalsh(hessian(problem, problem.minimiser[None]))[0, -1]
    assert known["sharpness"].value == pytest.approx(sharpness)
    if problem.region is not None:
        assert problem.region.contains(problem.minimiser)


@pytest.mark.parametrize("case", CASES)
def test_a_landscape_can_be_rebuilt_from_its_settings(case):
    problem = made(case)
    given_back = json.loads(json.dumps(problem.settings))
    rebuilt = getattr(problems, given_back.pop("kind"))(**given_back)
    assert rebuilt.settings == problem.settings
    assert dict(rebuilt.constants) == dict(problem.constants)
    x = generator().standard_normal((7, problem.dim))
    np.testing.assert_array_equal(rebuilt.gradient(x), problem.gradient(x))
    np.testing.assert_array_equal(rebuilt.start, problem.start)


@pytest.mark.parametrize("case", CASES)
def test_noise_is_added_as_told(case):
    problem = made(case)
    x = np.tile(problem.start, (problem.lanes, 1))
    out = np.empty_like(x)
    sample = problem.draw(generator(), 1, problem.lanes)[0]
    problem.stochastic_gradient(x, sample, out)
    xi = out - problem.gradient(x)
    if not problem.sigma:
        assert not xi.any()
    elif problem.noise == "two-point":
        np.testing.assert_allclose(np.square(xi).sum(axis=-1), problem.sigma**2)
    assert (problem.noise_variance(x) == problem.sigma**2).all()


@pytest.mark.parametrize("case", [case for case in CASES if "pl" in made(case).constants])
def test_gradients_dominate_the_gap(case):
    problem = made(case)
    pl, x = problem.constants["pl"], 3 * generator(4).standard_normal((20000, problem.dim))
    x[:5000] *= 0.1
    x[5000:10000, 1:] = 0  # along an axis
    x = inside(problem, x)
    gap = problem.value(x) - problem.infimum
    squared = np.square(problem.gradient(x)).sum(axis=-1)
    assert (squared >= 2 * pl.value * gap * (1 - 1e-9)).all()
    least = (squared / (2 * np.maximum(gap, 1e-300)))[gap > 1e-12].min()
    if pl.provenance == "exact" or case == "many_wells-low":
        assert least <= 1.02 * pl.value  # else the constant has not been tried


def test_pl_of_waves_is_at_least_what_the_paper_says():
    """x^2 + 3 sin^2 x = 2 f has mu = 1/32 (Karimi, Nutini and Schmidt), hence f pl = 1/64."""
    low = problems.many_wells(amplitude=0.75, frequency=2.0)
    assert 1 / 64 < low.constants["pl"].value
    convex = problems.many_wells(amplitude=0.5, frequency=1.0)
    assert 0 < convex.mu_sc <= convex.constants["pl"].value
    x = np.linspace(0.01, 20, 100_000)[:, None]
    for amplitude in (1.0, 2.0, 3.0, 4.5, 4.7):  # from where on are there other wells?
        waves = problems.many_wells(amplitude=amplitude, frequency=1.0)
        assert ("pl" in waves.constants) == (waves.gradient(x).min() > 0)


def test_constants_of_rosenbrock_that_are_bounds():
    """Where the smaller eigenvalue exceeds 2 b/3 it is only known to."""
    assert made("rosenbrock").constants["mu_sc"].provenance == "exact"
    tight = problems.rosenbrock(1, 1, low=[0.99, -2], high=[1.01, 1.0], start=[1, 1])
    assert tight.mu_sc <= 2 / 3


def test_a_wrong_smoothness_would_be_found():
    """The same search, and constants that forget a term."""
    for case, wrong in {
        "double_well": 3 * 2.0**2 - 2,
        "scalar_factorisation": 1.5 * 4.0,  # without |c|
        "matrix_factorisation": 1.5 * 12.0 + 1.7,  # s_1 a little too small
    }.items():
        problem = made(case)
        assert wrong < problem.L
        assert extremes(problem, rounds=60)[0] > wrong


MINE = [
    name
    for name, entry in MAKERS.items()
    if "landscapes" in getattr(entry.maker, "func", entry.maker).__module__
    and name != "robust-line"  # it has minibatches, and sigma follows from them
]


@pytest.mark.parametrize("name", MINE)
def test_each_name_makes_a_problem_that_runs(name):
    problem = named(name)
    assert MAKERS[name].group == "nonconvex"
    assert problem.sigma == 0.1
    quiet = named(f"{name}:sigma=0")
    assert quiet.sample_size == 0
    runs = simulate(problem, schedules.Constant(2), step=0.1 / problem.L, steps=20, replicas=4)
    assert (runs.lost_at == -1).all()


def test_a_bounded_loss_believes_in_either_of_two_lines():
    """One function, two wells: where a run ends is decided by where it starts."""
    for slope in (1.0, -1.0):
        line = problems.noiseless(problems.robust_line(start=[slope / 2, 0.2]))
        end = paths(line, schedules.Constant(3), step=0.5, steps=400).points[-1, 0]
        assert np.linalg.norm(end - [slope, 0]) < 0.05
        assert np.linalg.norm(line.gradient(end)) < 1e-6
    wide = problems.robust_line(scale=50.0, outliers=0.5)  # nearly least squares: one well
    end = paths(problems.noiseless(wide), schedules.Constant(0), step=1.0, steps=400).points[-1, 0]
    assert np.linalg.norm(end) < 0.2


def test_a_robust_line_can_be_rebuilt_and_its_claims_stand():
    problem = problems.robust_line(30, outliers=0.2, loss="welsch", scale=0.4, batch=4, seed=3)
    given_back = json.loads(json.dumps(problem.settings))
    rebuilt = getattr(problems, given_back.pop("kind"))(**given_back)
    assert rebuilt.settings == problem.settings
    x = generator().standard_normal((5, 2))
    np.testing.assert_array_equal(rebuilt.gradient(x), problem.gradient(x))
    assert named("robust-line:outliers=0").value(np.array([1.0, 0.0])) < 0.05
    others = [
        problems.robust_line(**more) for more in ({"seed": 1}, {"outliers": 0.5}, {"count": 9})
    ]
    assert len({float(line.value(x[0])) for line in (problems.robust_line(), *others)}) == 4
    assert not problem.audit(points=500).refuted


@pytest.mark.parametrize(
    ("maker", "arguments", "sentence"),
    [
        ("double_well", {"dim": 0}, "double well needs a whole number dim >= 1, got 0"),
        ("double_well", {"dim": 1.5}, "needs a whole number dim >= 1, got 1.5"),
        ("double_well", {"curvature": 0}, "needs a number curvature with curvature > 0, got 0"),
        ("double_well", {"radius": 0.5}, "needs a number radius with radius >= 1, got 0.5"),
        ("double_well", {"start": [3.0]}, r"start in its region \|x\| <= 2, got \[3.0\]; make"),
        ("double_well", {"start": [0.1, 0.2]}, r"needs a finite start of shape \(1,\), got"),
        ("double_well", {"start": "here"}, "needs a finite start of shape"),
        ("double_well", {"start": [np.nan]}, "needs a finite start of shape"),
        ("double_well", {"sigma": -1}, "needs a number sigma with sigma >= 0, got -1"),
        ("double_well", {"sigma": np.nan}, "needs a number sigma with sigma >= 0, got nan"),
        ("double_well", {"noise": "pink"}, "double well needs noise among two-point, gaussian"),
        ("cosine", {"radius": 3.2}, r"needs a number radius with 0 < radius < 3\.14159, got 3\.2"),
        ("cosine", {"radius": 1.0}, r"cosine needs a start in its region \|x\| <= 1, got \[2\.0\]"),
        ("many_wells", {"amplitude": 0}, "many wells needs a number amplitude with amplitude > 0"),
        ("many_wells", {"frequency": np.nan}, "needs a number frequency with frequency > 0, got"),
        ("rosenbrock", {"b": -1}, "rosenbrock needs a number b with b > 0, got -1"),
        ("rosenbrock", {"a": np.nan}, "rosenbrock needs a number a"),
        (
            "rosenbrock",
            {"a": 3.0},
            r"needs its minimiser \[3\.0, 9\.0\] in \(-2, -1\) <= x <= \(2, 3\)",
        ),
        ("rosenbrock", {"low": [5, 5]}, "box needs low <= high of one shape"),
        ("rosenbrock", {"start": [9, 9]}, "rosenbrock needs a start in its region"),
        ("phase_retrieval", {"signal": [0, 0]}, "phase retrieval needs a signal other than 0"),
        (
            "phase_retrieval",
            {"signal": [1, 0, 0]},
            r"needs vectors of shape \(n, 3\) for this signal",
        ),
        ("phase_retrieval", {"vectors": [[1.0]]}, r"needs finite vectors of shape \(n, 2\), got"),
        ("phase_retrieval", {"vectors": [[0.0, 1.0]]}, "needs vectors that see the signal"),
        ("phase_retrieval", {"radius": 0.5}, "needs a number radius with radius >= 1, got 0.5"),
        ("robust_line", {"count": 1}, "robust line needs a whole number count >= 2, got 1"),
        (
            "robust_line",
            {"outliers": 1.5},
            "robust line needs a number outliers with 0 <= outliers",
        ),
        ("robust_line", {"seed": -1}, "robust line needs a whole number seed >= 0, got -1"),
        ("robust_line", {"scale": 0}, "robust regression needs a number scale with scale > 0"),
        ("robust_line", {"start": [1.0]}, "robust regression needs a finite start"),
        ("saddle", {"up": 0}, "saddle needs a number up with up > 0, got 0"),
        ("saddle", {"down": np.inf}, "saddle needs a number down with down > 0, got inf"),
        ("saddle", {"bounded": "no"}, "saddle needs bounded = True or False, got 'no'"),
        ("saddle", {"start": [1.0]}, r"saddle needs a finite start of shape \(2,\)"),
        ("scalar_factorisation", {"c": 0}, "scalar factorisation needs c != 0, got 0"),
        ("scalar_factorisation", {"c": np.nan}, "scalar factorisation needs a number c"),
        ("scalar_factorisation", {"radius": 1.0}, r"needs a number radius with radius >= 1\.41"),
        ("matrix_factorisation", {"matrix": []}, "needs a finite matrix of shape"),
        ("matrix_factorisation", {"matrix": [[0.0]]}, r"matrix of shape \(m, n\), not 0, got"),
        ("matrix_factorisation", {"matrix": [[1], [1, 2]]}, "needs a finite matrix of shape"),
        ("matrix_factorisation", {"matrix": [[np.inf]]}, "needs a finite matrix of shape"),
        ("matrix_factorisation", {"rank": 4}, "needs a whole number rank <= 3, got 4"),
        ("matrix_factorisation", {"start": [1.0]}, r"needs a finite start of shape \(12,\)"),
    ],
)
def test_bad_input_gets_one_sentence(maker, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        getattr(problems, maker)(**arguments)
