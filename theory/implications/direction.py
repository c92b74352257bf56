"""How coherence, sufficient direction and a vanishing gradient relate."""

from functools import cache

from sympy import Integer, Rational, exp

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedSecondMoment,
    BoundedVariance,
    ExogenousDelays,
    GradientCoherence,
    PathwiseGradientCoherence,
    PositiveSteps,
    Smooth,
    StaleSGD,
    StepLimit,
    StronglyConvex,
    SufficientDirection,
    UnbiasedNoise,
)
from theory.claims import le
from theory.implications.base import Implication, NonImplication
from theory.implications.outcome import VanishingGradient, by_theorem
from theory.implications.witnesses import Rotation, RunWitness
from theory.kernel import Fact, axiom
from theory.lemmas import coherent_direction, expected_coherence
from theory.proofs import automatic_coherence
from theory.proofs.dai2019 import constant
from theory.results import dai2019, huo2018
from theory.symbols import L, mu, s
from theory.witness import quadratic

PARABOLA = quadratic(Integer(1))
FRESH = (UnbiasedNoise(FROM_ZERO), ExogenousDelays(FROM_ZERO))
WINDOW = BoundedDelay(count=FROM_ZERO)
COHERENT = GradientCoherence(count=FROM_ZERO)
SURE = PathwiseGradientCoherence(count=FROM_ZERO)
LEVEL, TWO = Rational(2, 5), Integer(2)


@cache
def on_average() -> tuple[Fact, ...]:
    """Expectation is monotone."""
    return (expected_coherence(FROM_ZERO),)


@cache
def at_the_read() -> tuple[Fact, ...]:
    """Coherence at the iterate that is read; the fresh noise drops out."""
    return (coherent_direction(FROM_ZERO),)


def tuned_is_short() -> Fact:
    """The tuned step is the smaller of mu/(m L) and another."""
    return axiom("least_below", constant.SMALLEST, constant.BALANCED, label="the tuned step")


def short_steps() -> tuple[Fact, ...]:
    """Gradients change little from one short step to the next, so their directions agree."""
    return (automatic_coherence.coherent_below_1_over_e(),)


ARROWS = (
    Implication(
        premises=(SURE,),
        conclusion=COHERENT,
        proof=on_average,
    ),
    NonImplication(
        premises=(GradientCoherence(Rational(97, 100), TWO, count=FROM_ZERO),),
        conclusion=PathwiseGradientCoherence(mu, TWO, FROM_ZERO),
        given=(StaleSGD(count=FROM_ZERO), *FRESH, BoundedVariance(count=FROM_ZERO)),
        witness=RunWitness(
            name="x^2/2, eight small steps, noise of one sign",
            function=PARABOLA,
            start=Integer(1),
            steps=(Rational(1, 1000),) * 8,
            delays=(0,) * 8,
            noise=Rational(140),
            constants={"sigma": Integer(140)},
        ),
        note="However small mu is: of 256 equally likely outcomes one crosses the minimum.",
    ),
    Implication(
        premises=(COHERENT,),
        conclusion=SufficientDirection(mu),
        given=(*FRESH, WINDOW),
        proof=at_the_read,
        note="For every sequence of delays in the window; the constant is the same.",
    ),
    NonImplication(
        premises=(SufficientDirection(Integer(1)),),
        conclusion=GradientCoherence(mu, Integer(3), count=FROM_ZERO),
        given=(StaleSGD(noisy=False, count=FROM_ZERO), BoundedDelay(Integer(3), count=FROM_ZERO)),
        witness=RunWitness(
            name="x^2/2, step 3/2, delays 0, 0, 2",
            function=PARABOLA,
            start=Integer(1),
            steps=(Rational(3, 2),) * 3,
            delays=(0, 0, 2),
        ),
        note="However small mu is: only the gradients that are applied point the right way.",
    ),
    NonImplication(
        premises=(Smooth(),),
        conclusion=GradientCoherence(mu, TWO, count=FROM_ZERO),
        given=(StronglyConvex(), StaleSGD(noisy=False, count=FROM_ZERO)),
        witness=RunWitness(
            name="x^2/2, step 3/2, no delay",
            function=PARABOLA,
            start=Integer(1),
            steps=(Rational(3, 2),),
            delays=(0,),
            constants={"L": Integer(1), "mu_sc": Integer(1)},
        ),
        note="However small mu is: one long step turns the gradient round.",
    ),
    Implication(
        premises=(Smooth(), StepLimit(mu / (s * L))),
        conclusion=GradientCoherence(),
        given=(StaleSGD(noisy=False), PositiveSteps(), BoundedDelay()),
        conditions=(le(mu, exp(-1)),),
        proof=short_steps,
        note="The steps of Dai et al. are as short as that; `coherence.any_delays` says more.",
    ),
    NonImplication(
        premises=(PathwiseGradientCoherence(LEVEL, TWO, FROM_ZERO),),
        conclusion=VanishingGradient(),
        given=(
            StaleSGD(count=FROM_ZERO),
            Smooth(Integer(1)),
            StronglyConvex(Integer(1)),
            *FRESH,
            BoundedVariance(TWO, FROM_ZERO),
            BoundedDelay(TWO, count=FROM_ZERO),
        ),
        witness=Rotation(name="|x|^2/2 in the plane, step 5/4, turning for ever"),
        note="Coherence is 2/5 for ever and in every outcome; the step is too long.",
    ),
    by_theorem(
        dai2019.constant_step,
        GradientCoherence,
        short=tuned_is_short,
        note="Coherence alone is not enough; with noise the step is tuned to the horizon as well.",
    ),
    by_theorem(
        huo2018.tuned_step,
        SufficientDirection,
        BoundedSecondMoment,
        note="The second moment takes the place of a limit on the step.",
    ),
)
