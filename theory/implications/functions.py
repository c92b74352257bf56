"""How assumptions on the function relate."""

from functools import cache

from sympy import Integer, Rational

from theory.assumptions import (
    FROM_ZERO,
    BoundedGradient,
    Convex,
    F,
    InitialGap,
    Minimiser,
    PolyakLojasiewicz,
    Smooth,
    StronglyConvex,
    objective,
    x,
    x_star,
)
from theory.axioms import AXIOMS
from theory.claims import le
from theory.hilbert import grad
from theory.implications.base import ANYWHERE, ELSEWHERE, Implication, NonImplication
from theory.implications.witnesses import RunWitness
from theory.kernel import Fact, axiom, combine, pair
from theory.lemmas import only
from theory.symbols import F_star, L, R, mu_sc
from theory.tactics import conclude
from theory.witness import PiecewiseQuadratic, quadratic


@cache
def convexity() -> tuple[Fact, ...]:
    """Strong convexity without its square."""
    claim = AXIOMS["convexity"].instantiate(F, ANYWHERE, ELSEWHERE).claim
    strong = axiom("strong_convexity", F, mu_sc, ANYWHERE, ELSEWHERE, label="strong convexity")
    return (
        combine(claim, strong, squares=[(ELSEWHERE - ANYWHERE, mu_sc / 2)], label="drop a square"),
    )


@cache
def polyak() -> tuple[Fact, ...]:
    """Strong convexity from any point to the minimiser; the distance that costs most is left."""
    strong = axiom("strong_convexity", F, mu_sc, ANYWHERE, x_star, label="towards the minimiser")
    lowest = axiom("least_value", F, x_star, F_star, label="the least value")
    claim = AXIOMS["gradient_above_gap"].instantiate(F, mu_sc, F_star, ANYWHERE).claim
    farthest = mu_sc * (x_star - ANYWHERE) + grad(F, ANYWHERE)
    return (
        conclude(claim, (strong, 2 * mu_sc), lowest, squares=[(farthest, 1)], label="minimise"),
    )


@cache
def gap() -> tuple[Fact, ...]:
    """Smoothness from the minimiser to the start."""
    start, away = x(0), x(0) - x_star
    upper = axiom("descent", F, L, x_star, start, label="smoothness from the minimiser")
    still = pair(axiom("stationary", F, x_star, F_star), away, label="the gradient is 0 there")
    lowest = axiom("least_value", F, x_star, F_star, label="the least value")
    near = only(Minimiser(count=FROM_ZERO))["initial distance"]
    above = axiom("above_infimum", F, x_star, F_star, ANYWHERE, label="no value is lower")
    return (
        conclude(
            le(objective(0) - F_star, L * R**2 / 2),
            upper,
            (near, L / 2),
            still,
            lowest,
            label="the gap at the start",
        ),
        above,
    )


WAVE = PiecewiseQuadratic(
    ((Integer(0), Integer(0)), (Integer(1), Integer(1)), (Integer(2), Rational(1, 2))), 1, 1
)
HUBER = PiecewiseQuadratic(((Integer(-1), Integer(-1)), (Integer(1), Integer(1))), 0, 0)
STEEP = PiecewiseQuadratic(((-1 / (L + 1), Integer(-1)), (1 / (L + 1), Integer(1))), 0, 0)


def standing(name: str, function: PiecewiseQuadratic, **constants: object) -> RunWitness:
    """A function, and a run of no updates that starts at 1."""
    return RunWitness(
        name=name,
        function=function,
        start=Integer(1),
        steps=(),
        delays=(),
        constants=constants,
    )


ARROWS = (
    Implication(
        premises=(StronglyConvex(),),
        conclusion=Convex(),
        proof=convexity,
    ),
    Implication(
        premises=(StronglyConvex(),),
        conclusion=PolyakLojasiewicz(),
        given=(Minimiser(count=FROM_ZERO),),
        proof=polyak,
    ),
    NonImplication(
        premises=(PolyakLojasiewicz(),),
        conclusion=Convex(),
        given=(Smooth(),),
        witness=standing(
            "a valley whose slope dips from 1 to 1/2",
            WAVE,
            L=Integer(1),
            mu_sc=Rational(1, 10),
        ),
    ),
    NonImplication(
        premises=(Convex(),),
        conclusion=PolyakLojasiewicz(),
        given=(Smooth(),),
        witness=standing("Huber's function", HUBER, L=Integer(1)),
        note="However small mu is: the gradient stays at 1 while the gap grows.",
    ),
    Implication(
        premises=(Smooth(), Minimiser(count=FROM_ZERO)),
        conclusion=InitialGap(L * R**2 / 2, FROM_ZERO),
        proof=gap,
    ),
    NonImplication(
        premises=(Smooth(),),
        conclusion=BoundedGradient(),
        given=(StronglyConvex(),),
        witness=standing("x^2/2", quadratic(Integer(1)), L=Integer(1), mu_sc=Integer(1)),
        note="However large G is. On the whole space the two exclude each other.",
    ),
    NonImplication(
        premises=(BoundedGradient(),),
        conclusion=Smooth(),
        given=(Convex(),),
        witness=standing("Huber's function with slope L + 1", STEEP, G=Integer(1)),
        note="However large L is: for each L a function.",
    ),
)
