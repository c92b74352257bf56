"""An audit finds every constant that is wrong, with a witness, and none that is right."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from empirics import problems
from empirics.problems import Constant, ball, box, from_functions
from empirics.problems.auditing import audit
from empirics.problems.catalogue import MAKERS
from empirics.problems.regions import Region

SMALL = {"points": 80, "starts": 1, "samples": 256}
TINY = {"points": 16, "starts": 1, "samples": 32}
H = np.array([1.0, 3.0])


@pytest.mark.parametrize("name", MAKERS)
def test_every_problem_with_a_name_stands(name):
    problem = MAKERS[name].maker()
    found = problem.audit(**(SMALL if problem.dim < 500 else TINY))
    assert found.ok, str(found)
    assert {a.key for a in found.findings} >= {"gradient", "unbiased", "variance"}


# ------------------------------------------------------------------ a problem whose limits are met

# on |x| <= 2, where |grad f| <= 6; xi = +-0.2 grad f +- (0, 0.5), so that E|xi|^2 is known
RIGHT = {
    "L": 3.0,
    "mu_sc": 1.0,
    "pl": 1.0,
    "sharpness": 3.0,
    "gradient_bound": 6.0,
    "sigma": 0.5,
    "relative_noise": 0.04,
    "second_moment": 36 * 1.04 + 0.25,
    "noise_bound": 1.7,
    "infimum": 0.0,
}


def shaken(x, rng):
    s = rng.choice([-1.0, 1.0], 2)
    return H * x * (1 + 0.2 * s[0]) + np.array([0, 0.5 * s[1]])


def bowl(constants=RIGHT, provenance="bound", **more):
    given = {
        "value": lambda x: (H * x) @ x / 2,
        "gradient": lambda x: H * x,
        "stochastic_gradient": shaken,
        "noise_variance": lambda x: 0.25 + 0.04 * np.sum((H * x) ** 2),
        "start": [1.0, 1.0],
        "minimiser": [0.0, 0.0],
        "region": ball([0.0, 0.0], 2.0),
        "constants": {
            key: Constant(value=value, provenance=provenance, why="test")
            for key, value in constants.items()
        },
    } | more
    return from_functions(**given)


def refuted(problem, **more):
    found = problem.audit(**{"points": 400, "starts": 2, "samples": 64, **more})
    return {finding.key for finding in found.refuted}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("provenance", ["exact", "bound"])
def test_right_ones_stand(seed, provenance):
    found = bowl(provenance=provenance).audit(points=400, starts=2, samples=2000, seed=seed)
    assert found.ok, str(found)
    assert {a.outcome for a in found.findings} == {"stands"}
    assert {a.key for a in found.findings} == {
        *RIGHT, "gradient", "unbiased", "variance", "minimiser"
    }  # fmt: skip
    worst = {a.key: a.worst for a in found.findings}
    for key in ("L", "mu_sc", "sharpness", "gradient_bound", "second_moment", "pl"):
        assert worst[key] == pytest.approx(RIGHT[key], rel=1e-3)  # it got there
    assert worst["noise_bound"] > 0.95 * RIGHT["noise_bound"]


WRONG = {
    "L": 0.99,
    "mu_sc": 1.01,
    "pl": 1.01,
    "sharpness": 0.99,
    "gradient_bound": 0.99,
    "sigma": 0.98,
    "relative_noise": 0.98,
    "second_moment": 0.99,
    "noise_bound": 0.9,
}


@pytest.mark.parametrize("key", WRONG)
def test_each_wrong_one_is_found_and_no_other(key):
    problem = bowl({**RIGHT, key: RIGHT[key] * WRONG[key]})
    also = {"sigma": {"relative_noise"}, "relative_noise": {"sigma"}}.get(key, set())
    assert refuted(problem, samples=600) == {key} | also


def test_wrong_infima_and_minimisers_are_found():
    assert refuted(bowl({**RIGHT, "infimum": 0.01})) == {"infimum"}
    assert refuted(bowl({"infimum": -0.01})) == set()  # a bound may lie below
    assert refuted(bowl({"infimum": -0.01}, provenance="exact")) == {"infimum"}  # not attained
    assert refuted(bowl({"infimum": 0.0}, minimiser=[0.01, 0.0])) == {"minimiser"}
    assert refuted(bowl({"infimum": 0.0, "L": 3.0}, minimiser=[0.01, 0.0], within=0.02)) == set()
    assert refuted(bowl({"sharpness": 3.1})) == set()
    assert refuted(bowl({"sharpness": 3.1}, provenance="exact")) == {"sharpness"}


def test_noise_is_judged_by_draws_where_its_variance_is_not_known():
    found = bowl(noise_variance=None).audit(points=100, starts=1, samples=3000)
    assert found.ok
    assert found["variance"].outcome == "not tried"
    for key in ("sigma", "second_moment"):
        wrong = bowl({key: RIGHT[key] * 0.7} | ({"relative_noise": 0.0} if key == "sigma" else {}))
        wrong = replace(wrong, functions={k: v for k, v in wrong.functions.items() if k[0] != "n"})
        assert key in refuted(wrong, points=100, samples=3000)


def test_estimates_are_exceeded_not_refuted():
    found = bowl({"L": 2.0, "sigma": 0.1}, provenance="estimate").audit(points=100)
    assert found.ok
    assert found["L"].outcome == found["sigma"].outcome == "exceeded"
    assert found["L"].witness


def test_witnesses_can_be_checked():
    problem = bowl({key: RIGHT[key] * WRONG.get(key, 1) for key in RIGHT} | {"infimum": 0.5})
    found = problem.audit(points=400)
    assert not found.ok
    x, y = (np.array(found["L"].witness[a]) for a in "xy")
    g = problem.gradient(x) - problem.gradient(y)
    assert np.linalg.norm(g) > problem.L * np.linalg.norm(x - y)
    assert problem.region.contains(np.stack([x, y])).all()
    x, y = (np.array(found["mu_sc"].witness[a]) for a in "xy")
    assert (problem.gradient(x) - problem.gradient(y)) @ (x - y) < problem.mu_sc * (x - y) @ (x - y)
    for key in ("gradient_bound", "second_moment", "pl", "sigma"):
        assert problem.region.contains(np.array(found[key].witness["x"]))
    x = np.array(found["gradient_bound"].witness["x"])
    assert np.linalg.norm(problem.gradient(x)) > 0.99 * 6
    assert problem.value(np.array(found["infimum"].witness["x"])) < 0.5


# ------------------------------------------------------------------ real and curved problems


def changed(problem, key, value):
    return replace(
        problem,
        constants={**problem.constants, key: replace(problem.constants[key], value=value)},
    )


@pytest.fixture(scope="module")
def digits():
    return problems.logistic(batch=8)


@pytest.mark.parametrize(
    ("key", "factor"), [("L", 0.9), ("mu_sc", 1.2), ("sigma", 0.5), ("infimum", 1.001)]
)
def test_wrong_constants_of_real_data_are_found(digits, key, factor):
    problem = changed(digits, key, digits.constants[key].value * factor)
    also = {"minimiser"} if key == "infimum" else set()
    assert {key} <= refuted(problem, points=300, samples=64) <= {key} | also


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda: problems.double_well(dim=3), ("L", "mu_sc", "sharpness")),
        (lambda: problems.saddle(up=2.0, down=0.5, bounded=True), ("L", "mu_sc")),
        (lambda: problems.scalar_factorisation(), ("L", "mu_sc", "sharpness")),
        (lambda: problems.matrix_factorisation(), ("L", "mu_sc", "sharpness")),
        (lambda: problems.deep_linear_chain(), ("sharpness",)),
        (lambda: problems.quadratic(dim=20, condition=100), ("L", "mu_sc")),
        (lambda: problems.quadratic(spectrum=[2.0, 2.0]), ("L", "mu_sc")),
        (lambda: piecewise(), ("L", "mu_sc")),
    ],
    ids=["wells", "saddle", "scalar", "matrix", "chain", "quadratic", "round", "piecewise"],
)
def test_wrong_constants_of_curved_problems_are_found(make, keys):
    problem = make()
    for key in keys:
        value = problem.constants[key].value
        worse = value + 0.1 * abs(value) if key == "mu_sc" else 0.9 * value
        assert refuted(changed(problem, key, worse)) == {key}


def piecewise():
    return problems.piecewise_quadratic(
        [(-1.0, -1.0), (0.0, 1.0), (1.0, 0.5)], left=1.0, right=1.0, start=3.0
    )


# ------------------------------------------------------------------ gradients


def with_gradient(gradient, value=lambda x: np.sum(np.cosh(x))):
    return from_functions(value, gradient, start=[0.5, -0.3, 0.2])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: np.sinh(x) * [1, 1, 1.001],
        lambda x: -np.sinh(x),
        lambda x: np.sinh(x) + np.array([0, 1e-4, 0]),
        lambda x: np.sinh(x) * (1 + (x[0] > 0)),
        lambda x: np.sinh(x)[[1, 0, 2]],
    ],
    ids=["factor", "sign", "shift", "half of the space", "order"],
)
def test_wrong_gradients_are_found(wrong):
    assert refuted(with_gradient(np.sinh)) == set()
    assert refuted(with_gradient(wrong)) == {"gradient"}


@pytest.mark.parametrize("seed", range(3))
def test_kinks_are_no_mistake(seed):
    """A subgradient is accepted where there is no gradient, and nothing outside of them."""

    def length(x):
        return np.abs(x).sum()

    at_kink = from_functions(length, np.sign, start=[0.0, 0.0])
    assert refuted(at_kink, seed=seed) == set()
    wrong = from_functions(length, lambda x: np.sign(x) + 1.5 * (x == 0), start=[0.0])
    assert refuted(wrong, seed=seed) == {"gradient"}
    flat = from_functions(lambda x: max(x[0], 0.0), lambda x: 0 + (x > 0), start=[0.0])
    assert refuted(flat, seed=seed) == set()


# ------------------------------------------------------------------ noise


def noisy(stochastic_gradient, **more):
    return from_functions(
        lambda x: np.sum(x**2) / 2, lambda x: x, stochastic_gradient, start=[1.0, 2.0], **more
    )


BIASED = {
    "shift": lambda x, rng: x + rng.standard_normal(2) + [0.2, 0],
    "shrunk": lambda x, rng: 0.8 * x + rng.standard_normal(2),
    "clipped": lambda x, rng: np.clip(x + 2 * rng.standard_normal(2), -1.5, 1.5),
}


@pytest.mark.parametrize("how", BIASED)
def test_biased_gradients_are_found(how):
    assert "unbiased" in refuted(noisy(BIASED[how]), samples=4096)


def test_alpha_says_how_small_a_bias_is_found():
    slightly = noisy(lambda x, rng: x + rng.standard_normal(2) + [0.17, 0])
    assert "unbiased" in refuted(slightly, samples=4096, alpha=0.1)
    assert "unbiased" not in refuted(slightly, samples=4096, alpha=1e-12)


def rare(x, rng):
    return x * (500 if rng.random() < 1 / 500 else 0)


UNBIASED = {
    "normal": lambda x, rng: x + rng.standard_normal(2),
    "heavy": lambda x, rng: x + rng.standard_t(1.5, 2),
    "skew": lambda x, rng: x + np.exp(2 * rng.standard_normal(2)) - np.exp(2),
}


@pytest.mark.parametrize("how", UNBIASED)
@pytest.mark.parametrize("seed", range(3))
def test_unbiased_gradients_stand_whatever_their_tails(how, seed):
    assert refuted(noisy(UNBIASED[how]), seed=seed, points=40, samples=2000) == set()


def test_rare_noise_with_its_variance_stands_and_without_it_is_not_judged():
    known = noisy(rare, noise_variance=lambda x: 499 * np.sum(x**2))
    for seed in range(5):
        assert refuted(known, seed=seed, points=40, samples=2000) == set()
    unknown = noisy(rare).audit(points=40, samples=2000)["unbiased"]
    assert unknown.outcome == "not tried"
    assert "carry the variance" in unknown.words


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_wrong_variances_are_found(factor):
    right = {"noise_variance": lambda x: 2.0}
    wrong = {"noise_variance": lambda x: 2.0 * factor}
    assert refuted(noisy(UNBIASED["normal"], **right), samples=6000) == set()
    assert refuted(noisy(UNBIASED["normal"], **wrong), samples=6000) == {"variance"}


def test_a_problem_that_calls_itself_noiseless_has_no_noise():
    @dataclass(frozen=True, eq=False, kw_only=True)
    class Loud(type(problems.noiseless(problems.quadratic(2, mu=0.5, sigma=1.0)))):
        def stochastic_gradient(self, x, sample, out):
            out[...] = x

    quiet = problems.noiseless(problems.quadratic(2, mu=0.5, sigma=1.0))
    assert refuted(quiet) == set()
    loud = Loud(**{name: getattr(quiet, name) for name in quiet.__dataclass_fields__})
    assert {"unbiased", "variance"} <= refuted(loud)


# ------------------------------------------------------------------ regions, records, arguments


def test_the_search_stays_in_the_region():
    """1/x has no smoothness constant near 0, and 2 on x >= 1; outside it even raises."""

    def slope(x):
        if not 1 - 1e-9 <= x[0] <= 9:
            raise ValueError("outside")
        return -1 / x**2

    def inverse(region, L):
        return from_functions(
            lambda x: 1 / x[0] if x[0] > 0 else np.nan, slope, start=[2.0], region=region, L=L
        )

    for region in (box([1.0], [5.0]), ball([3.0], 2.0), HalfLine()):
        problem = inverse(region, 2.0)
        found = problem.audit(points=400)
        assert found.ok, str(found)
        assert found["L"].worst > 1.9
        assert refuted(inverse(region, 1.8)) == {"L"}


@dataclass(frozen=True, eq=False, kw_only=True)
class HalfLine(Region):
    """A region of which the audit knows membership only."""

    words = "1 <= x <= 5"
    settings = {}  # noqa: RUF012
    bounds = np.array([1.0]), np.array([5.0])

    def contains(self, x):
        return ((x >= 1) & (x <= 5)).all(axis=-1)


def test_points_at_which_a_function_fails_are_left_out_and_counted():
    def steep(x):
        if abs(x[0]) > 3:
            raise OverflowError("too large")
        return 4 * x**3

    found = from_functions(lambda x: x[0] ** 4, steep, start=[1.0], infimum=0.0).audit(points=100)
    assert found.ok
    assert found["defined"].outcome == "not tried"
    assert "OverflowError: too large" in found["defined"].words


def test_an_audit_never_ends_in_an_exception_of_somebodys_function():
    def value(x):
        if x[0] < 0.9:
            raise ValueError("log of a negative number")
        return x @ x

    def picky(x, rng):
        if x[0] > 1.2:
            raise ZeroDivisionError("no")
        return 2 * x

    problem = from_functions(
        value, lambda x: 2 * x, picky, start=[1.0], infimum=0.8, L=2.0,
        constants={"sharpness": 2.0, "sigma": 1.0, "pl": 0.1},
    )  # fmt: skip
    assert problem.audit(points=40, samples=64).ok
    lost = replace(problem, minimiser=np.array([0.5])).audit(points=40, samples=64)
    assert {a.key for a in lost.refuted} == {"minimiser"}
    assert lost["minimiser"].words == "f = nan at the minimiser, x = (0.5)"
    assert "log of a negative number" in lost["defined"].words
    nowhere = replace(problem, region=box([-2.0], [-1.0]), start=np.array([-1.5]))
    found = nowhere.audit(points=40, samples=64)
    outcomes = {a.key: a.outcome for a in found.findings}
    assert outcomes["gradient"] == outcomes["pl"] == outcomes["sharpness"] == "not tried"


def test_an_audit_can_be_read_and_repeated():
    problem = bowl({"L": 2.0, "infimum": 0.0})
    seen = []
    found = audit(problem, points=100, samples=256, progress=lambda *a: seen.append(a))
    again = problem.audit(points=100, samples=256)
    assert found.to_dict() == again.to_dict()
    assert json.loads(json.dumps(found.to_dict()))["ok"] is False
    lines = str(found).splitlines()
    assert lines[0] == "own, dim 2: 6 claims tried, 1 refuted"
    assert len(lines) == 1 + len(found.findings)
    assert "L = 2 (bound)" in str(found)
    assert "refuted" in next(line for line in lines if "L = 2" in line)
    assert [a[:2] for a in seen] == [(k + 1, 6) for k in range(6)]
    assert [a[2] for a in seen] == [a.key for a in found.findings]
    assert found.settings["problem"] == dict(problem.settings)
    assert problem.audit(points=100, samples=256, seed=1).to_dict() != found.to_dict()
    assert problem.audit(points=300, samples=64)["L"].tried > found["L"].tried
    more = problem.audit(points=100, samples=64, starts=4)
    assert more["L"].tried > problem.audit(points=100, samples=64, starts=1)["L"].tried
    assert problem.audit(points=100, samples=64)["unbiased"].tried < found["unbiased"].tried
    with pytest.raises(KeyError, match="says nothing of 'pl', but of gradient, unbiased"):
        found["pl"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"points": 0}, r"audit needs a whole number points >= 8, got 0"),
        ({"points": 1.5}, r"audit needs a whole number points >= 8, got 1.5"),
        ({"starts": 0}, r"audit needs a whole number starts >= 1, got 0"),
        ({"samples": -1}, r"audit needs a whole number samples >= 16, got -1"),
        ({"alpha": 0}, r"audit needs a number alpha with 0 < alpha < 1, got 0"),
        ({"alpha": np.nan}, r"audit needs a number alpha with 0 < alpha < 1, got nan"),
        ({"seed": -1}, r"audit needs a whole number seed >= 0, got -1"),
    ],
    ids=range(7),
)
def test_bad_input(more, sentence):
    with pytest.raises(ValueError, match=sentence):
        bowl().audit(**more)
    with pytest.raises(ValueError, match=r"audit needs a Problem such as quadratic\(...\), got 3"):
        audit(3)
