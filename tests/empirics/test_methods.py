"""Which methods a theorem is about: its own, and no other, whatever their names."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from sympy import Integer

from empirics import (
    compare,
    correction_for,
    measures_for,
    optimisers,
    problems,
    schedules,
    simulate,
    steps_for,
    stepsizes,
)
from empirics.check import Cell, check
from empirics.compare import why_not
from empirics.compare.corrections import as_plain
from empirics.optimisers.base import Correction, Corrector
from theory import results
from theory.latex import shown
from theory.results import cohen2021, lian2015, mishchenko2022, wu2022
from theory.witness import staircase

BOWL = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
QUIET = problems.noiseless(BOWL)
CHOSEN = {"e_0": 2**0.5, "alpha": 0.5, "eps": 0.12, "beta": 1.0, "z": 0.2, "theta": 0.5}
RUNNABLE = {name: t for name, t in results.theorems().items() if not why_not(t)}
LATE = schedules.Cyclic([0, 3, 1, 2])


@dataclass(frozen=True)
class Halved(Correction):
    """A correction that nobody here has heard of."""

    weighs = True

    def begin(self, shape, eta):
        return HalvedCorrector()


class HalvedCorrector(Corrector):
    def correct(self, g, t, delay, x, y):
        g *= 0.5


OPTIMISERS = [
    optimisers.Momentum(),
    optimisers.Momentum(nesterov=True),
    optimisers.Adagrad(),
    optimisers.RMSProp(),
    optimisers.Adam(),
    optimisers.AMSGrad(),
    optimisers.AdamW(),
]
CORRECTIONS = [
    optimisers.ScaledByDelay(),
    optimisers.PolynomialWeight(),
    optimisers.DelayAdaptive(0.05),
    optimisers.DelayClipping(2),
    optimisers.WindowRule(0.1),
    optimisers.DelayCompensation(),
    optimisers.AdaptiveDelayCompensation(),
    optimisers.Picky(0.1),
    Halved(),
]


# ------------------------------------------------------------------ other methods


def runs_of(problem=BOWL, schedule=LATE, *, step=0.05, steps=40, **more):
    return simulate(problem, schedule, step=step, steps=steps, replicas=32, **more)


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=str)
def test_a_theorem_on_sgd_does_not_apply_to_another_optimiser(optimiser):
    verdict = compare(lian2015.nonconvex, runs_of(optimiser=optimiser))
    assert verdict.outcome == "not applicable"
    assert f"the optimiser is {type(optimiser).__name__}; it takes plain SGD" in verdict.reason


@pytest.mark.parametrize("schedule", [LATE, schedules.Uniform(3)], ids=str)
@pytest.mark.parametrize("correction", CORRECTIONS, ids=str)
def test_a_theorem_on_sgd_does_not_apply_to_corrected_gradients(correction, schedule):
    assert compare(lian2015.nonconvex, runs_of(schedule=schedule)).outcome == "consistent"
    verdict = compare(lian2015.nonconvex, runs_of(schedule=schedule, correction=correction))
    assert verdict.outcome == "not applicable"
    if schedule == LATE and correction.weighs and not isinstance(correction, Halved):
        assert "the theorem takes 0.05" in verdict.reason  # the steps say it
    else:
        assert f"gradients are corrected ({type(correction).__name__})" in verdict.reason


@pytest.mark.parametrize("name", RUNNABLE)
def test_no_theorem_applies_to_another_method(name):
    """All that can be held against runs, on runs of a method that is in no theorem."""
    theorem = RUNNABLE[name]
    for method in (
        {"optimiser": optimisers.Momentum()},
        {"correction": optimisers.DelayCompensation()},
        {"optimiser": optimisers.Adam(), "correction": optimisers.ScaledByDelay()},
    ):
        runs = runs_of(QUIET, schedules.Constant(2), **method)
        verdict = compare(theorem, runs, mu=0.2, chosen=CHOSEN)
        assert verdict.outcome == "not applicable"
        assert "it takes" in verdict.reason


# ------------------------------------------------------------------ weights are step sizes


def test_weights_that_all_replicas_share_are_step_sizes():
    runs = runs_of(correction=optimisers.ScaledByDelay())
    plain = as_plain(runs)
    delays = np.minimum(np.tile([0, 3, 1, 2], 10), np.arange(40))
    np.testing.assert_allclose(plain.step_sizes, 0.05 / np.maximum(delays, 1), rtol=1e-15)
    assert plain.settings == runs.settings | {"correction": None}
    assert runs.settings["correction"] == {"kind": "ScaledByDelay"}
    for other in (
        runs_of(),
        runs_of(schedule=schedules.Uniform(3), correction=optimisers.ScaledByDelay()),
        runs_of(correction=optimisers.Picky(0.1)),
        runs_of(correction=Halved()),
        runs_of(optimiser=optimisers.Adam(), correction=optimisers.ScaledByDelay()),
    ):
        assert as_plain(other) is other


@pytest.mark.parametrize(
    ("theorem", "limit"), [(mishchenko2022.nonconvex, 1.0), (mishchenko2022.convex, 0.5)]
)
def test_delay_adaptive_steps_are_those_of_the_theorem(theorem, limit, tmp_path):
    schedule, measures = schedules.Cyclic([0, 30, 0, 0]), measures_for(theorem)
    step = 0.9 * float(steps_for(theorem, BOWL, schedule, steps=120).constants["eta"])
    assert limit / 30 < step  # it cuts

    def verdict(correction, **chosen):
        runs = simulate(
            BOWL, schedule, step=step, steps=120, correction=correction, measures=measures
        )
        runs.save(tmp_path / "runs.nc")
        again = compare(theorem, type(runs).load(tmp_path / "runs.nc"), chosen=chosen)
        found = compare(theorem, runs, chosen=chosen)
        assert found.to_dict() == again.to_dict()
        return found

    good = verdict(optimisers.DelayAdaptive(limit))
    assert good.outcome == "consistent", str(good)
    table = steps_for(theorem, BOWL, schedule, steps=120, eta=step)
    by_table = compare(theorem, simulate(BOWL, schedule, step=table, steps=120, measures=measures))
    np.testing.assert_allclose(good.mean, by_table.mean, rtol=1e-12)
    np.testing.assert_allclose(good.bound, by_table.bound, rtol=1e-12)
    for other in (
        None,
        optimisers.DelayAdaptive(1.1 * limit),
        optimisers.DelayAdaptive(limit, beyond=30),
        optimisers.ScaledByDelay(),
    ):
        assert verdict(other).outcome == "not applicable"


@pytest.mark.parametrize(("theorem", "limit"), [(wu2022.nonconvex, 0.5**0.5), (wu2022.convex, 0.5)])
def test_the_window_rule_is_the_one_of_the_theorem(theorem, limit):
    """The theorem takes any steps whose windows hold no more than the limit."""
    schedule, measures = schedules.Cyclic([0, 9, 2, 5]), measures_for(theorem)

    def verdict(correction):
        return compare(
            theorem,
            simulate(BOWL, schedule, step=0.1, steps=150, correction=correction, measures=measures),
        )

    assert verdict(optimisers.WindowRule(limit)).outcome == "consistent"
    assert verdict(optimisers.WindowRule(limit, share=0.5)).outcome == "consistent"
    assert verdict(optimisers.WindowRule(0.9 * limit)).outcome == "consistent"
    assert verdict(optimisers.WindowRule(1.01 * limit)).outcome == "not applicable"
    assert verdict(None).outcome == "not applicable"
    # clipping leaves the delays 0 and 2: windows of at most 3 steps, less the clipped ones
    assert verdict(optimisers.DelayClipping(3)).outcome == "consistent"
    # it is the gradients of no step that need no window: a step of 1e-9 more needs one
    steps = as_plain(
        simulate(BOWL, schedule, step=0.1, steps=150, correction=optimisers.WindowRule(limit))
    ).step_sizes
    assert (steps == 0).any()
    for least, outcome in ((0.0, "consistent"), (1e-9, "not applicable")):
        runs = simulate(BOWL, schedule, step=np.maximum(steps, least), steps=150, measures=measures)
        assert compare(theorem, runs).outcome == outcome


# ------------------------------------------------------------------ picky steps

PICKY = cohen2021.picky


def picky_runs(problem=QUIET, schedule=LATE, *, eps, steps=400, factor=1.0, **more):
    correction = optimisers.Picky(factor * eps / (2 * problem.L))
    return runs_of(
        problem, schedule, **{"step": 1 / 4, "steps": steps, "correction": correction, **more}
    )


def reach(problem, tau_avg, steps):
    """The accuracy that is promised after so many steps."""
    W = max(1, np.ceil(2 * tau_avg))
    return float(np.sqrt((256 + 576 * W) * problem.L * problem.gap / (39 * steps)) * (1 + 1e-12))


def test_picky_runs_are_consistent():
    eps = reach(QUIET, 1.5, 399)
    runs = picky_runs(eps=eps)
    verdict = compare(PICKY, runs, chosen={"eps": eps})
    assert verdict.outcome == "consistent", str(verdict)
    assert verdict.constants["W"].value == 3
    assert verdict.horizons.min() in (399, 400)
    assert verdict.bound[0] < runs.statistics.squared_norm.mean[0]  # it says something


def test_gradients_are_dropped_in_picky_runs():
    """A long delay at the start, when the iterate moves most."""
    schedule = schedules.Cyclic([0] * 9 + [9] + [0] * 390)
    eps = reach(QUIET, 9 / 10, 400)
    runs = picky_runs(schedule=schedule, eps=eps)
    plain = runs_of(QUIET, schedule, step=1 / 4, steps=400)
    norm, other = runs.statistics.squared_norm.mean, plain.statistics.squared_norm.mean
    assert norm[10] == norm[9] != other[10]
    assert compare(PICKY, runs, chosen={"eps": eps}).outcome == "consistent"


def test_a_sixth_of_the_bound_on_picky_runs_is_violated():
    """Negative control: on the staircase, where every iterate meets the same gradient."""
    function = staircase([Integer(1) / 4] * 200)
    problem = problems.piecewise_quadratic(
        [(float(place), float(slope)) for place, slope in function.knots],
        left=0.0,
        right=0.0,
        start=0.0,
    )
    eps = reach(problem, 0, 200)
    runs = picky_runs(problem, schedules.Constant(0), eps=eps, steps=200)
    assert compare(PICKY, runs, chosen={"eps": eps}).outcome == "consistent"
    for factor, outcome in ((4, "consistent"), (6, "violated")):
        small = replace(PICKY, bound=shown(PICKY.bound.expression / factor))
        assert compare(small, runs, chosen={"eps": eps}).outcome == outcome


def test_other_steps_than_picky_ones_are_not_covered():
    eps = reach(QUIET, 1.5, 399)

    def outcome(**more):
        return compare(PICKY, picky_runs(eps=eps, **more), chosen={"eps": eps})

    assert outcome().outcome == "consistent"
    for more, words in (
        ({"factor": 1.001}, "the radius is"),
        ({"factor": 0.999}, "the radius is"),
        ({"step": 0.2}, "eta_0 = 0.2, the theorem takes 0.25"),
        ({"step": stepsizes.inverse(1 / 4)}, "eta_1 = 0.125, the theorem takes 0.25"),
        ({"correction": optimisers.DelayClipping(3)}, "the theorem takes 0.25"),
        ({"correction": optimisers.DelayCompensation()}, "gradients are corrected"),
        ({"optimiser": optimisers.Momentum()}, "the optimiser is Momentum"),
        ({"problem": BOWL}, "these gradients are noisy"),
    ):
        verdict = outcome(**more)
        assert verdict.outcome == "not applicable"
        assert words in verdict.reason
    verdict = outcome(correction=None)
    assert verdict.outcome == "inconclusive"
    assert "simulate with correction=optimisers.Picky(" in verdict.reason
    far = reach(QUIET, 3, 399)  # an average delay of a replica may be as long
    differing = picky_runs(eps=far, schedule=schedules.Uniform(3))
    verdict = compare(PICKY, differing, chosen={"eps": far})
    assert verdict.outcome == "inconclusive"
    assert "take full gradients" in verdict.reason
    unknown = compare(PICKY, picky_runs(eps=eps), chosen={"eps": 2 * eps})
    assert unknown.outcome == "not applicable"
    with pytest.raises(ValueError, match=r"compare needs eps for cohen2021\.picky"):
        compare(PICKY, picky_runs(eps=eps))


def test_without_delay_no_gradient_is_far():
    eps = reach(QUIET, 0, 400)
    runs = picky_runs(schedule=schedules.Constant(0), eps=eps, correction=None)
    assert compare(PICKY, runs, chosen={"eps": eps}).outcome == "consistent"


def test_a_check_runs_the_method_of_the_theorem(tmp_path):
    cell = Cell(
        name="picky",
        rule=PICKY,
        theorems=(PICKY,),
        problem=QUIET,
        schedule=LATE,
        steps=400,
        replicas=4,
        seed=0,
        chosen={"eps": reach(QUIET, 1.5, 399)},
    )
    for kept in (False, True):
        (result,) = check([cell], tmp_path)
        assert result.kept is kept
        assert result.runs.settings["correction"]["kind"] == "Picky"
        assert result.verdicts[0].outcome == "consistent"


def test_steps_and_correction_of_a_theorem():
    assert steps_for(PICKY, QUIET, LATE, steps=3)(3).tolist() == [0.25] * 3
    assert correction_for(PICKY, QUIET, chosen={"eps": 0.5}) == optimisers.Picky(0.25)
    assert correction_for(lian2015.nonconvex, QUIET) is None
    with pytest.raises(
        ValueError, match=r"the correction of cohen2021\.picky needs eps, which .* choose them"
    ):
        correction_for(PICKY, QUIET)
