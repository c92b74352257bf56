"""Each assumption on runs that meet it, runs that do not, and runs that cannot tell."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Integer, Rational

from empirics import problems, schedules, simulate
from empirics.compare.checks import CHECKS, Case, check_assumption, unchecked
from empirics.compare.constants import constants, numbers_of
from empirics.moments import OF_ITERATES
from empirics.problems.base import Constant
from theory import assumptions as known
from theory import results
from theory.assumptions import FROM_ZERO, online
from theory.assumptions.paths import BoundedNoise
from theory.latex import ratio, shown
from theory.results import lian2015, wu2022
from theory.symbols import M2, G, L, c, eta0, tau_max

BOWL = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
QUIET = problems.quadratic(dim=3, mu=0.2, L=1.0)
DIP = problems.piecewise_quadratic([(-1.0, -1.0), (0.0, 0.5), (1.0, 0.2)], left=1, right=1, start=2)
FLAT = problems.quadratic(spectrum=[0.0, 1.0])
HUBER = problems.huber(spectrum=[3.0, 4.0], width=0.5, sigma=0.3)
FIT = problems.regression(loss="huber")


def runs_of(problem=BOWL, schedule=None, *, step=0.1, steps=40, **more):
    options = {"measures": tuple(OF_ITERATES), "replicas": 32, **more}
    if problem.minimiser is None:
        options["measures"] = ("squared gradient",)
    return simulate(problem, schedule or schedules.Constant(2), step=step, steps=steps, **options)


def found(assumption, runs, theorem=lian2015.nonconvex, **chosen):
    """The finding, and the words."""
    theorem = replace(theorem, assumptions=(assumption,))
    values = constants(theorem, runs, chosen, 1e-6)
    case = Case(
        theorem=theorem,
        runs=runs,
        coherent=runs,
        values=values,
        numbers=numbers_of(theorem, runs, values),
        alpha=1e-6,
    )
    check = check_assumption(assumption, case)
    return check.finding, check.words


# ------------------------------------------------------------------ the function


@pytest.mark.parametrize(
    ("assumption", "problem", "given", "finding"),
    [
        (known.BoundedGradient(), HUBER, {"G": 2.5}, "holds"),
        (known.BoundedGradient(), HUBER, {"G": 2.4}, "fails"),
        (known.BoundedGradient(), FIT, {"G": 9.0}, "holds"),
        (known.BoundedGradient(), FIT, {"G": 0.1}, "unknown"),  # it may be sharper than the bound
        (known.BoundedGradient(), BOWL, {"G": 1e9}, "unknown"),  # what a run shows is not all
        (BoundedNoise(), HUBER, {"xi_max": 0.3}, "holds"),
        (BoundedNoise(), HUBER, {"xi_max": 0.29}, "fails"),
        (BoundedNoise(), FIT, {"xi_max": 0.1}, "unknown"),
        (BoundedNoise(), problems.with_noise(HUBER, "gaussian", sigma=1), {"xi_max": 9}, "unknown"),
        (known.BoundedSecondMoment(), HUBER, {"G": 2.52}, "holds"),
        (known.BoundedSecondMoment(), problems.with_noise(HUBER, relative=3), {"G": 5}, "holds"),
        (known.BoundedGradientsMet(), HUBER, {"G": 2.5}, "holds"),
    ],
)
def test_bounds_of_gradients_and_noise_come_from_the_problem(assumption, problem, given, finding):
    runs = runs_of(problem, record=[0, 40])  # too few times to measure any
    assert found(assumption, runs, **given)[0] == finding


@pytest.mark.parametrize(
    ("assumption", "problem", "finding"),
    [
        (known.Convex(), BOWL, "holds"),
        (known.Convex(), FLAT, "holds"),
        (known.Convex(), DIP, "fails"),
        (known.StronglyConvex(), BOWL, "holds"),
        (known.StronglyConvex(), FLAT, "fails"),
        (known.StronglyConvex(Rational(3, 10)), BOWL, "fails"),
        (known.StronglyConvex(Rational(1, 10)), BOWL, "holds"),
        (known.PolyakLojasiewicz(), BOWL, "holds"),
        (known.PolyakLojasiewicz(), FLAT, "unknown"),  # it has the inequality, but who says so
        (known.PolyakLojasiewicz(), DIP, "unknown"),
        (known.Minimiser(), BOWL, "holds"),
        (known.Minimiser(), replace(BOWL, minimiser=None), "unknown"),
        (known.ConditionNumber(), BOWL, "holds"),
        (known.ConditionNumber(), problems.quadratic(dim=1, L=2.0), "fails"),
        (online.Comparator(), BOWL, "holds"),
        (online.ConvexLosses(), FLAT, "holds"),
        (online.ConvexLosses(), DIP, "fails"),
        (online.ConvexLosses(Rational(1, 2)), BOWL, "fails"),
    ],
)
def test_of_the_function(assumption, problem, finding):
    assert found(assumption, runs_of(problem))[0] == finding


def test_a_guess_of_the_curvature_is_an_estimate_and_none_is_unknown():
    runs = runs_of()
    seen = Constant(value=0.2, provenance="estimate", why="seen")
    guessed = replace(runs, constants={**runs.constants, "mu_sc": seen})
    assert found(known.Convex(), guessed)[0] == "estimated"
    rest = {name: value for name, value in runs.constants.items() if name != "mu_sc"}
    finding, words = found(known.Convex(), replace(runs, constants=rest))
    assert finding == "unknown"
    assert "does not say whether it is convex" in words


# ------------------------------------------------------------------ delays


@pytest.mark.parametrize(
    ("assumption", "schedule", "chosen", "finding"),
    [
        (known.BoundedDelay(tau_max + 1, count=FROM_ZERO), schedules.Constant(3), {}, "holds"),
        (
            known.BoundedDelay(tau_max + 1, count=FROM_ZERO),
            schedules.Constant(3),
            {"tau": 2},
            "fails",
        ),
        (known.Concurrency(), schedules.Constant(3), {}, "holds"),
        (known.Concurrency(), schedules.Constant(3), {"N": 3}, "holds"),
        (known.Concurrency(), schedules.Constant(3), {"N": 2}, "fails"),
        (known.AverageDelay(), schedules.Cyclic([0, 4]), {"tau_avg": 2.0}, "holds"),
        (known.AverageDelay(), schedules.Cyclic([0, 4]), {"tau_avg": 1.5}, "fails"),
        (known.ReadsThePast(), schedules.Uniform(3), {}, "holds"),
        (known.ConstantDelay(), schedules.Constant(2), {}, "holds"),
        (known.ConstantDelay(), schedules.Cyclic([2, 1]), {}, "fails"),
        (known.ConstantDelay(), schedules.Uniform(2), {}, "fails"),
        (known.DelaysOfParts(), schedules.Uniform(2), {}, "holds"),
        (known.DelaysOfParts(), schedules.Uniform(2), {"tau": 1}, "fails"),
        (known.RestartingWorkers(), schedules.Constant(3), {}, "holds"),
        (known.RestartingWorkers(), schedules.Constant(3), {"N": 2}, "fails"),
        (known.RestartingWorkers(), schedules.Uniform(3), {}, "fails"),
        (online.GrowingDelays(), schedules.Constant(2), {}, "holds"),
        (online.GrowingDelays(), schedules.Cyclic([2, 1]), {}, "fails"),
        (online.GrowingDelays(), schedules.Uniform(2), {}, "unknown"),
    ],
)
def test_of_the_delays(assumption, schedule, chosen, finding):
    assert found(assumption, runs_of(schedule=schedule), **chosen)[0] == finding


def test_delays_of_the_theorem_are_those_that_were_drawn():
    runs = runs_of(schedule=schedules.Cyclic([0, 4]), steps=41)
    theorem = replace(lian2015.nonconvex, assumptions=(known.Concurrency(), known.AverageDelay()))
    values = {name: a.value for name, a in constants(theorem, runs, {}, 1e-6).items()}
    assert values["tau"] == 4
    assert values["N"] == 2  # updates 3 and 5 both lie over j = 1, 2 ... and so on
    assert values["tau_avg"] == pytest.approx(max(np.cumsum(runs.delays) / np.arange(1, 42)))


# ------------------------------------------------------------------ steps


@pytest.mark.parametrize(
    ("assumption", "steps", "finding"),
    [
        (known.PositiveSteps(), [0.1, 0.0, 0.1], "holds"),
        (known.NonincreasingSteps(), [0.2, 0.1, 0.1], "holds"),
        (known.NonincreasingSteps(), [0.2, 0.1, 0.11], "fails"),
        (known.StepLimit(ratio(1, L)), [1.0, 0.5, 0.1], "holds"),
        (known.StepLimit(ratio(1, L)), [0.5, 1.1, 0.1], "fails"),
        (known.SomeStep(), [0.1, 0.0, 0.0], "holds"),
        (known.SomeStep(), [0.0, 0.1, 0.1], "fails"),  # not at T = 1
        (known.AnyDirection(), [0.1, 0.2, 0.3], "holds"),
        (known.AnyDirection(shown(eta0)), [0.1, 0.1, 0.2], "fails"),
        (known.SeveralGradients(shown(eta0)), [0.1, 0.1, 0.1], "holds"),
    ],
)
def test_of_the_steps(assumption, steps, finding):
    runs = runs_of(step=steps, steps=3)
    if getattr(assumption, "step", "fixed") is None:
        theorem = results.huo2018.any_steps
        values = constants(theorem, runs, {}, 1e-6)
        case = Case(
            theorem=theorem,
            runs=runs,
            coherent=runs,
            values=values,
            numbers=numbers_of(theorem, runs, values),
            alpha=1e-6,
        )
        assert check_assumption(assumption, case).finding == finding
    else:
        assert found(assumption, runs)[0] == finding


def test_without_a_constraint_there_is_nothing_to_project():
    for method in (known.ProjectedSGD(shown(eta0)), known.ProximalSGD(shown(eta0))):
        assert found(method, runs_of())[0] == "holds"
        assert found(method, runs_of(reuse=True, schedule=schedules.Uniform(2)))[0] == "fails"
        assert found(method, runs_of(step=[0.1] * 39 + [0.2]))[0] == "fails"


def test_several_gradients_are_one_here():
    assert found(known.MiniBatch(), runs_of())[0] == "holds"
    assert found(known.MiniBatch(), runs_of(), b=4)[0] == "fails"
    assert found(known.SeveralGradients(shown(eta0)), runs_of(), B=2)[0] == "fails"


DELAYS = (0, 1, 2, 0, 3, 1)
STEPS = (0.1, 0.2, 0.3, 0.1, 0.2, 0.4)


def windows():
    """eta_(t - tau_t) + ... + eta_t by hand, and with the updates whose windows contain t."""
    own = [sum(STEPS[t - tau : t + 1]) for t, tau in enumerate(DELAYS)]
    later = [sum(STEPS[i] for i in range(6) if i - DELAYS[i] <= t < i) for t in range(6)]
    return max(own), max(a + b for a, b in zip(own, later, strict=True))


@pytest.mark.parametrize(
    ("rule", "most"), [(known.WindowRule, windows()[0]), (known.InterferenceRule, windows()[1])]
)
def test_of_windows(rule, most):
    runs = runs_of(schedule=schedules.Cyclic(DELAYS), step=STEPS, steps=6)
    assert found(rule(c), runs, c=most)[0] == "holds"
    assert found(rule(c), runs, c=0.999 * most)[0] == "fails"
    finding, words = found(rule(c), runs)
    assert finding == "unknown"
    assert "it needs c" in words


def test_a_step_of_0_needs_no_window_where_steps_weigh():
    """Of delay 3, after steps that add up to 0.6; the other windows hold 0.4 at most."""
    steps = (0.1, 0.1, 0.4, 0.0, 0.1, 0.1)
    runs = runs_of(schedule=schedules.Cyclic([0, 0, 0, 3, 0, 0]), step=steps, steps=6)
    weighed = replace(lian2015.nonconvex, quantity=wu2022.nonconvex.quantity)
    for theorem, most in ((lian2015.nonconvex, 0.6), (weighed, 0.4)):
        assert found(known.WindowRule(c), runs, theorem, c=most)[0] == "holds"
        assert found(known.WindowRule(c), runs, theorem, c=0.999 * most)[0] == "fails"


@pytest.mark.parametrize(("rule", "factor"), [(known.WindowRule, 4), (known.InterferenceRule, 7)])
def test_of_windows_when_replicas_differ_the_longest_delay_stands_for_all(rule, factor):
    runs = runs_of(schedule=schedules.Uniform(3), step=0.1)
    assert found(rule(c), runs, c=0.1 * factor)[0] == "holds"
    finding, words = found(rule(c), runs, c=0.1 * factor - 0.01)
    assert finding == "unknown"
    assert "if all delays were 3" in words


@pytest.mark.parametrize(("factor", "finding"), [(0.999, "holds"), (1.01, "fails")])
def test_of_steps_over_the_delay(factor, finding):
    """L eta + 2 L^2 tau eta sum of the next tau steps <= 1, at tau = 2 and equal steps."""
    longest = 2 / (1 + np.sqrt(1 + 8 * 4))
    runs = runs_of(step=factor * longest)
    assert found(known.StepsOverTheDelay(), runs)[0] == finding
    last = runs_of(step=[*[0.1] * 39, 0.9])  # no update follows the last one
    assert found(known.StepsOverTheDelay(), last)[0] == "holds"


# ------------------------------------------------------------------ noise, directions


def test_of_the_second_moment():
    runs = runs_of()
    read = runs.statistics.read_squared_norm
    finding, words = found(known.BoundedSecondMoment(M2, count=FROM_ZERO), runs)
    assert finding == "holds"
    theorem = replace(lian2015.nonconvex, assumptions=(known.BoundedSecondMoment(count=FROM_ZERO),))
    measured = constants(theorem, runs, {}, 1e-6)["G"].value ** 2
    assert np.nanmax(read.mean) + 0.25 <= measured <= 2 * np.nanmax(read.mean) + 0.25
    assert found(known.BoundedSecondMoment(G**2, count=FROM_ZERO), runs, G=0.4)[0] == "fails"
    assert found(known.BoundedSecondMoment(G**2, count=FROM_ZERO), runs, G=2)[0] == "holds"
    for blind in (runs_of(measures=()), runs_of(record=[0, 5, 40])):
        finding, words = found(known.BoundedSecondMoment(M2, count=FROM_ZERO), blind)
        assert finding == "unknown"
        assert "squared gradient at read points" in words


def test_of_the_gradients_met():
    runs = runs_of()
    largest = float(np.sqrt(runs.statistics.squared_norm.mean[:-1].max()))
    assert found(known.BoundedGradientsMet(), runs)[0] == "holds"
    assert found(known.BoundedGradientsMet(), runs, G=0.9 * largest)[0] == "fails"
    theorem = replace(lian2015.nonconvex, assumptions=(known.BoundedGradientsMet(),))
    assert largest <= constants(theorem, runs, {}, 1e-6)["G"].value < 1.2 * largest


def test_of_a_short_step():
    assert found(known.ShortStep(), runs_of(step=0.99))[0] == "holds"
    assert found(known.ShortStep(), runs_of(step=1.0))[0] == "fails"


def test_of_noise_numbered_by_the_read():
    step = known.DeliveredGradients(shown(eta0))
    assert found(step, runs_of())[0] == "holds"
    assert found(step, runs_of(reuse=True))[0] == "fails"  # x_0 is read thrice, with one sample


def test_runs_that_diverge_have_no_second_moment():
    runs = runs_of(step=90.0, steps=120)
    finding, words = found(known.BoundedSecondMoment(M2, count=FROM_ZERO), runs, M_2=1.0)
    assert finding == "fails"
    assert words == runs.divergence
    assert "replica 0 diverged by update" in words


def test_of_the_domain_and_feedback():
    quiet = runs_of(QUIET)
    distance = float(np.sqrt(quiet.statistics.squared_distance.mean.max()))
    assert found(online.BoundedDomain(), quiet)[0] == "holds"
    assert found(online.BoundedDomain(), quiet, D=distance)[0] == "holds"
    assert found(online.BoundedDomain(), quiet, D=0.99 * distance)[0] == "fails"
    assert found(online.BoundedDomain(), runs_of(QUIET, measures=()), D=9)[0] == "unknown"
    assert found(online.BoundedFeedback(), quiet)[0] == "holds"
    assert found(online.BoundedFeedback(), quiet, G=0.1)[0] == "fails"
    step = online.DelayedFeedback(shown(eta0))
    assert found(step, quiet)[0] == "holds"
    finding, words = found(step, runs_of())
    assert finding == "fails"
    assert "these runs are random" in words


def test_of_the_direction():
    quiet = runs_of(QUIET, step=0.8, steps=20)
    s = quiet.statistics
    lowest = float(np.nanmin(s.direction.mean / s.squared_norm.mean))
    assert lowest < 0.9
    if lowest > 0:
        assert found(known.SufficientDirection(), quiet, sigma_d=lowest)[0] == "holds"
    assert found(known.SufficientDirection(), quiet, sigma_d=lowest + 0.01)[0] == "fails"
    fresh = runs_of(schedule=schedules.Constant(0))
    finding, words = found(known.SufficientDirection(), fresh)
    assert (finding, words[:2]) == ("holds", "1,")
    assert found(known.SufficientDirection(), runs_of(step=0.05))[0] == "estimated"
    assert found(known.SufficientDirection(), runs_of(measures=()), sigma_d=0.1)[0] == "unknown"
    assert found(known.SufficientDirection(), runs_of(reuse=True), sigma_d=0.1)[0] == "unknown"


def test_a_direction_against_the_gradient_is_not_sufficient():
    overshooting = runs_of(
        problems.quadratic(dim=1, L=1.0), schedules.Constant(1), step=1.2, steps=3
    )
    finding, words = found(known.SufficientDirection(), overshooting)
    assert finding == "fails"
    assert words.startswith("-5")  # x_t = 1, -0.2


def test_gradient_descent_is_without_noise():
    finding, words = found(known.StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO), runs_of())
    assert finding == "fails"
    assert "problems.noiseless" in words
    assert found(known.StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO), runs_of(QUIET))[0] == (
        "holds"
    )
    logistic = problems.noiseless(problems.logistic(batch=2))
    runs = runs_of(logistic, steps=5)
    assert found(known.StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO), runs)[0] == "holds"


def test_growing_noise_is_bounded_noise_and_more():
    assert found(known.MultiplicativeNoise(), runs_of())[0] == "holds"
    small = Constant(value=0.1, provenance="bound", why="a guess")
    runs = runs_of(noise=True)
    understated = replace(runs, constants={**runs.constants, "sigma": small})
    assert found(known.MultiplicativeNoise(), understated)[0] == "fails"
    assert found(known.VarianceOfSamples(), understated)[0] == "fails"


def test_growing_noise_that_nobody_saw_is_not_said_to_have_been_seen():
    growing = problems.with_noise(BOWL, sigma=0.5, relative=2.0)
    seen, unseen = runs_of(growing, noise=True), runs_of(growing)
    lost = runs_of(growing, noise=True, step=1e60, record=[3])
    assert lost.divergence is not None
    for runs, told in ((seen, True), (unseen, False), (lost, False)):
        finding, words = found(known.MultiplicativeNoise(), runs, M=2.0)
        assert finding == "holds"
        assert ("not exceeded along the runs" in words) == told


def test_what_has_no_check_is_named():
    class NewMoon(known.Assumed):
        name = "moon"
        words = "the moon is new"

    theorem = replace(lian2015.nonconvex, assumptions=(*lian2015.nonconvex.assumptions, NewMoon()))
    assert unchecked(theorem) == ["moon"]
    assert found(NewMoon(), runs_of())[0] == "unknown"
    assert all(issubclass(kind, known.Assumed) for kind in CHECKS)
    assert Integer(0) == online.ConvexLosses().modulus


@pytest.mark.parametrize(
    ("schedule", "finding"),
    [
        (schedules.Constant(1), "holds"),
        (schedules.Cyclic([0, 1]), "holds"),
        (schedules.Uniform(1), "estimated"),  # means over delays, which the theorem takes as given
    ],
    ids=["constant", "cyclic", "uniform"],
)
def test_what_is_a_mean_over_delays_is_an_estimate(schedule, finding):
    measures = ("squared gradient", "squared gradient at read points", "squared distance")
    runs = runs_of(schedule=schedule, step=0.05, measures=measures, window=2)
    assert found(known.BoundedSecondMoment(), runs, M_2=9)[0] == finding
    assert found(known.BoundedGradientsMet(), runs, G=9)[0] == finding
    assert found(online.BoundedDomain(), runs, D=9)[0] == finding
    coherent, words = found(known.GradientCoherence(), runs, mu=0.1, s=2)
    assert coherent == finding
    assert ("takes them as given" in words) == (finding == "estimated")
    close, _ = found(known.GradientCoherence(), runs, mu=0.999 * lowest_coherence(runs), s=2)
    assert close == "estimated"  # the limits of what is measured do not exclude less


def lowest_coherence(runs):
    s = runs.statistics
    return float((s.inner.mean / s.squared_norm.mean[:, None]).min())
