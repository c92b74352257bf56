"""How assumptions on the noise relate."""

from functools import cache

from sympy import Integer, Rational, sqrt

from theory.assumptions import (
    FROM_ZERO,
    BoundedGradient,
    BoundedSecondMoment,
    BoundedVariance,
    ExogenousDelays,
    F,
    ReadsThePast,
    UnbiasedNoise,
    applied_direction,
    x,
    xi,
)
from theory.claims import le
from theory.hilbert import squared_norm
from theory.implications.base import Implication, NonImplication
from theory.implications.witnesses import RunWitness
from theory.kernel import Fact, axiom, nonnegative_by_sign
from theory.lemmas import noise_unseen, only
from theory.symbols import M2, G, r, sigma, t
from theory.tactics import conclude
from theory.witness import quadratic

FRESH = (UnbiasedNoise(FROM_ZERO), ExogenousDelays(FROM_ZERO), ReadsThePast())
VARIANCE, SECOND_MOMENT = BoundedVariance(count=FROM_ZERO), BoundedSecondMoment(M2, count=FROM_ZERO)


@cache
def variance() -> tuple[Fact, ...]:
    """E|g_t|^2 = E|grad F(y_t)|^2 + E|xi_t|^2: leave out the first."""
    gradient_read = applied_direction(t, FROM_ZERO) - xi(t)
    return (
        conclude(
            le(squared_norm(xi(t)), M2),
            only(SECOND_MOMENT)["bounded second moment"],
            nonnegative_by_sign(le(0, squared_norm(gradient_read))),
            noise_unseen(FROM_ZERO),
            label="the noise is part of it",
        ),
    )


@cache
def second_moment() -> tuple[Fact, ...]:
    """E|g_t|^2 = E|grad F(y_t)|^2 + E|xi_t|^2, both bounded."""
    return (
        conclude(
            le(squared_norm(applied_direction(t, FROM_ZERO)), G**2 + sigma**2),
            axiom("gradient_bounded", F, G, x(r(t)), label="the gradient read"),
            only(VARIANCE)["bounded variance"],
            noise_unseen(FROM_ZERO),
            label="gradient and noise",
        ),
    )


ARROWS = (
    Implication(
        premises=(SECOND_MOMENT,),
        conclusion=BoundedVariance(sqrt(M2), FROM_ZERO),
        given=FRESH,
        proof=variance,
    ),
    NonImplication(
        premises=(VARIANCE,),
        conclusion=SECOND_MOMENT,
        given=FRESH,
        witness=RunWitness(
            name="x^2/2 from x_0 = M_2 + 1",
            function=quadratic(Integer(1)),
            start=M2 + 1,
            steps=(Rational(1, 2),),
            delays=(0,),
            noise=Integer(1),
            constants={"sigma": Integer(1)},
        ),
        note="However large M_2 is: the gradient counts too, and nothing bounds it.",
    ),
    Implication(
        premises=(BoundedGradient(), VARIANCE),
        conclusion=BoundedSecondMoment(G**2 + sigma**2, count=FROM_ZERO),
        given=FRESH,
        proof=second_moment,
    ),
)
