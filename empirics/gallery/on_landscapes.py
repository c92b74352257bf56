"""Counterexamples on nonconvex functions: coherent where it runs away, incoherent where it gets."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from empirics.gallery.facts import coherence, coherent, converges, diverges, fails_again
from empirics.gallery.record import Case, Counterexample, Fact
from empirics.problems.landscapes import double_well, saddle, scalar_factorisation
from empirics.schedules import Constant

saddle_escape = Counterexample(
    name="saddle-escape",
    title="coherent for ever while it runs away from a saddle",
    shows=(
        "Coherence says that gradients agree, not that they fall: down a saddle they agree, "
        "mu = (2/3)^(s-1) in a window of s, and grow."
    ),
    source="derived here: y_{k+1} = y_k + 3/4 y_{k-1} with y_1 = 3/2 y_0 is y_k = (3/2)^k y_0",
    cases=(
        Case(
            # from a constant past y_1 = 7/4 y_0; a first step of 1/2 puts the run on its mode
            label="x^2/2 - y^2/2 from (0, 1/100), delay 1, steps 1/2, 3/4, 3/4, ...",
            problem=saddle(start=[0.0, 0.01]),
            schedule=Constant(1),
            step=np.array([0.5, *[0.75] * 39]),
            steps=40,
            window=3,
            facts=(
                coherence(2, Fraction(2, 3), first=1),
                coherence(3, Fraction(4, 9), first=2),
                diverges(1e12),
            ),
        ),
    ),
)


def _well(eta: float, facts: tuple[Fact, ...]) -> Case:
    return Case(
        label=f"step {eta:g}",
        problem=double_well(start=[0.1]),
        schedule=Constant(3),
        step=eta,
        steps=200,
        window=4,
        facts=facts,
    )


two_wells = Counterexample(
    name="two-wells",
    title="incoherent again and again, and it converges into a well",
    shows=(
        "On a nonconvex function as on a parabola: beyond the step that keeps coherence the "
        "iterate swings about the minimum, and gets there."
    ),
    source="found here: steps below and above 0.105/F'' at the minimum, where F'' = 2",
    cases=(
        _well(0.05, (coherent(4, 0.87), converges(1e-15))),
        _well(0.1, (fails_again(4, 180), converges(1e-15))),
        _well(0.2, (fails_again(4, 180), converges(1e-3))),
        _well(0.22, (fails_again(4, 180), converges(0.2))),
    ),
)


def _factors(eta: float, facts: tuple[Fact, ...]) -> Case:
    return Case(
        label=f"step {eta:g}",
        problem=scalar_factorisation(start=[1.5, 0.2]),
        schedule=Constant(2),
        step=eta,
        steps=200,
        window=3,
        facts=facts,
    )


two_factors = Counterexample(
    name="two-factors",
    title="a factorisation that converges with and without coherence",
    shows=(
        "The step decides on coherence, and on which of the minimisers uv = 1 is reached; it "
        "converges either way."
    ),
    source="found here",
    cases=(
        _factors(0.05, (coherent(3, 1.0 - 1e-9), converges(1e-6))),
        _factors(0.2, (fails_again(3, 190), converges(1e-9))),
        _factors(0.25, (fails_again(3, 190), converges(1e-9))),
    ),
)
