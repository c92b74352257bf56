"""At delay 0 training reaches what scikit-learn reaches on the same data.

The file beside `make_sklearn_reference.py` holds losses and accuracies; scikit-learn itself runs in
no test. Where nothing is random the losses agree update for update; where something is, the ends
do. What is wrong on purpose (a delay, half the updates, another rank) is noticed every time.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from empirics import problems, schedules, simulate

FILE = Path(__file__).parents[2] / "reference" / "sklearn_training.json"
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))
NETWORKS = {f"{case['activation']}-{case['depth']}": case for case in REFERENCE["networks"]}
LOGISTICS = {case["data"]: case for case in REFERENCE["logistics"]}
ROBUST = {case["loss"]: case for case in REFERENCE["robust"]}
BATCH, STEP = REFERENCE["batch"], REFERENCE["step"]
UPDATES = 12  # of those with all rows that are stored, which take time


def network(case, **options):
    return problems.perceptron(
        depth=case["depth"],
        width=REFERENCE["width"],
        activation=case["activation"],
        batch=BATCH,
        **options,
    )


def gaps(problem, tau, step, steps, times, lanes):
    """Means over the lanes of f - infimum at the times."""
    runs = simulate(
        replace(problem, lanes=lanes),
        schedules.Constant(tau),
        step=step,
        steps=steps,
        replicas=lanes,
        record=times,
    )
    return runs.statistics.gap.mean


def falling(eta, steps):
    """The step size for the first half of the updates, then falling like 1/t."""
    half = steps // 2
    return eta * half / np.maximum(np.arange(1, steps + 1), half)


@pytest.mark.parametrize("name", NETWORKS)
def test_descent_of_a_network_is_that_of_scikit_learn(name):
    """From one start, with all rows at once: all depths, update for update."""
    case = NETWORKS[name]
    problem = network(case)
    start = 0.2 * np.sin(np.arange(problem.dim, dtype=float) ** 2)
    problem = problems.noiseless(replace(problem, start=start))
    expected = case["descent"][: UPDATES + 1]
    ours = gaps(problem, 0, STEP, UPDATES, "all", 1)
    np.testing.assert_allclose(ours, expected, rtol=1e-13)
    for tau, step in ((1, STEP), (0, 1.001 * STEP)):
        wrong = gaps(problem, tau, step, 4, "all", 1)
        assert abs(wrong - expected[:5]).max() > 1e-7


@pytest.mark.parametrize("name", NETWORKS)
def test_training_a_network_reaches_what_scikit_learn_does(name, walk):
    """The same number of updates with the same batch; starts and minibatches have other laws."""
    case = NETWORKS[name]
    precision = "double" if case["depth"] % 2 else "single"
    problem = replace(network(case, precision=precision), lanes=4)
    updates = REFERENCE["epochs"] * (len(problem.X) // BATCH)
    tile = walk(
        problem,
        schedules.Constant(0),
        np.full(updates, STEP),
        times=[updates // 3, updates],
        block=updates,
    )
    early, late = (tile.iterate(t).copy() for t in tile.run())
    limit = 1.5 * max(case["losses"])
    losses = problem.value(late)
    assert min(case["losses"]) / 2 < np.median(losses) < limit
    assert np.median(problem.accuracy(late)) >= min(case["accuracies"]) - 0.003
    assert np.median(problem.value(early)) > limit  # a third of the updates does not


@pytest.mark.parametrize("name", LOGISTICS)
def test_the_infimum_of_logistic_regression_is_what_scikit_learn_finds(name):
    case = LOGISTICS[name]
    problem = problems.logistic(name, l2=case["l2"], batch=BATCH)
    assert 0 <= case["loss"] - problem.infimum < 1e-10
    if problem.dim < 100:
        other = problems.logistic(name, l2=1.001 * case["l2"], batch=BATCH)
        assert abs(case["loss"] - other.infimum) > 1e-6


@pytest.mark.parametrize("name", ["digits", "breast-cancer"])
def test_training_logistic_regression_reaches_what_scikit_learn_does(name):
    problem = problems.logistic(name, l2=LOGISTICS[name]["l2"], batch=BATCH)
    step = 1 / problem.L / (1 + problem.l2 / problem.L * np.arange(1000))
    first, last = gaps(problem, 0, step, 1000, [0, 1000], 16)
    assert first > 0.5
    assert last < 0.02 * LOGISTICS[name]["loss"]
    stale = gaps(problem, 60, step, 1000, [1000], 16)
    assert stale[0] > 0.02 * LOGISTICS[name]["loss"]


@pytest.mark.parametrize("name", [name for name in ROBUST if name != "squares"])
def test_robust_regression_reaches_what_scikit_learn_does(name):
    """Iterated weighted least squares end where our gradient is 0; and so low do runs come."""
    case = ROBUST[name]
    problem = problems.robust_regression(loss=name, batch=BATCH)
    w = np.array(case["weights"])
    assert problem.value(w) == pytest.approx(case["value"], rel=1e-12)
    assert np.linalg.norm(problem.gradient(w)) < 1e-12
    assert np.linalg.norm(problem.gradient(1.001 * w)) > 1e-6
    quiet = problems.noiseless(problem)
    assert gaps(quiet, 0, 1 / problem.L, 3000, [3000], 1)[0] < case["value"] + 1e-4
    noisy = gaps(problem, 0, falling(0.1, 2000), 2000, [0, 2000], 16)
    assert noisy[0] > case["value"] + 0.03
    assert noisy[1] < case["value"] + 0.002


def test_the_fit_by_least_squares_is_what_scikit_learn_finds():
    case = ROBUST["squares"]
    problem = problems.regression("diabetes", batch=BATCH)
    assert problem.infimum == pytest.approx(case["value"], rel=1e-12)
    np.testing.assert_allclose(problem.minimiser, case["weights"], atol=1e-12)


def test_convex_fits_are_what_scikit_learn_finds():
    huber, ridge, svm = REFERENCE["convex"]
    problem = problems.regression("diabetes", loss="huber", width=huber["width"], batch=BATCH)
    w = np.array(huber["weights"])
    assert 0 <= problem.value(w) - problem.infimum < 1e-9  # scikit-learn's own accuracy
    other = problems.regression("diabetes", loss="huber", width=1.1 * huber["width"])
    assert other.value(w) - other.infimum > 1e-6
    problem = problems.regression("diabetes", l2=ridge["l2"], batch=BATCH)
    np.testing.assert_allclose(problem.minimiser, ridge["weights"], atol=1e-12)
    problem = problems.hinge("digits", l2=svm["l2"], batch=BATCH)
    assert 0 <= svm["value"] - problem.infimum < 1e-7


def pictures():
    """The first digits, as in the script: a matrix, and where its entries are known."""
    from sklearn.datasets import load_digits

    R = load_digits().data[:60] / 16
    i, j = np.indices(R.shape)
    return R, np.where((i + 2 * j + i * j) % 3 != 0, R, np.nan)


@pytest.mark.parametrize("case", REFERENCE["factors"][:2], ids=[2, 3])
def test_the_infimum_of_a_full_matrix_is_what_scikit_learn_finds(case):
    full, _ = pictures()
    problem = problems.ratings(full, rank=case["rank"])
    assert problem.infimum == pytest.approx(case["value"], rel=1e-12)
    assert problems.ratings(full, rank=case["rank"] + 1).infimum < 0.9 * case["value"]


def test_factors_reach_what_alternating_ridge_regressions_do():
    case = REFERENCE["factors"][2]
    _, known = pictures()
    problem = problems.ratings(known, rank=case["rank"], l2=case["l2"], batch=256)
    quiet = problems.noiseless(problem)
    assert gaps(quiet, 0, 50.0, 3000, [3000], 1)[0] == pytest.approx(case["value"], abs=1e-9)
    noisy = gaps(problem, 0, falling(10.0, 3000), 3000, [0, 3000], 4)
    assert noisy[0] > 2 * case["value"]
    assert noisy[1] < 1.01 * case["value"]
    other = problems.noiseless(problems.ratings(known, rank=1, l2=case["l2"]))
    assert gaps(other, 0, 50.0, 1000, [1000], 1)[0] > 1.02 * case["value"]
