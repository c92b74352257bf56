"""The steps that arguments about momentum share: crossings of the unit circle, and tests of them.

The characteristic equation is z^(tau-1) (z - 1)(z - beta) + a = 0, without delay after
multiplication by z. A root e^{i theta} on the unit circle needs one momentum and one step.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sympy import I, Integer, Rational, Symbol, cos, diff, exp, expand, pi, sin

from theory.linear.constant_delay import a, z
from theory.linear.steps import Identity, Positive, StableBetween, Step
from theory.symbols import m, theta
from theory.symbols import tau_max as tau

beta = Symbol("beta", real=True)
u, far = Symbol("u", real=True), Symbol("u_1", real=True)  # cosines of angles

EQUATION = z ** (tau - 1) * (z - 1) * (z - beta) + a

# cosines of angles on the first branch, for momenta above and below 0: all else is rational there
FIRST_BRANCH = {
    1: (Rational(6, 7), Rational(3, 10)),
    2: (Rational(19, 20), Rational(7, 9)),
    3: (Rational(39, 40), Rational(8, 9)),
    4: (Rational(65, 66), Rational(14, 15)),
    5: (Rational(97, 98), Rational(22, 23)),
    6: (Rational(136, 137), Rational(29, 30)),
}
LAST_BRANCH = {
    3: (Rational(-49, 53), Rational(-45, 46)),
    5: (Rational(-35, 36), Rational(-60, 61)),
    7: (Rational(-59, 60), Rational(-99, 100)),
}


def on_circle(momentum: Any, step: Any) -> tuple[Step, ...]:
    """A root e^{i theta} needs this momentum and this step."""
    at, conjugate = EQUATION.subs(z, exp(I * theta)), EQUATION.subs(z, exp(-I * theta))
    return (
        Identity(
            shows="the imaginary part of the equation on the unit circle",
            left=(at - conjugate) / (2 * I),
            right=2 * sin(theta / 2) * cos((2 * tau - 1) * theta / 2) * (momentum - beta),
        ),
        Identity(
            shows="the real part, with this momentum",
            left=(at + conjugate) / 2,
            right=a - step,
            definitions=((beta, momentum),),
        ),
    )


def square(cosine: Any) -> Any:
    """a^2 = |z - 1|^2 |z - beta|^2 where a root is on the unit circle, by the cosine."""
    return 2 * (1 - cosine) * (1 + beta**2 - 2 * beta * cosine)


def outward() -> tuple[Step, ...]:
    """For |beta| < 1 roots leave the disc as the step grows, and none comes back."""
    speed = -diff(EQUATION, a) / (z * diff(EQUATION, z))  # of log z with the step
    share = (tau - 1) + z / (z - 1) + z / (z - beta)
    length = 1 - 2 * beta * cos(theta) + beta**2
    real = 2 * tau + (1 - beta**2) / length
    return (
        Identity(
            shows="at step 0 the roots are 0, 1 and beta",
            left=EQUATION.subs(a, 0),
            right=z ** (tau - 1) * (z - 1) * (z - beta),
        ),
        Identity(
            shows="the root 1 then moves inside", left=speed.subs(z, 1), right=-1 / (1 - beta)
        ),
        Identity(
            shows="how log z moves with the step",
            left=speed,
            right=1 / (a * share),
            given=(EQUATION,),
        ),
        Identity(
            shows="twice the real part of 1/(a d log z/da) on the unit circle",
            left=share.subs(z, exp(I * theta)) + share.subs(z, exp(-I * theta)),
            right=real,
        ),
        Identity(
            shows="|z - beta|^2 there",
            left=length,
            right=(beta - cos(theta)) ** 2 + sin(theta) ** 2,
        ),
        Positive(
            shows="its second term is positive",
            expression=(1 - beta) * (1 + beta) / ((beta - cos(theta)) ** 2 + sin(theta) ** 2),
            strict=(1 - beta, 1 + beta, pi - theta),
        ),
    )


def first_angle(momentum: Any, step: Any) -> tuple[Step, ...]:
    """The first angle is on the first branch, and no other needs a smaller step but -1."""
    half = (2 * tau - 1) * theta / 2
    return (
        Identity(
            shows="how the momentum moves along the curve: |sin 2 tau theta| < 2 tau sin theta",
            left=diff(momentum, theta),
            right=-(2 * tau * sin(theta) + sin(2 * tau * theta)) / (2 * cos(half) ** 2),
        ),
        Identity(shows="it begins at 1", left=momentum.subs(theta, 0), right=1),
        Identity(
            shows="and the branch ends where its denominator is 0",
            left=cos(half),
            right=0,
            definitions=((theta, pi / (2 * tau - 1)),),
        ),
        Identity(
            shows="the square of the step, by the cosine of the angle",
            left=step**2,
            right=square(cos(theta)),
            definitions=((beta, momentum),),
        ),
        Identity(
            shows="how it moves with the cosine, for beta >= 0",
            left=-diff(square(u), u),
            right=2 * (1 - beta) ** 2 + 8 * beta * (1 - u),
        ),
        Identity(
            shows="it is concave for beta <= 0: least at the ends",
            left=diff(square(u), u, 2),
            right=8 * beta,
        ),
        Identity(
            shows="the first angle u against the last u_1",
            left=square(far) - square(u),
            right=2 * (u - far) * ((1 + beta) ** 2 - 2 * beta * (u + far)),
        ),
    )


def last_angle(momentum: Any) -> tuple[Step, ...]:
    """At beta = -1 the first and, for odd delays, the last angle have opposite cosines."""
    first, last = pi / (2 * tau), pi - pi / (2 * tau)
    odd = ((tau, 2 * m - 1),)
    return (
        Identity(
            shows="the first angle at beta = -1",
            left=momentum,
            right=-1,
            definitions=((theta, first),),
        ),
        Identity(
            shows="odd delays: the last angle at beta = -1",
            left=momentum,
            right=-1,
            definitions=((theta, last), *odd),
        ),
        Identity(
            shows="odd delays: its step is positive, as the denominator is",
            left=cos((2 * tau - 1) * theta / 2),
            right=cos(pi / (4 * tau)),
            definitions=((theta, last), *odd),
        ),
        Positive(shows="odd delays: it is", expression=cos(pi / (4 * tau)), conditions=(tau - 1,)),
        Identity(shows="their cosines are opposite", left=cos(first), right=-cos(last)),
        Identity(
            shows="even delays: the last is -1, at this step",
            left=EQUATION.subs(z, -1),
            right=a - 2 * (1 + beta),
            definitions=((tau, 2 * m),),
        ),
    )


def half_turns(order: int, cosine: Any) -> Any:
    """cos((order + 1/2) theta)/cos(theta/2), a polynomial in cos(theta)."""
    before, now = Integer(1), 2 * cosine - 1
    for _ in range(order):
        before, now = now, expand(2 * cosine * now - before)
    return before


def rational_points(
    momentum: Any, step: Any, cosines: dict[int, tuple[Any, ...]]
) -> Iterator[Step]:
    """Momentum and step as fractions of cos(theta), one delay after the other."""
    for delay in cosines:
        above, below = (half_turns(delay - d, cos(theta)) for d in (0, 1))
        for shows, curve, fraction in (
            ("the momentum", momentum, above / below),
            ("the step", step, 2 * (1 - cos(theta)) / below),
        ):
            yield Identity(
                shows=f"{shows} at delay {delay}, by the cosine of the angle",
                left=curve.subs(tau, delay),
                right=fraction,
            )


def decided(
    shows: str,
    cosines: dict[int, Any],
    low: Callable[[Any], Any],
    high: Callable[[Any, Any], Any],
) -> Step:
    """Schur and Cohn's test with the momentum that has this angle; ends by momentum and step."""

    def momentum(delay: int) -> Any:
        return half_turns(delay, cosines[delay]) / half_turns(delay - 1, cosines[delay])

    def step(delay: int) -> Any:
        return 2 * (1 - cosines[delay]) / half_turns(delay - 1, cosines[delay])

    return StableBetween(
        shows=shows,
        polynomial=lambda delay: expand(EQUATION.subs({tau: delay, beta: momentum(delay)})),
        low=lambda delay: low(momentum(delay)),
        high=lambda delay: high(momentum(delay), step(delay)),
        delays=tuple(cosines),
        z=z,
        a=a,
    )
