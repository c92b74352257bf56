"""Optimisers: two steps by hand, twenty by PyTorch, and what every one of them promises."""

import json
import tracemalloc
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from empirics import optimisers, problems, schedules, simulate, stepsizes
from empirics.optimisers import SGD, Adagrad, Adam, AdamW, AMSGrad, Momentum, RMSProp

KINDS = [
    Momentum(),
    Momentum(nesterov=True),
    Adagrad(),
    RMSProp(),
    RMSProp(momentum=0.5),
    Adam(),
    AMSGrad(),
    AdamW(),
]

# ------------------------------------------------------------------ by hand

# optimiser, the two gradients, the two d_t/eta_t
BY_HAND = [
    # v = 1, then 1/2 + 2 = 5/2
    (Momentum(0.5), (1, 2), (1, 5 / 2)),
    # 1 + v/2 = 3/2, then 2 + (5/2)/2 = 13/4
    (Momentum(0.5, nesterov=True), (1, 2), (3 / 2, 13 / 4)),
    # 3/(sqrt(9) + 1), then 4/(sqrt(9 + 16) + 1)
    (Adagrad(epsilon=1), (3, 4), (3 / 4, 4 / 6)),
    # 3/(sqrt(7 + 9) + 1), then 4/(sqrt(7 + 9 + 9) + 1) with 3 for 4: 3/6
    (Adagrad(epsilon=1, initial=7), (3, 3), (3 / 5, 3 / 6)),
    # V = 4/4 = 1, then 3/4 + 1/4 = 1
    (RMSProp(decay=0.75, epsilon=1), (2, 1), (2 / 2, 1 / 2)),
    # u = 1, then 1/2 + 1/2
    (RMSProp(decay=0.75, epsilon=1, momentum=0.5), (2, 1), (1, 1)),
    # m = 5/2 over 1/2, v = 25/2 over 1/2: 5/(5 + 1);
    # m = 5/4 + 1/2 over 3/4: 7/3, v = 25/4 + 1/2 over 3/4: 9; (7/3)/(3 + 1)
    (Adam(beta1=0.5, beta2=0.5, epsilon=1), (5, 1), (5 / 6, 7 / 12)),
    # v = (7/16) 25 stays the largest, over 1 - 81/256 = (7/16)(25/16): 16; (7/3)/(4 + 1)
    (AMSGrad(beta1=0.5, beta2=9 / 16, epsilon=1), (5, 1), (5 / 6, 7 / 15)),
    # Adam's, and x/10 with x = 2
    (
        AdamW(beta1=0.5, beta2=0.5, epsilon=1, weight_decay=0.1),
        (5, 1),
        (5 / 6 + 1 / 5, 7 / 12 + 1 / 5),
    ),
]


@pytest.mark.parametrize(("optimiser", "gradients", "expected"), BY_HAND)
@pytest.mark.parametrize("etas", [(1.0, 1.0), (0.5, 0.25)])
@pytest.mark.parametrize("shape", [(1,), (3, 2), (2, 3, 4)])
def test_two_steps_by_hand(optimiser, gradients, expected, etas, shape):
    rule, x = optimiser.begin(shape), np.full(shape, 2.0)
    for gradient, eta, d in zip(gradients, etas, expected, strict=True):
        g = np.full(shape, float(gradient))
        rule.step(g, eta, x)
        np.testing.assert_allclose(g, np.full(shape, eta * d), rtol=1e-15)


# ------------------------------------------------------------------ by PyTorch

REFERENCE = json.loads(
    (Path(__file__).parents[2] / "reference" / "torch_optimisers.json").read_text()
)
CASES = {f"{case['kind']} {case['options']}": case for case in REFERENCE["cases"]}


def by_the_simulator(optimiser, case, iterates):
    problem = problems.quadratic(spectrum=REFERENCE["spectrum"], start=REFERENCE["start"])
    eta = stepsizes.inverse_sqrt(case["eta"])(len(case["iterates"]) - 1)
    return iterates(problem, schedules.Constant(0), eta, optimiser=optimiser)[:, -1]


def optimiser_of(case, **other):
    return getattr(optimisers, case["kind"])(**{**case["options"], **other})


@pytest.mark.parametrize("name", CASES)
def test_without_delay_it_is_the_one_of_pytorch(name, iterates):
    case = CASES[name]
    ours = by_the_simulator(optimiser_of(case), case, iterates)
    np.testing.assert_allclose(ours, case["iterates"], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Momentum {}", {"beta": 0.9001}),
        ("Momentum {'nesterov': True}", {"nesterov": False}),
        ("Adagrad {}", {"epsilon": 1e-8}),
        ("Adagrad {}", {"initial": 1e-8}),
        ("RMSProp {}", {"epsilon": 1e-7}),
        ("RMSProp {}", {"decay": 0.9901}),
        ("RMSProp {'momentum': 0.9}", {"momentum": 0.9001}),
        ("Adam {}", {"beta1": 0.9001}),
        ("Adam {}", {"beta2": 0.9991}),
        ("Adam {}", {"epsilon": 1e-7}),
        ("AMSGrad {'beta2': 0.75}", {"beta2": 0.7501}),
        ("AdamW {}", {"weight_decay": 0.0101}),
    ],
)
def test_with_another_number_it_is_not(name, other, iterates):
    """Negative control: the agreement above is no accident of loose limits."""
    case = CASES[name]
    ours = by_the_simulator(optimiser_of(case, **other), case, iterates)
    assert np.abs(ours - case["iterates"]).max() > 1e-9


def test_amsgrad_is_not_adam_where_gradients_shrink(iterates):
    case = CASES["AMSGrad {'beta2': 0.75}"]
    ours = by_the_simulator(Adam(**case["options"]), case, iterates)
    assert np.abs(ours - case["iterates"]).max() > 1e-3


# ------------------------------------------------------------------ what all promise


@pytest.mark.parametrize("optimiser", [SGD(), *KINDS])
def test_replicas_and_coordinates_are_on_their_own(optimiser):
    """A row of many is what it is alone, bit for bit."""
    gradients = np.random.default_rng(1).standard_normal((6, 7, 3))
    x = np.linspace(-1, 1, 21).reshape(7, 3)
    together, alone = optimiser.begin((7, 3)), optimiser.begin((1, 1))
    for t, g in enumerate(gradients):
        one = g[4:5, 1:2].copy()
        together.step(g, 0.1 / (t + 1), x)
        alone.step(one, 0.1 / (t + 1), x[4:5, 1:2])
        assert g[4, 1] == one[0, 0]


@pytest.mark.parametrize("optimiser", [SGD(), *KINDS])
def test_a_record_can_begin_twice_and_a_rule_keeps_no_gradient(optimiser):
    """Memory belongs to the rule; what it was handed may be written over."""
    gradients = np.random.default_rng(2).standard_normal((5, 4))
    first, second = optimiser.begin((4,)), optimiser.begin((4,))
    buffer = np.empty(4)
    for g in gradients:
        buffer[:] = g
        first.step(buffer, 0.1, np.ones(4))
        own = g.copy()
        second.step(own, 0.1, np.ones(4))
        assert (buffer == own).all()
        buffer[:] = np.nan


@pytest.mark.parametrize("optimiser", KINDS)
def test_x_is_left_alone(optimiser):
    x = np.ones(3)
    x.flags.writeable = False
    optimiser.begin((3,)).step(np.ones(3), 0.1, x)


@pytest.mark.parametrize("optimiser", [SGD(), *KINDS])
def test_a_step_allocates_nothing(optimiser):
    rule, g, x = optimiser.begin((256, 100)), np.ones((256, 100)), np.ones((256, 100))
    rule.step(g, 0.1, x)
    tracemalloc.start()
    for _ in range(3):
        rule.step(g, 0.1, x)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < g.nbytes / 10


def test_momentum_without_memory_is_sgd():
    g, other = np.array([0.1, -3.0]), np.array([0.1, -3.0])
    SGD().begin((2,)).step(g, 0.3, g)
    for beta0 in (Momentum(0), Momentum(0, nesterov=True)):
        own = other.copy()
        beta0.begin((2,)).step(own, 0.3, own)
        assert (own == g).all()


@pytest.mark.parametrize("optimiser", KINDS)
def test_it_works_under_delay_in_blocks_of_any_length(optimiser, iterates):
    problem = problems.quadratic(dim=3, mu=0.1, sigma=0.5)
    schedule = schedules.Uniform(4)
    eta = np.full(150, 0.02)
    one = iterates(problem, schedule, eta, optimiser=optimiser, block=7)
    other = iterates(problem, schedule, eta, optimiser=optimiser, block=150)
    assert (one == other).all()
    assert np.isfinite(one).all()


@pytest.mark.parametrize("optimiser", KINDS)
def test_a_diverging_replica_takes_no_other_with_it(optimiser):
    """Of two starts one is beyond what floating point can square."""
    rule = optimiser.begin((2, 1))
    alone = optimiser.begin((1, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for g in (1e200, np.inf, np.nan, 1.0):
            both, one = np.array([[g], [2.0]]), np.array([[2.0]])
            rule.step(both, 0.1, np.ones((2, 1)))
            alone.step(one, 0.1, np.ones((1, 1)))
            assert both[1, 0] == one[0, 0]


def test_runs_say_with_what_they_were_made(tmp_path):
    problem = problems.quadratic(dim=2, mu=0.1)
    runs = simulate(
        problem, schedules.Constant(1), step=0.1, steps=3, replicas=2, optimiser=AdamW(beta1=0.5)
    )
    assert runs.settings["optimiser"] == {
        "kind": "AdamW",
        "beta1": 0.5,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
    }
    runs.save(tmp_path / "runs.nc")
    assert type(runs).load(tmp_path / "runs.nc").settings == runs.settings


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize("optimiser", KINDS)
@pytest.mark.parametrize("bad", [np.nan, -0.1, np.inf, "fast", None, [0.9], True])
def test_every_number_is_checked(optimiser, bad):
    for field in fields(optimiser):
        if field.name == "nesterov":
            continue
        with pytest.raises(ValueError, match=f" needs a number {field.name} with .*, got "):
            replace(optimiser, **{field.name: bad})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Momentum(1), r"momentum needs a number beta with 0 <= beta < 1, got 1"),
        (
            lambda: Momentum(0.5, nesterov="no"),
            r"momentum needs nesterov = True or False, got 'no'",
        ),
        (lambda: Adam(epsilon=0), r"Adam needs a number epsilon with epsilon > 0, got 0"),
        (lambda: Adagrad(initial=-1), r"Adagrad needs a number initial with initial >= 0, got -1"),
        (lambda: AMSGrad(beta2=1.0), r"AMSGrad needs a number beta2 with 0 <= beta2 < 1, got 1.0"),
    ],
)
def test_bad_numbers_get_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
