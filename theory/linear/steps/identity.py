"""A step that is an identity, trigonometric ones with a symbolic delay included."""

from dataclasses import dataclass
from typing import Any

from sympy import I, Integer, Rational, cos, exp, expand, pi, sin, sympify, tan

from theory.enclosure import sign_of_constant
from theory.kernel.facts import StepError
from theory.latex import tex
from theory.linear.steps.base import Step, put_in, where, words
from theory.linear.units import remainder

ANGLES = (pi / 3, pi / 6, pi / 4)  # where a false identity is tried


@dataclass(frozen=True, kw_only=True)
class Identity(Step):
    r"""left = right wherever both are defined, for all values of the symbols.

    Parameters: definitions, pairs (symbol, expression), put in one after the other; given,
    expressions that are 0. Decided by the normal form of `theory.linear.units`.
    Raises StepError where the difference has not the normal form 0.

    >>> from sympy import cos, sin
    >>> from theory.symbols import theta
    >>> double = Identity(shows="a double angle", left=sin(2*theta), right=2*sin(theta)*cos(theta))
    >>> double.check()
    >>> Identity(shows="a wrong one", left=sin(2*theta), right=sin(theta)*cos(theta)).check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: a wrong one: sin(2*theta) = sin(theta)*cos(theta) does not
    follow: left minus right has the numerator exp(4*I*theta) - 1, not 0; at theta = pi/3 it is
    sqrt(3)/4
    """

    left: Any
    right: Any
    definitions: tuple[tuple[Any, Any], ...] = ()
    given: tuple[Any, ...] = ()

    @property
    def statement(self) -> str:
        said = f"{words(self.left)} = {words(self.right)}{where(self.definitions)}"
        return said + (
            f", if {' and '.join(f'{words(g)} = 0' for g in self.given)}" * bool(self.given)
        )

    @property
    def latex(self) -> str:
        said = [f"{tex(self.left)} = {tex(self.right)}"]
        said += [f"{tex(symbol)} = {tex(value)}" for symbol, value in self.definitions]
        return r",\quad ".join([*said, *(f"{tex(g)} = 0" for g in self.given)])

    def check(self) -> None:
        difference = put_in(sympify(self.left) - sympify(self.right), self.definitions)
        given = tuple(put_in(g, self.definitions) for g in self.given)
        try:
            left_over = remainder(difference, given)
        except StepError as error:
            raise self.fail(error.reason) from error
        if left_over != 0:
            found = None if given else broken_at(difference)
            raise self.fail(
                f"{self.statement} does not follow: left minus right has the numerator "
                f"{words(left_over)}, not 0" + (f"; {found}" if found else "")
            )


def broken_at(difference: Any) -> str:
    """Values at which an expression is proved not to be 0, in words; empty if none was met."""
    symbols = sorted(difference.free_symbols, key=str)
    angles = set().union(*(f.args[0].free_symbols for f in difference.atoms(sin, cos, tan, exp)))
    for attempt, angle in enumerate(ANGLES):
        point = {
            s: Integer(attempt + 2 + place % 2)
            if s.is_integer
            else angle
            if s in angles
            else Rational(attempt + 2, place + 3)
            for place, s in enumerate(symbols)
        }
        value = difference.subs(point)
        parts = (value,) if not value.has(I) else expand(value, complex=True).as_real_imag()
        if any(part.is_finite and sign_of_constant(part) not in (None, 0) for part in parts):
            at = ", ".join(f"{s} = {words(v)}" for s, v in point.items())
            return f"at {at or 'all values'} it is {words(parts[0] + I * sum(parts[1:]))}"
    return ""
