"""Counterexamples on quadratics: what coherence does, and does not, say of a run without noise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from empirics.gallery.facts import (
    coherence,
    coherent,
    converges,
    diverges,
    fails_again,
    fails_last,
    levels,
    shrinks,
)
from empirics.gallery.record import Case, Counterexample, Fact
from empirics.problems.quadratic import quadratic
from empirics.problems.turning import turning_plane
from empirics.runs import Runs
from empirics.schedules import Constant, Cyclic, Trace

HERE = "derived here: the run is a linear recursion in rational numbers"
F = Fraction


def _period(runs: Runs) -> float:
    """The factor of |grad F|^2 over four updates, where it is furthest from what it has to be."""
    norm = runs.statistics.squared_norm.mean[::4]
    return float((norm[1:] / norm[:-1]).max())


def _missing(runs: Runs) -> float:
    """In how many places "the gradient is exactly 0" and "k = 2 mod 4" differ."""
    zero = runs.statistics.squared_norm.mean == 0
    return float((zero != (runs.times % 4 == 2)).sum())


vanishing_gradient = Counterexample(
    name="vanishing-gradient",
    title="a gradient that is exactly 0, though the run is not over",
    shows="Coherence divides by |grad F(x_k)|^2, and a stale iterate walks over the minimiser.",
    source=HERE,
    cases=(
        Case(
            label="x^2/2, delay 1, step 1/2",
            problem=quadratic(spectrum=[1.0], start=[1.0]),
            schedule=Constant(1),
            step=0.5,
            steps=40,
            facts=(
                Fact(
                    says="g_k = 0 exactly at k = 2 mod 4 and nowhere else; differences",
                    measured=_missing,
                    relation="=",
                    expected=0.0,
                ),
                Fact(
                    says="just after, at k = 3, coherence is 0",
                    measured=lambda runs: float(levels(runs, 2)[3]),
                    relation="=",
                    expected=0.0,
                ),
            ),
        ),
    ),
)

never_coherent = Counterexample(
    name="never-coherent",
    title="gradient descent without delay that converges and is never coherent",
    shows="Coherence is not necessary for convergence: a step beyond 1/L overshoots every time.",
    source=HERE,
    cases=(
        Case(
            label="x^2/2, no delay, step 3/2",
            problem=quadratic(spectrum=[1.0], start=[1.0]),
            schedule=Constant(0),
            step=1.5,
            steps=40,
            facts=(coherence(2, F(-2), first=1), shrinks(F(1, 4))),
        ),
    ),
)


def _turning(q: Fraction, label: str, facts: tuple[Fact, ...], steps: int = 60) -> Case:
    """x_{k+1} = x_k - a x_{k-1} with x_{k+1} = z x_k, z = (1 + i q)/2 and a = |z|^2.

    The past of such a run cannot be constant, so three updates prepare it: one without noise to the
    circle |x| = 1/2, one that the noise turns there, x_2 = z x_1 or its mirror image, and one at
    the start once more, whose gradient is 2 x_1: x_3 = x_2 - (a/2) x_0 = x_2 - a x_1.
    """
    a = (1 + q * q) / 4
    # the second step is 1/2: x_1 - (1 +- i push)/2 x_1 = (1 -+ i push)/2 x_1, so push is q
    return Case(
        label=label,
        problem=turning_plane(radius=0.5, push=float(q)),
        schedule=Trace([0, 0, 2, *[1] * (steps - 3)], label="(0, 0, 2, 1, 1, ...)"),
        step=np.array([0.5, 0.5, float(a) / 2, *[float(a)] * (steps - 3)]),
        steps=steps,
        window=3,
        drawn=2,
        replicas=16,
        facts=facts,
    )


turning = Counterexample(
    name="turning",
    title="a run in the plane that turns for ever, with one coherence throughout",
    shows=(
        "Coherence without a bound on the steps is not enough: coherent at mu = 2/5 on the whole "
        "trajectory, and it diverges. Nor is it necessary in a longer window."
    ),
    source=HERE,
    cases=(
        _turning(
            F(3, 2),
            "a = 13/16",
            (
                coherence(2, F(8, 13), first=2),
                coherence(3, F(-80, 169), first=3),
                converges(1e-4),
            ),
        ),
        _turning(
            F(2),
            "a = 5/4",
            (coherent(2, 0.4 * (1 - 1e-12)), coherence(2, F(2, 5), first=2), diverges(1e4)),
        ),
    ),
)


def _two_curvatures(c: int, value: Fraction) -> Case:
    return Case(
        label=f"start (1, {c})",
        problem=quadratic(spectrum=[3.0, 1.0], start=[1.0, float(c)]),
        schedule=Constant(0),
        step=0.5,
        steps=40,
        facts=(coherence(2, value, first=1), shrinks(F(1, 4))),
    )


two_curvatures = Counterexample(
    name="two-curvatures",
    title="the same rate with any coherence",
    shows="Coherence depends on the start, and the rate does not: 14/25, 0, -8/5, and 1/2 for all.",
    source=HERE,
    cases=(
        _two_curvatures(4, F(14, 25)),
        _two_curvatures(3, F(0)),
        _two_curvatures(1, F(-8, 5)),
    ),
)


def _two_modes(eta: str, facts: tuple[Fact, ...]) -> Case:
    return Case(
        label=f"step {eta}",
        problem=quadratic(spectrum=[1.0, 0.1], start=[1.0, 1.0]),
        schedule=Constant(1),
        step=float(F(eta)),
        steps=200,
        facts=facts,
    )


two_modes = Counterexample(
    name="two-modes",
    title="coherent never, in the end, or always: one function, one delay, three steps",
    shows=(
        "The slow mode is coherent, the fast one is not; below the fastest step the slow one wins, "
        "and coherence fails for a while only. All three converge."
    ),
    source=HERE,
    cases=(
        _two_modes("9/10", (fails_again(2, 190), converges(1e-6))),
        _two_modes("3/5", (fails_last(2, 6), converges(1e-6))),
        _two_modes("1/4", (fails_last(2, -1), converges(1e-3))),
    ),
)

varying_delay = Counterexample(
    name="varying-delay",
    title="delays that vary destabilise earlier than the longest of them all the time",
    shows=(
        "A limit for the constant delay tau is none for delays up to tau: between 2 - sqrt 2 and "
        "0.618 the pattern 0, 1, 2, 2 diverges and the constant delay 2 converges."
    ),
    source="derived here: four updates map x to (1 - 4h + h^2) x, beyond -1 from h = 2 - sqrt 2 on",
    cases=(
        Case(
            label="delays 0, 1, 2, 2, step 0.6",
            problem=quadratic(spectrum=[1.0], start=[1.0]),
            schedule=Cyclic([0, 1, 2, 2]),
            step=0.6,
            steps=800,
            facts=(
                Fact(
                    says="four updates multiply |grad F|^2 by (1 - 4h + h^2)^2 = 1.04^2",
                    measured=_period,
                    relation="=",
                    expected=1.04**2,
                ),
                diverges(1e6),
            ),
        ),
        Case(
            label="delay 2, step 0.6",
            problem=quadratic(spectrum=[1.0], start=[1.0]),
            schedule=Constant(2),
            step=0.6,
            steps=800,
            facts=(converges(1e-4),),
        ),
    ),
)
