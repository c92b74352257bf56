"""Somebody's own functions as a problem: right numbers, the same numbers again, or one sentence."""

import json
import pickle
import re

import numpy as np
import pytest

from empirics import named, problems, schedules, simulate
from empirics.keeping import key_of, run_settings
from empirics.problems import Constant, Problem, ball, from_functions

A = np.random.default_rng(0).standard_normal((12, 3))
B = A @ np.ones(3) + 0.1


def value(x):
    return 0.5 * np.mean((A @ x - B) ** 2)


def gradient(x):
    return A.T @ (A @ x - B) / 12


def one_row(x, i):
    return A[i] * (A[i] @ x - B[i])


def some_rows(x, rows):
    return A[rows].T @ (A[rows] @ x - B[rows]) / len(rows)


def drawn(x, rng):
    return one_row(x, rng.integers(12))


def together(x):
    return (x @ A.T - B) @ A / 12


def values_together(x):
    return 0.5 * np.mean((x @ A.T - B) ** 2, axis=-1)


def drawn_together(x, rng):
    i = rng.integers(12, size=len(x))
    return A[i] * (np.vecdot(A[i], x) - B[i])[:, None]


def rows_together(x, i):
    return A[i] * (np.vecdot(A[i], x) - B[i])[:, None]


def least_squares(**more):
    return from_functions(value, gradient, start=np.zeros(3), **more)


KINDS = {
    "none": lambda: least_squares(),
    "added": lambda: least_squares(sigma=0.5),
    "gaussian": lambda: least_squares(sigma=0.5, noise="gaussian"),
    "generator": lambda: from_functions(value, gradient, drawn, start=np.zeros(3)),
    "row": lambda: from_functions(value, gradient, one_row, start=np.zeros(3), rows=12),
    "rows": lambda: from_functions(value, gradient, some_rows, start=np.zeros(3), rows=12, batch=4),
    "different rows": lambda: from_functions(
        value, gradient, some_rows, start=np.zeros(3), rows=12, batch=4, replacement=False
    ),
    "generator-together": lambda: from_functions(
        values_together, together, drawn_together, start=np.zeros(3), vectorised=True
    ),
    "row-together": lambda: from_functions(
        values_together, together, rows_together, start=np.zeros(3), rows=12, vectorised=True
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_those_of_the_functions(kind):
    problem = KINDS[kind]()
    assert isinstance(problem, Problem)
    x = np.random.default_rng(1).standard_normal((2, 4, 3))
    expected = np.array([[gradient(row) for row in block] for block in x])
    np.testing.assert_allclose(problem.gradient(x), expected, rtol=1e-12)
    np.testing.assert_allclose(problem.value(x), [[value(a) for a in b] for b in x], rtol=1e-12)
    assert problem.value(x[0, 0]).shape == ()
    out = np.empty((4, 2, 3)).swapaxes(0, 1)  # no plain block of memory
    assert problem.gradient(x, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_unbiased_with_the_variance_it_states(kind):
    problem = KINDS[kind]()
    n = 6400
    x = np.tile([0.5, -1.0, 2.0], (n, 1))
    out = np.empty_like(x)
    for i in range(0, n, 64):
        sample = problem.draw(np.random.default_rng(i), 1, 64)[0]
        problem.stochastic_gradient(x[:64], sample, out[i : i + 64])
    xi = out - gradient(x[0])
    if kind == "none":
        np.testing.assert_allclose(out, problem.gradient(x), rtol=1e-12)
        assert problem.sigma == 0
        return
    squares = np.square(xi).sum(axis=1)
    error = 6 * xi.std(axis=0) / np.sqrt(n)
    assert (np.abs(xi.mean(axis=0)) < error).all()
    stated = float(problem.noise_variance(x[0]))
    if kind.startswith("generator"):
        assert np.isnan(stated)  # nobody said what it is
        stated = np.mean([np.sum((one_row(x[0], i) - gradient(x[0])) ** 2) for i in range(12)])
    slack = 6 * squares.std() / np.sqrt(n) + 1e-9
    assert abs(squares.mean() - stated) < slack
    assert abs(squares.mean() - 1.5 * stated) > slack  # it has the power to see half as much more


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reuse", [False, True], ids=["fresh", "reuse"])
def test_runs_do_not_depend_on_how_they_are_cut(kind, reuse, iterates):
    problem, eta = KINDS[kind](), np.full(20, 0.1)
    runs = [
        iterates(problem, schedules.Uniform(3), eta, reuse=reuse, block=block)
        for block in (3, 7, 20)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[0], runs[2])
    if kind != "none":
        assert len(np.unique(runs[0][1, :, 0])) > 1  # lanes have noise of their own
        other = iterates(problem, schedules.Uniform(3), eta, reuse=reuse, seed=1)
        assert not np.array_equal(runs[0], other)


def test_reuse_applies_the_same_sample_again(iterates):
    """With delays 0, 1 a gradient is applied twice: x_2 - x_1 = x_1 - x_0, noise and all."""
    for kind in ("generator", "generator-together", "row"):
        problem = KINDS[kind]()
        x = iterates(problem, schedules.Cyclic([0, 1]), np.full(2, 0.1), reuse=True)
        np.testing.assert_allclose(x[2] - x[1], x[1] - x[0], rtol=1e-12)
        x = iterates(problem, schedules.Cyclic([0, 1]), np.full(2, 0.1))
        assert np.abs(x[2] - 2 * x[1] + x[0]).max() > 1e-3
    # delays that differ between lanes: each lane has the sample that it drew, of its own time
    problem = KINDS["generator-together"]()
    keys = problem.draw(np.random.default_rng(0), 2, 6)
    x = np.random.default_rng(1).standard_normal((6, 3))
    both, mixed = np.empty((2, 6, 3)), np.empty((6, 3))
    for key, out in zip(keys, both, strict=True):
        problem.stochastic_gradient(x, key, out)
    first = np.array([0, 1, 0, 1, 1, 0])
    problem.stochastic_gradient(x, keys[first, np.arange(6)], mixed)
    np.testing.assert_array_equal(mixed, both[first, np.arange(6)])


def test_processes_change_no_number():
    problem = KINDS["generator"]()
    numbers = {"step": 0.1, "steps": 10, "replicas": 40}
    one = simulate(problem, schedules.Constant(1), **numbers)
    two = simulate(problem, schedules.Constant(1), processes=2, **numbers)
    assert np.array_equal(one.statistics.gap.M2, two.statistics.gap.M2, equal_nan=True)


def test_what_cannot_be_sent_says_so():
    problem = from_functions(lambda x: value(x), gradient, start=np.zeros(3), name="mine")
    with pytest.raises(ValueError, match=r"mine needs value at the top of a module .* got .*<lam"):
        pickle.dumps(problem)
    for _ in range(20):  # a pool that meets such a problem may wait for itself, sooner or later
        with pytest.raises(ValueError, match=r"mine needs value .* or ask for processes = 1"):
            simulate(problem, schedules.Constant(0), step=0.1, steps=2, replicas=64, processes=2)


# ------------------------------------------------------------------ what is forgiven, what is not


def odd(function):
    """x^2/2 with a gradient that is done in some other way."""
    return from_functions(lambda x: np.sum(x**2) / 2, function, start=[1.0, 2.0], name="odd")


def spoils(x):
    g = x.copy()
    x[:] = -7.0
    return g


def negates_in_place(x):
    x *= 1.0
    return x


FORGIVEN = {
    "list": lambda x: [x[0], x[1]],
    "tuple": tuple,
    "single": lambda x: x.astype(np.float32),
    "integers": lambda x: np.rint(x).astype(int),
    "spoils its argument": spoils,
    "returns its argument": negates_in_place,
}


@pytest.mark.parametrize("how", FORGIVEN)
def test_forgiven(how):
    problem = odd(FORGIVEN[how])
    x = np.array([[1.0, 2.0], [3.0, -4.0]])
    np.testing.assert_array_equal(problem.gradient(x), [[1, 2], [3, -4]])
    np.testing.assert_array_equal(x, [[1, 2], [3, -4]])
    np.testing.assert_array_equal(problem.start, [1, 2])


def test_one_dimension_may_be_written_in_plain_numbers():
    problem = from_functions(lambda x: x**4, lambda x: 4 * x[0] ** 3, start=2)
    assert problem.dim == 1
    assert problem.value(problem.start) == 16
    assert problem.gradient(problem.start) == [32]


def raises(x):
    raise KeyError("no such row")


def half(x):
    return np.where(x > 1.5, np.nan, x)


REFUSED = {
    "shape": (lambda x: x[:1], r"odd needs gradient to return numbers of shape \(2,\), got shape"),
    "column": (lambda x: x[:, None], r"got shape \(2, 1\) at x = \(1, 2\)"),
    "ragged": (lambda x: [[1.0], [1.0, 2.0]], r"numbers of shape \(2,\), got list at x"),
    "none": (lambda x: None, r"got None at x = \(1, 2\); is there a return"),
    "words": (lambda x: ["a", "b"], r"numbers of shape \(2,\), got str"),
    "complex": (lambda x: x + 1j, r"numbers of shape \(2,\), got complex128"),
    "truth": (lambda x: x > 0, r"got bool at x"),
    "raises": (raises, r"odd needs gradient to work at x = \(1, 2\), got KeyError: 'no such row'"),
    "nan": (half, r"odd needs gradient to return numbers, got nan at x = \(1, 2\)"),
    "infinite": (lambda x: x * np.inf, r"odd needs a finite gradient at the start, got \[inf inf"),
    "arguments": (lambda x, y: x, r"odd needs gradient\(x\), got gradient\(x, y\)"),
    "no function": (np.ones(2), r"odd needs gradient to be a function, got array"),
    "random": (lambda x: x + np.random.default_rng().random(2), r"gradient to be the same at the"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_refused(how):
    function, sentence = REFUSED[how]
    with pytest.raises(ValueError, match=sentence) as caught:
        odd(function)
    assert "\n" not in str(caught.value)


def test_what_the_function_raised_is_still_there():
    with pytest.raises(ValueError, match="got KeyError") as caught:
        odd(raises)
    assert isinstance(caught.value.__cause__, KeyError)


def globally(x, rng):
    return x + np.random.standard_normal(2)  # noqa: NPY002  # the mistake at hand


def all_alike(x, rng):
    return x + rng.standard_normal(2)


GOOD = {"value": lambda x: np.sum(x**2, -1) / 2, "gradient": lambda x: x, "start": [1.0, 2.0]}
ARGUMENTS = {
    "start": ({"start": [[1.0]]}, r"needs a finite start of shape \(dim,\), got \[\[1.0\]\]"),
    "empty": ({"start": []}, r"needs a finite start of shape \(dim,\), got \[\]"),
    "words": ({"start": "here"}, r"needs a finite start of shape \(dim,\), got 'here'"),
    "nan": ({"start": [np.nan]}, r"needs a finite start"),
    "name": ({"name": ""}, r"from_functions needs a name in words, got ''"),
    "L": ({"L": -1.0}, r"own needs L >= 0, got -1.0"),
    "L nan": ({"L": np.nan}, r"own needs a finite number L, got nan; leave it out"),
    "L words": ({"L": "big"}, r"own needs a finite number L, got 'big'"),
    "twice": ({"L": 1.0, "constants": {"L": 2.0}}, r"own needs one L, got two: 2.0 and 1.0"),
    "key": ({"constants": {"lip": 2.0}}, r"own needs constants among L, mu_sc, .*, got 'lip'"),
    "list": ({"constants": [1.0]}, r"own needs constants as a dictionary, got list"),
    "mu": ({"L": 1.0, "mu_sc": 2.0}, r"own needs \|mu_sc\| <= L, got mu_sc = 2 and L = 1"),
    "sigma": ({"sigma": -1}, r"own needs sigma >= 0, got -1"),
    "noise": (
        {"sigma": 1.0, "noise": "loud"},
        r"own needs noise among two-point, gaussian, student:DF, got",
    ),
    "no sigma": ({"noise": "gaussian"}, r"own needs sigma = a number for 'gaussian' noise"),
    "rows": ({"rows": 3}, r"own needs a stochastic_gradient for rows, got none"),
    "variance": ({"noise_variance": lambda x: 0.0}, r"needs a stochastic_gradient for noise_var"),
    "region": ({"region": 3.0}, r"own needs region = a ball, a box or none, got 3.0"),
    "outside": ({"region": ball([0.0, 0.0], 1.0)}, r"own needs a start in its region \|x\| <= 1"),
    "vectorised": ({"vectorised": "yes"}, r"own needs vectorised = True or False, got 'yes'"),
    "within": ({"within": -1.0}, r"own needs a number within with within >= 0, got -1.0"),
    "minimiser": ({"minimiser": [0.0]}, r"own needs a finite minimiser of shape \(2,\)"),
    "one": ({"stochastic_gradient": lambda x: x}, r"needs stochastic_gradient\(x, rng\), or"),
    "globally": ({"stochastic_gradient": globally}, r"two answers .*; is np.random in it"),
    "both": ({"stochastic_gradient": all_alike, "noise": "gaussian"}, r"either a stochastic_gra"),
    "replaced": ({"replacement": False}, r"own needs rows = n, .* beside replacement = False"),
    "no flag": ({"replacement": "no"}, r"own needs replacement = True or False, got 'no'"),
    "no rows": ({"stochastic_gradient": all_alike, "batch": 2}, r"needs rows = n, how many there"),
    "alike": (
        {"stochastic_gradient": all_alike, "vectorised": True},
        r"to draw for each of the \(n, dim\) points, got the same noise at all of them",
    ),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(case):
    more, sentence = ARGUMENTS[case]
    from_functions(**GOOD)
    with pytest.raises(ValueError, match=sentence) as caught:
        from_functions(**{**GOOD, **more})
    assert "\n" not in str(caught.value)


def log_barrier(**more):
    return from_functions(
        lambda x: x[0] - np.log(x[0]), lambda x: 1 - 1 / x, start=[0.5], name="barrier", **more
    )


def test_a_run_stops_where_a_function_is_not_defined_unless_a_region_says_so():
    def nowhere(x):
        return np.sqrt(x)

    numbers = {"step": 1.0, "steps": 200, "replicas": 1}
    root = from_functions(lambda x: x[0], nowhere, start=[2.0], name="root")
    with pytest.raises(ValueError, match=r"root needs gradient to return numbers, got nan at x = "):
        simulate(root, schedules.Constant(5), **numbers)
    there = from_functions(
        lambda x: x[0], nowhere, start=[2.0], region=problems.box([0.0], [9.0]), infimum=0.0
    )
    runs = simulate(there, schedules.Constant(5), **numbers)
    assert (runs.lost_at > 0).all()


def test_runs_that_diverge_are_no_mistake_of_a_function():
    calls = []

    def steep(x):
        assert np.isfinite(x).all()
        calls.append(x)
        return 4 * x**3

    problem = from_functions(lambda x: np.sum(x**4), steep, start=[3.0], infimum=0.0)
    runs = simulate(problem, schedules.Constant(1), step=1.0, steps=100, replicas=32)
    assert (runs.lost_at > 0).all()
    assert len(calls) < 32 * 100  # a lost replica is not asked any more


# ------------------------------------------------------------------ constants and settings


def test_constants_say_who_said_so():
    problem = least_squares(
        L=2.0, constants={"pl": 0.1}, minimiser=np.linalg.solve(A.T @ A, A.T @ B)
    )
    assert problem.constants["L"] == Constant(
        value=2.0, provenance="bound", why="declared by the user"
    )
    assert problem.constants["sigma"].provenance == "exact"
    assert problem.constants["infimum"].why == "value at the minimiser the user declares"
    own = Constant(value=1.0, provenance="exact", why="largest eigenvalue")
    assert least_squares(constants={"L": own}).constants["L"] is own
    assert "L" not in least_squares().constants
    noisy = from_functions(value, gradient, drawn, start=np.zeros(3), sigma=3.0)
    assert noisy.constants["sigma"].why == "declared by the user"
    assert "sigma" not in KINDS["generator"]().constants
    added = least_squares(sigma=0.5)
    assert added.constants["sigma"].provenance == "exact"
    assert added.noise_variance(added.start) == pytest.approx(0.25)


def make(factor=1.0):
    def scaled(x):
        return factor * gradient(x)

    return from_functions(value, scaled, start=np.zeros(3))


def test_settings_tell_problems_apart_and_are_the_same_again():
    json.dumps(make().settings)
    assert make().settings == make().settings
    others = [make(2.0), least_squares(L=2.0), least_squares(), *(KINDS[k]() for k in KINDS)]
    others.append(least_squares(sigma=0.5, region=ball([0.0] * 3, 4.0)))
    keys = {
        key_of(run_settings(p, schedules.Constant(1), step=0.1, steps=5)) for p in (make(), *others)
    }
    assert len(keys) == len(others)  # "none" is least_squares() once more


def test_a_call_of_a_helper_is_seen_in_the_settings():
    def first(x):
        return 2 * x if abs(x[0]) > 1 else x  # the same near the start

    def second(x):
        return 3 * x if abs(x[0]) > 1 else x

    def problem(helper):
        return from_functions(lambda x: np.sum(x**2) / 2, lambda x: helper(x), start=[0.1])

    assert problem(first).settings["sha256"] != problem(second).settings["sha256"]
    assert problem(first).settings["sha256"] == problem(first).settings["sha256"]


def test_noise_variance_of_the_user_is_taken():
    problem = from_functions(
        value, gradient, drawn, start=np.zeros(3), noise_variance=lambda x: 1 + x[0] ** 2
    )
    assert problem.noise_variance(np.array([[2.0, 0, 0], [0, 0, 0]])).tolist() == [5.0, 1.0]


# ------------------------------------------------------------------ from a file

PLAIN = """
import numpy as np
from beside import H

start = [1.0, -1.0]
L, infimum, sigma = 3.0, 0.0, 0.2


def value(x):
    return x @ H @ x / 2


def gradient(x):
    return H @ x
"""
BESIDE = "import numpy as np\nH = np.diag([1.0, 3.0])\n"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "beside.py").write_text(BESIDE)
    path = tmp_path / "mine.py"
    path.write_text(PLAIN)
    return path


def test_a_file_has_a_name_on_the_command_line(file):
    problem = named.problem(f"own:file={file}")
    assert (problem.name, problem.dim, problem.L, problem.sigma) == ("mine", 2, 3.0, 0.2)
    assert problem.settings["value"] == "mine.value"
    assert named.problem(str(file)).settings == problem.settings
    quiet = named.problem(f"noiseless:[own:{file}]")
    assert quiet.sigma == 0
    file.write_text(PLAIN.replace("3.0", "4.0") + "\n\ndef other():\n    return 7\n")
    assert named.problem(str(file)).L == 4.0
    with pytest.raises(ValueError, match=r"needs a Problem from other in .*mine.py, got int"):
        named.problem(f"{file}:other")


def test_a_problem_from_a_file_can_be_sent(file):
    problem = named.problem(str(file))
    numbers = {"step": 0.1, "steps": 5, "replicas": 64}
    one = simulate(problem, schedules.Constant(1), **numbers)
    two = simulate(problem, schedules.Constant(1), processes=2, **numbers)
    assert np.array_equal(one.statistics.gap.mean, two.statistics.gap.mean)


FILES = {
    "missing": (None, FileNotFoundError, r"own needs an existing file, got .*mine.py"),
    "syntax": (
        "x = = 1\n",
        ValueError,
        r"a Python file that runs, got .*: SyntaxError: .*line 1\)",
    ),
    "raises": (
        "1 / 0\n",
        ValueError,
        r"a Python file that runs, got .*ZeroDivisionError: division",
    ),
    "nothing": ("x = 1\n", ValueError, r"needs make, or value, gradient, start in .* got no value"),
    "no start": ("value = gradient = abs\n", ValueError, r"in .*mine.py, got no start"),
    "make raises": ("def make():\n    return [][1]\n", ValueError, r"make\(\) in .*IndexError"),
    "make": ("def make():\n    return 3\n", ValueError, r"needs a Problem from make in .* got int"),
    "bytes": (b"\xff\xfe\x00", ValueError, r"own needs a Python file that runs, got .*Error"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_no_problem(case, tmp_path):
    content, error, sentence = FILES[case]
    path = tmp_path / "mine.py"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=sentence) as caught:
        problems.own(str(path))
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="own needs a readable file"):
        problems.own(str(tmp_path))
    with pytest.raises(ValueError, match=re.escape("problem own needs file, got none")):
        named.problem("own")
