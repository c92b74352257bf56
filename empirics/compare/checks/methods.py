"""Whether the runs are of the algorithm a theorem is about, with its step sizes."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.constants import value
from empirics.compare.numbers import SLIP, Numbers, last_horizon, step_sizes
from empirics.optimisers import DelayedProximal, Picky
from empirics.problems.penalties import Projection, rebuilt
from theory import assumptions as known

Steps: TypeAlias = Literal["plain", "projected", "proximal"]


def stale_sgd(assumption: known.StaleSGD, case: Case) -> Findings:
    return own_updates(case, noisy=assumption.noisy, reused=assumption.reuse)


def own_updates(
    case: Case, *, noisy: bool = True, reused: bool = False, steps: Steps = "plain"
) -> Findings:
    """Whether the updates are those of stale SGD, perhaps with samples applied again.

    steps, which may follow an update: "plain" for none, "projected", or any "proximal" one.
    """
    runs = case.runs
    if other := another_method(case, steps=steps):
        return "fails", other
    reuse = bool(runs.settings["reuse"])
    once = case.reads.reads + case.reads.cold_reads <= 1
    sigma = runs.constants.get("sigma")
    noiseless = sigma is not None and sigma.value == 0
    if not noisy and not noiseless:
        return "fails", "these gradients are noisy; it takes full ones, as of problems.noiseless"
    if noisy and reuse != reused and not (once or noiseless):
        return "fails", "samples are applied again" if reuse else "every update has its own sample"
    return own_steps(case)


def another_method(case: Case, *, steps: Steps = "plain") -> str:
    """What sets the runs apart from x_{t+1} = x_t - eta_t g_t; nothing if they are that.

    But for the proximal steps that may follow, see `own_updates`.

    Dropping gradients from too far is left to the check of `PickySteps`, where that is assumed.
    """
    settings = case.runs.settings
    if (kind := settings["optimiser"]["kind"]) != "SGD":
        return f"the optimiser is {kind}; it takes plain SGD"
    follows = after_updates(case)
    if follows and (steps == "plain" or (steps == "projected" and not is_projection(case))):
        takes = "projections only" if steps == "projected" else "none"
        return f"every update is followed by {follows}; it takes {takes}"
    correction = settings["correction"]
    picky = any(isinstance(a, known.PickySteps) for a in case.theorem.assumptions)
    if correction is not None and not (picky and correction["kind"] == Picky.__name__):
        return f"gradients are corrected ({correction['kind']}); it takes them as they are"
    if settings["gradients"] is None:
        return "every worker has an iterate of its own; it takes one sequence of iterates"
    if settings["gradients"] != 1:
        return f"an update applies the mean of {settings['gradients']} gradients; it takes one"
    return ""


def picky_steps(assumption: known.PickySteps, case: Case) -> Findings:
    """By the correction, as nobody records which gradients it drops.

    The least value of each replica is not the least mean: all have to be the same.
    """
    runs, correction = case.runs, case.runs.settings["correction"]
    size, radius = case.number(assumption.size), case.number(assumption.radius)
    off = np.flatnonzero(np.abs(runs.step_sizes - size) > SLIP * size)
    if off.size:
        t = int(off[0])
        return "fails", f"eta_{t} = {runs.step_sizes[t]:.6g}, the theorem takes {size:.6g}"
    if correction is None and case.reads.longest > 0:
        return "unknown", (
            "nobody looked at how far the iterates had moved; simulate with "
            f"correction=optimisers.Picky({radius:.6g})"
        )
    if correction is not None:
        if correction["kind"] != Picky.__name__:
            return "fails", f"gradients are corrected by {correction['kind']}"
        if abs(correction["radius"] - radius) > SLIP * radius:
            return "fails", f"the radius is {correction['radius']:.6g}, the theorem's {radius:.6g}"
    if not runs.deterministic:
        return "unknown", (
            "which gradients are dropped differs between replicas; take full gradients, as of "
            "problems.noiseless, and a schedule that is the same in every replica"
        )
    return "holds", f"eta = {size:.6g} within {radius:.6g}, else 0"


def any_direction(assumption: known.AnyDirection, case: Case) -> Findings:
    if other := another_method(case):
        return "fails", other
    finding, words = own_steps(case)
    return finding, f"the direction is the stale stochastic gradient, {words}"


def after_updates(case: Case) -> str:
    """The proximal step after every update, in words; nothing if there is none."""
    penalty = case.runs.settings["problem"].get("penalty")
    return rebuilt(penalty).words if penalty else ""


def is_projection(case: Case) -> bool:
    """Whether the proximal step is one."""
    penalty = case.runs.settings["problem"].get("penalty")
    return bool(penalty) and isinstance(rebuilt(penalty), Projection)


def projected_sgd(assumption: known.ProjectedSGD, case: Case) -> Findings:
    """Without a projection the set is the whole space, where projecting changes nothing.

    A problem on a set has its start and its minimiser there.
    """
    finding, words = own_updates(case, steps="projected")
    return finding, f"{after_updates(case) or 'the set is the whole space'}, {words}"


def proximal_sgd(assumption: known.ProximalSGD, case: Case) -> Findings:
    """Every penalty is convex, and its step has the size of the update."""
    finding, words = own_updates(case, steps="proximal")
    return finding, f"{after_updates(case) or 'Psi is 0'}, {words}"


def delayed_proximal_gradient(assumption: known.DelayedProximalGradient, case: Case) -> Findings:
    """By the correction; without one it is plain gradient descent if nothing is stale."""
    runs, theta = case.runs, case.number(assumption.theta)
    settings = runs.settings
    correction, sigma = settings["correction"], runs.constants.get("sigma")
    if settings["optimiser"]["kind"] != "SGD" or settings["gradients"] != 1:
        return "fails", "it takes plain SGD and one gradient an update"
    if correction is None or correction["kind"] != DelayedProximal.__name__:
        return "fails", (
            "the gradient alone is delayed, it takes a delayed iterate; simulate with "
            f"correction=optimisers.DelayedProximal({theta:.6g})"
        )
    if abs(correction["theta"] - theta) > SLIP:
        return "fails", f"theta is {correction['theta']:.6g}, the theorem's {theta:.6g}"
    if sigma is None or sigma.value != 0:
        return "fails", "these gradients are noisy; it takes full ones, as of problems.noiseless"
    finding, words = own_steps(case)
    return finding, f"{after_updates(case) or 'Psi is 0'}, theta = {theta:.6g}, {words}"


def delivered_gradients(assumption: known.DeliveredGradients, case: Case) -> Findings:
    """Noise that is fresh at every update may be numbered by the read, if no read is used twice."""
    return own_updates(case)


def short_step(assumption: known.ShortStep, case: Case) -> Findings:
    eta, limit = case.values["eta"].value, case.number(assumption.limit)
    words = f"eta = {eta:.6g}, {assumption.limit} = {limit:.6g}"
    return ("holds" if eta < limit else "fails"), words


def own_steps(case: Case) -> Findings:
    """Whether the steps are those of the theorem."""
    theorem = case.theorem
    steps = case.runs.step_sizes
    horizon = {theorem.horizon.name: last_horizon(theorem, len(steps))}
    numbers = Numbers(
        values={**case.numbers.values, **horizon},
        sequences=case.numbers.sequences,
        first=case.numbers.first,
    )
    asked = step_sizes(theorem, numbers, len(steps))
    off = np.abs(steps - asked) > SLIP * asked
    if off.any():
        t = int(np.flatnonzero(off)[0])
        return "fails", f"eta_{t} = {steps[t]:.6g}, the theorem takes {asked[t]:.6g}"
    return "holds", f"eta_{theorem.count.index} = {theorem.step}"


def positive_steps(assumption: known.PositiveSteps, case: Case) -> Findings:
    least = float(case.runs.step_sizes.min())
    return ("holds" if least >= 0 else "fails"), f"the least is {least:.6g}"


def nonincreasing_steps(assumption: known.NonincreasingSteps, case: Case) -> Findings:
    steps = case.runs.step_sizes
    up = np.flatnonzero(np.diff(steps) > SLIP * steps[1:])
    if up.size:
        t = int(up[0])
        return "fails", f"eta_{t} = {steps[t]:.6g} and eta_{t + 1} = {steps[t + 1]:.6g}"
    return "holds", f"from {steps[0]:.6g} to {steps[-1]:.6g}"


def step_limit(assumption: known.StepLimit, case: Case) -> Findings:
    limit, most = value(assumption.limit, case.values), float(case.runs.step_sizes.max())
    words = f"the largest is {most:.6g}, {assumption.limit} = {limit:.6g}"
    return ("holds" if most <= limit * (1 + SLIP) else "fails"), words


CHECKS: Checks = {
    known.StaleSGD: stale_sgd,
    known.AnyDirection: any_direction,
    known.PickySteps: picky_steps,
    known.ProjectedSGD: projected_sgd,
    known.ProximalSGD: proximal_sgd,
    known.DelayedProximalGradient: delayed_proximal_gradient,
    known.PositiveSteps: positive_steps,
    known.NonincreasingSteps: nonincreasing_steps,
    known.StepLimit: step_limit,
    known.ShortStep: short_step,
    known.DeliveredGradients: delivered_gradients,
}
