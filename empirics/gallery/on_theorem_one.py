"""Counterexamples to Theorem 1 of Dai et al., read literally, and to its pathwise assumption."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from empirics.gallery.facts import coherence, coherent, levels
from empirics.gallery.record import Case, Counterexample, Fact, Refutes
from empirics.problems.piecewise import piecewise_quadratic
from empirics.problems.quadratic import quadratic
from empirics.problems.reuse import reuse_counterexample
from empirics.runs import Runs
from empirics.schedules import Constant, Cyclic
from empirics.stepsizes import inverse_sqrt

AUDIT = "audit of Theorem 1 of Dai et al. 2019, as recalled; exact in theory.results.dai2019"
ALONE = coherence(1, Fraction(1))  # without delay the window holds the present gradient alone

one_iterate = Counterexample(
    name="one-iterate",
    title="Theorem 1 at T = 1: the very first gradient is above the bound",
    shows="log 1 = 0, and L Delta/mu^2 is half of |grad F(x_1)|^2 = 2 L Delta on a parabola.",
    source=AUDIT,
    cases=(
        Case(
            label="x^2/2 from 1, s = 1, mu = 1",
            problem=quadratic(spectrum=[1.0], start=[1.0]),
            schedule=Constant(0),
            step=inverse_sqrt(1.0),
            drawn=1,
            steps=1,
            facts=(
                Refutes(
                    says="Theorem 1 is violated at T = 1",
                    theorem="dai2019.published",
                    mu=1.0,
                ),
            ),
        ),
    ),
)

two_iterates = Counterexample(
    name="two-iterates",
    title="Theorem 1 at T = 2, mu = 1: a function with one dip",
    shows="Both gradients are 1, |grad F|^2 = 0.8 L Delta, and the bound is 0.707 L Delta.",
    source=AUDIT,
    cases=(
        Case(
            label="F' = 1 at 0 and at -1, 1/2 between, falling to 0 at -2",
            problem=piecewise_quadratic(
                [(-2.0, 0.0), (-1.0, 1.0), (-0.5, 0.5), (0.0, 1.0)],
                left=0.0,
                right=0.0,
                start=0.0,
                name="one dip",
            ),
            schedule=Constant(0),
            step=inverse_sqrt(1.0),
            drawn=1,
            steps=2,
            facts=(
                ALONE,
                Fact(
                    says="both gradients have square 0.8 L Delta",
                    measured=lambda runs: float(
                        runs.statistics.squared_norm.mean[:2].min() / runs.constants["Delta"].value
                    ),
                    relation="=",
                    expected=0.8,
                ),
                Refutes(
                    says="Theorem 1 is violated at T = 2",
                    theorem="dai2019.published",
                    mu=1.0,
                ),
            ),
        ),
    ),
)

noisy_first_step = Counterexample(
    name="noisy-first-step",
    title="Theorem 1 counted from 0, at T = 1, with noise",
    shows="log 1 = 0 leaves no room for the noise of the first update.",
    source=AUDIT,
    cases=(
        Case(
            label="x^2/2 from 1, sigma = 1, s = 1, mu = 1",
            problem=quadratic(spectrum=[1.0], start=[1.0], sigma=1.0),
            schedule=Constant(0),
            step=inverse_sqrt(1.0),
            drawn=1,
            steps=1,
            replicas=64,
            facts=(
                ALONE,
                Refutes(
                    says="Theorem 1, minimum over T + 1 iterates, is violated at T = 1",
                    theorem="dai2019.published_from_zero",
                    mu=1.0,
                ),
            ),
        ),
    ),
)

REUSED = 60  # how often each stochastic gradient is applied
LEVEL = 0.8
STEPS = 9960
_steps = inverse_sqrt(LEVEL / REUSED)

reused_gradient = Counterexample(
    name="reused-gradient",
    title="the same stochastic gradient applied again and again breaks Theorem 1",
    shows=(
        "The explicit s in Theorem 1 counts how often a gradient is used, and its proof needs "
        "fresh noise: s uses of one sample are one step that is s times as long."
    ),
    source="audit of Theorem 1 of Dai et al. 2019, section on re-use; found here",
    cases=(
        Case(
            label=f"each gradient {REUSED} times, mu = {LEVEL}",
            problem=reuse_counterexample(_steps(STEPS), window=REUSED),
            schedule=Cyclic(range(REUSED)),
            step=_steps,
            steps=STEPS,
            window=REUSED,
            replicas=16,
            reuse=True,
            facts=(
                coherent(REUSED, LEVEL),
                Refutes(
                    says="Theorem 1 with re-use is violated",
                    theorem="dai2019.published_reuse",
                    mu=LEVEL,
                ),
            ),
        ),
    ),
)


def _negative(runs: Runs) -> float:
    """The largest share of the replicas that have negative coherence at one and the same time."""
    return float(runs.statistics.coherence_negative.max() / runs.replicas)


pathwise_coherence = Counterexample(
    name="pathwise-coherence",
    title="coherent in expectation, incoherent path by path",
    shows=(
        "With noise a gradient changes its sign sooner or later, so coherence along every path is "
        "not to be had; in expectation it is. An assumption for every path would exclude this run."
    ),
    source="audit of Theorem 1 of Dai et al. 2019, section on expectations",
    cases=(
        Case(
            label="x^2/2, unit noise, delay 1, mu = 1, eta_k = 1/(2 sqrt k)",
            problem=quadratic(spectrum=[1.0], start=[1.0], sigma=1.0, noise="gaussian"),
            schedule=Constant(1),
            step=inverse_sqrt(0.5),
            steps=2000,
            replicas=256,
            facts=(
                Fact(
                    says="expected coherence in a window of 2 is never below 3/4: at least",
                    measured=lambda runs: float(np.nanmin(levels(runs, 2))),
                    relation=">=",
                    expected=0.75,
                ),
                Fact(
                    says="share of paths that have negative coherence at one and the same time",
                    measured=_negative,
                    relation=">=",
                    expected=0.1,
                ),
            ),
        ),
    ),
)
