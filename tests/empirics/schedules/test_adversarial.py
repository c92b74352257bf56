"""The worst delays: as bad as the worst of all sequences, where all of them can be tried."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import problems, schedules, simulate, stepsizes
from empirics.schedules import Adversarial, adversarial
from empirics.schedules.beam import beam
from empirics.schedules.descents import GOALS, MOST, Descents

BOWL = problems.quadratic(dim=1, L=1.0)
OVAL = problems.quadratic(dim=3, mu=0.05, L=1.0)
WAVY = problems.piecewise_quadratic(  # two valleys with a hill between them
    [(-2.0, -1.0), (-1.0, 1.0), (0.0, -1.0), (1.0, 1.0)], left=1.0, right=1.0, start=0.3
)
PROBLEMS = {"bowl": BOWL, "oval": OVAL, "wavy": WAVY}


def descend(problem, delays, eta):
    """x_0, ..., x_T, one update at a time."""
    x = [problem.start]
    for t, tau in enumerate(delays):
        x.append(x[t] - eta[t] * problem.gradient(x[t - tau][None])[0])
    return np.array(x)


def reached(problem, delays, eta, goal):
    """The goal, written out once more."""
    x = descend(problem, delays, eta)
    if goal.endswith("squared gradient"):
        values = (problem.gradient(x) ** 2).sum(axis=1)
    elif goal.endswith("gap"):
        values = problem.value(x) - problem.infimum
    else:
        values = ((x - problem.minimiser) ** 2).sum(axis=1)
    over = {"largest": np.max, "mean": np.mean, "least": np.min}
    return over.get(goal.split()[0], lambda v: v[-1])(values)


def worst_of_all(problem, eta, tau_max, goal):
    """By trying every sequence."""
    choices = [range(min(t, tau_max) + 1) for t in range(len(eta))]
    return max(reached(problem, delays, eta, goal) for delays in itertools.product(*choices))


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_it_is_the_worst_of_all_sequences(name, goal):
    """All 162 are in a wide beam; a narrow one lets go of most and finds the worst all the same."""
    problem, least = PROBLEMS[name], np.inf
    for step in (0.4, 0.9, 1.5):
        expected = worst_of_all(problem, [step] * 6, 2, goal)
        for width, exhaustive in ((512, True), (64, False)):
            worst = adversarial(problem, step=step, steps=6, tau_max=2, goal=goal, width=width)
            assert worst.exhaustive == exhaustive
            assert worst.value == pytest.approx(expected, rel=1e-12)
            value = reached(problem, worst.delays, [step] * 6, goal)
            assert value == pytest.approx(worst.value, rel=1e-12)
        least = min(least, max(worst.constants) / expected)
    if goal == "gap":
        assert least < 0.9  # no constant delay would have done


def test_the_steps_may_differ():
    eta = stepsizes.inverse_sqrt(1.2)
    worst = adversarial(OVAL, step=eta, steps=6, tau_max=2)
    expected = worst_of_all(OVAL, eta(6), 2, "squared gradient")
    assert worst.value == pytest.approx(expected, rel=1e-12)
    assert worst.value != adversarial(OVAL, step=1.2, steps=6, tau_max=2).value


@given(
    name=st.sampled_from(sorted(PROBLEMS)),
    goal=st.sampled_from(GOALS),
    step=st.floats(0.01, 1.2),
    steps=st.integers(1, 25),
    tau_max=st.integers(0, 4),
    width=st.integers(1, 20),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_no_constant_delay_and_no_saw_is_worse(name, goal, step, steps, tau_max, width, seed):
    problem, eta, t = PROBLEMS[name], [step] * steps, np.arange(steps)
    worst = adversarial(
        problem, step=step, steps=steps, tau_max=tau_max, goal=goal, width=width, seed=seed
    )
    slack = 1 - 1e-9
    for tau in range(tau_max + 1):
        constant = reached(problem, np.minimum(t, tau), eta, goal)
        assert worst.constants[tau] == pytest.approx(constant, rel=1e-9)
        saw = reached(problem, t % (tau + 1), eta, goal)
        assert worst.value >= slack * max(constant, saw)
    assert worst.value == pytest.approx(reached(problem, worst.delays, eta, goal), rel=1e-9)


# ---- what is known of quadratics ----


@pytest.mark.parametrize(
    ("tau_max", "step", "word"), [(2, 0.6, (0, 1, 2, 2)), (3, 0.435, (0, 1, 2, 3, 3, 3))]
)
def test_varying_delays_destabilise_where_no_constant_delay_does(tau_max, step, word):
    r"""One period of the word takes x to (1 - (tau + 1 + m) h + m (m + 1) h^2/2) x."""
    for tau in range(tau_max + 1):
        assert step < 2 * np.sin(np.pi / (2 * (2 * tau + 1)))  # stable, if constant
    m = len(word) - tau_max - 1
    factor = 1 - (tau_max + 1 + m) * step + m * (m + 1) / 2 * step**2
    assert factor < -1
    periods = 50
    worst = adversarial(
        BOWL, step=step, steps=periods * len(word), tau_max=tau_max, goal="squared distance"
    )
    assert worst.value >= factor ** (2 * periods) * (1 - 1e-9) > 10
    assert max(worst.constants) < 0.05


def test_below_three_halves_nothing_grows():
    """(3/2 + 1/(2 (tau + 1)))/(tau + 1) is small enough for any delays: the negative control."""
    step = 0.99 * (1.5 + 1 / 6) / 3
    shorter, longer = (
        adversarial(BOWL, step=step, steps=steps, tau_max=2, width=64).value for steps in (40, 120)
    )
    assert longer < 0.1 * shorter < 0.1


def test_the_beam_finds_the_growth_by_itself():
    """With no pattern among its starts."""
    run = Descents(BOWL, np.full(120, 0.6), 2, "squared distance")
    found, exhaustive = beam(run, 256, np.random.default_rng(0), lambda done: None)
    assert not exhaustive
    assert found.shape == (256, 120)
    assert run.values(found).max() > 1
    assert run.values(np.minimum(np.arange(120), 2)[None]) < 0.2


# ---- a schedule like others ----


@pytest.mark.parametrize("goal", GOALS)
def test_simulate_does_the_same_again(goal):
    worst = adversarial(OVAL, step=0.5, steps=30, tau_max=3, goal=goal, width=32)
    measures = ("squared gradient", "gap", "squared distance")
    runs = simulate(OVAL, worst, step=0.5, steps=30, replicas=1, measures=measures)
    s = runs.statistics
    column = {"gradient": s.squared_norm, "gap": s.gap, "distance": s.squared_distance}
    over = {"largest": np.max, "mean": np.mean, "least": np.min}
    values = column[goal.split()[-1]].mean
    value = over.get(goal.split()[0], lambda v: v[-1])(values)
    assert value == pytest.approx(worst.value, rel=1e-12)
    assert runs.delays.tolist() == list(worst.delays)
    assert runs.exogenous
    assert (runs.tau_max, worst.exogenous) == (3, True)


def test_a_noisy_problem_is_searched_without_its_noise():
    noisy = problems.quadratic(dim=3, mu=0.05, L=1.0, sigma=0.7)
    options = {"step": 0.5, "steps": 20, "tau_max": 2, "width": 16}
    assert adversarial(noisy, **options) == adversarial(OVAL, **options)


def test_the_seed_decides_what_a_narrow_beam_sees():
    options = {"step": 0.5, "steps": 9, "tau_max": 3, "goal": "gap"}
    found = [adversarial(WAVY, **options, width=16, seed=seed) for seed in (0, *range(12))]
    assert found[0] == found[1]
    assert len({worst.delays for worst in found}) > 1
    wide = adversarial(WAVY, **options, width=4**8)
    assert wide.exhaustive
    values = [worst.value for worst in found]
    assert max(values) <= wide.value * (1 + 1e-12)
    assert min(values) < 0.9 * wide.value  # a search, not a proof


def test_the_record():
    worst = adversarial(BOWL, step=0.6, steps=40, tau_max=2, width=8)
    assert worst.gain == worst.value / max(worst.constants) > 1
    given_back = json.loads(json.dumps(worst.settings, allow_nan=False))
    assert Adversarial(**{k: v for k, v in given_back.items() if k != "kind"}) == worst
    drawn = worst.draw(None, 7, 5, 9)
    assert drawn.tolist() == list(worst.delays[7:12])
    tamed = adversarial(BOWL, step=0.6, steps=40, tau_max=0)
    assert (set(tamed.delays), tamed.gain, tamed.exhaustive) == ({0}, 1.0, True)


def test_what_overflows_is_the_largest_number():
    worst = adversarial(BOWL, step=1e9, steps=100, tau_max=1, width=4)
    assert (worst.value, worst.constants) == (MOST, (MOST, MOST))
    json.dumps(worst.settings, allow_nan=False)


def test_progress_is_told():
    done = []
    adversarial(OVAL, step=0.5, steps=9, tau_max=2, width=4, progress=lambda *c: done.append(c))
    counts, totals = zip(*done, strict=True)
    assert list(counts[:9]) == list(range(1, 10))
    assert list(counts) == sorted(counts)
    assert set(totals) == {counts[-1]}


LAWFUL = {"delays": [0, 1], "tau_max": 1, "goal": "gap", "value": 1.0, "constants": [1.0, 1.0]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"delays": []}, r"needs delays 0 <= tau_t <= min\(t, tau_max = 1\), got none"),
        ({"delays": [1, 1]}, r"min\(t, tau_max = 1\), got 1 at update 0"),
        ({"delays": [0, 1, 2]}, r"min\(t, tau_max = 1\), got 2 at update 2"),
        ({"delays": [0, -1]}, r"adversarial delay needs a whole number in its sequence >= 0, got"),
        ({"delays": [0, 0.5]}, r"whole number in its sequence >= 0, got 0\.5"),
        ({"tau_max": -1}, r"adversarial delay needs a whole number tau_max >= 0, got -1"),
    ],
)
def test_a_record_of_nonsense_gets_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Adversarial(**{**LAWFUL, **change})


def test_it_ends_where_the_search_ended():
    worst = Adversarial(**LAWFUL)
    with pytest.raises(ValueError, match=r"needs at most its 2 updates, got 3; search with steps"):
        worst.draw(None, 0, 3, 1)
    with pytest.raises(ValueError, match=r"needs at most its 2 updates, got 5; search with steps"):
        simulate(BOWL, worst, step=0.1, steps=5)


NAMELESS = problems.quadratic(dim=1)
NAMELESS = type(NAMELESS)(**{**vars(NAMELESS), "constants": {}, "minimiser": None})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"problem": 3}, r"adversarial needs a Problem such as quadratic\(\.\.\.\), got 3"),
        ({"goal": "speed"}, r"needs a goal among squared gradient, gap, .*, got 'speed'"),
        ({"goal": 3}, r"needs a goal among .*, got 3"),
        (
            {"problem": NAMELESS, "goal": "largest gap"},
            r"needs the infimum for the largest gap; quadratic has none",
        ),
        (
            {"problem": NAMELESS, "goal": "squared distance"},
            r"needs the minimiser for the squared distance; quadratic has none",
        ),
        ({"tau_max": -1}, r"adversarial needs a whole number tau_max >= 0, got -1"),
        ({"tau_max": 1.5}, r"adversarial needs a whole number tau_max >= 0, got 1\.5"),
        ({"steps": 0}, r"adversarial needs a whole number steps >= 1, got 0"),
        ({"width": 0}, r"adversarial needs a whole number width >= 1, got 0"),
        ({"seed": -1}, r"adversarial needs a whole number seed >= 0, got -1"),
        ({"step": float("nan")}, r"step sizes eta need finite values >= 0, got nan at t = 0"),
        ({"step": [0.1]}, r"step sizes table need 5 values, one a step, got shape \(1,\)"),
    ],
)
def test_bad_input_gets_one_sentence(change, sentence):
    arguments = {"problem": BOWL, "step": 0.1, "steps": 5, "tau_max": 1, **change}
    with pytest.raises(ValueError, match=sentence):
        adversarial(arguments.pop("problem"), **arguments)


def test_the_schedules_of_the_package_include_it():
    assert schedules.adversarial is adversarial
