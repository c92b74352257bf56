"""A step that is an exact stability test: Schur and Cohn at rational points, Sturm between them.

The roots of p(z; a) can enter or leave the unit disc only where a root is on its edge, and then p
and its reversal z^n p(1/z) have a root in common: their resultant in z, a polynomial R(a), is 0. So
between two zeros of R, one rational point decides. Zeros of R are isolated by Sturm's theorem.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sympy import Poly, Rational, Symbol, expand, resultant, sympify
from sympy.polys.polyerrors import BasePolynomialError

from theory.enclosure import enclose
from theory.linear.steps.base import Step, words
from theory.linear.units import vanishes

BITS = 64


@dataclass(frozen=True, kw_only=True)
class StableBetween(Step):
    r"""All roots of p(z; a) are in the open unit disc exactly for low < a < high, for each delay.

    Parameters: polynomial, in z and a, low and high, constants: functions of the delay; delays, for
    which it is decided; z and a, the symbols.
    Raises StepError at the first delay for which it is not so.

    >>> from theory.symbols import z, h
    >>> StableBetween(shows="no delay", polynomial=lambda tau: z - 1 + h, low=lambda tau: 0,
    ...               high=lambda tau: 2, delays=(0,), z=z, a=h).check()
    >>> StableBetween(shows="no delay", polynomial=lambda tau: z - 1 + h, low=lambda tau: 0,
    ...               high=lambda tau: 3, delays=(0,), z=z, a=h).check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: no delay: at delay 0 the end 3 is not where a root reaches the
    unit circle
    """

    polynomial: Callable[[int], Any]
    low: Callable[[int], Any]
    high: Callable[[int], Any]
    delays: tuple[int, ...]
    z: Symbol
    a: Symbol

    @property
    def reach(self) -> str:
        return delays_in_words(self.delays)

    @property
    def statement(self) -> str:
        some = self.delays[-1]
        return (
            f"stable exactly for low < {self.a} < high; for delay {some} the equation is "
            f"{words(self.polynomial(some))} = 0, low {words(self.low(some))}, "
            f"high {words(self.high(some))}"
        )

    def check(self) -> None:
        if not self.delays:
            raise self.fail("there is no delay to look at")
        for tau in self.delays:
            self._check_one(tau)

    def _check_one(self, tau: int) -> None:
        p = self._polynomial(tau)
        ends = [sympify(self.low(tau)), sympify(self.high(tau))]
        edge = meetings(p, self.a)
        if edge.is_zero:
            raise self.fail(f"at delay {tau} a root is on the unit circle for every {self.a}")
        for end in ends:
            if not vanishes(edge.as_expr().subs(self.a, end)):
                raise self.fail(
                    f"at delay {tau} the end {words(end)} is not where a root reaches the "
                    f"unit circle"
                )
        enclosed, gaps = self._enclosed(tau, ends), points_between(edge)
        if sum(self._between(tau, point, enclosed) for point in gaps) != 1:
            raise self.fail(
                f"at delay {tau} a root reaches the unit circle between the ends {words(ends[0])} "
                f"and {words(ends[1])}, or they are in the wrong order"
            )
        for point in gaps:
            claimed = self._between(tau, point, enclosed)
            if stable(at(p, self.a, point)) != claimed:
                raise self.fail(
                    f"at delay {tau} and {self.a} = {point} the roots are "
                    f"{'not ' if claimed else ''}all in the unit disc"
                )

    def _polynomial(self, tau: int) -> Any:
        given = sympify(self.polynomial(tau))
        try:
            Poly(given, self.z, self.a, domain="QQ")
        except BasePolynomialError as error:
            raise self.fail(
                f"at delay {tau} the equation needs a polynomial in {self.z} and {self.a} with "
                f"rational coefficients, got {words(given)}"
            ) from error
        return Poly(given, self.z)

    def _enclosed(self, tau: int, ends: Sequence[Any]) -> tuple[Any, Any]:
        low, high = (enclose(end, BITS) for end in ends)
        if low is None or high is None:
            raise self.fail(f"at delay {tau} the ends are not numbers that can be enclosed")
        return low, high

    def _between(self, tau: int, point: Fraction, ends: tuple[Any, Any]) -> bool:
        """Whether a point is between the ends, which it is not one of."""
        low, high = ends
        for end in ends:
            if end.low <= point <= end.high:
                raise self.fail(f"at delay {tau} the point {point} is too close to an end to tell")
        return bool(low.high < point < high.low)


def delays_in_words(delays: Sequence[int]) -> str:
    """The delays for which something was checked."""
    if len(delays) > 2 and list(delays) == list(range(delays[0], delays[-1] + 1)):
        return f"tau = {delays[0]}, ..., {delays[-1]}"
    return f"tau = {', '.join(map(str, delays))}"


def stable(coefficients: Sequence[Fraction]) -> bool:
    """Whether all roots are in the open unit disc (Schur and Cohn); leading coefficient first.

    >>> stable([Fraction(1), Fraction(0), Fraction(1, 4)]), stable([Fraction(1), Fraction(-1)])
    (True, False)
    """
    c = list(coefficients)
    while len(c) > 1:
        first, last = c[0], c[-1]
        if abs(last) >= abs(first):
            return False
        c = [first * a - last * b for a, b in zip(c, reversed(c), strict=True)][:-1]
        scale = max(abs(a) for a in c)
        c = [a / scale for a in c]
    return True


def meetings(p: Any, a: Symbol) -> Any:
    """R(a): its zeros contain all a for which p has a root on the unit circle, or degree drops."""
    reversed_ = Poly.from_list(list(reversed(p.all_coeffs())), *p.gens)
    found = Poly(expand(resultant(p, reversed_, p.gens[0]).as_expr() * p.LC()), a)
    return found if found.is_zero else found.sqf_part()


def points_between(edge: Any) -> list[Fraction]:
    """A rational point in each interval between real zeros of a polynomial, the outer ones too."""
    if edge.degree() < 1:
        return [Fraction(0)]
    isolated = [
        tuple(Fraction(int(e.p), int(e.q)) for e in interval)
        for interval, _ in edge.intervals(eps=Rational(1, 10**6))
    ]
    points = [isolated[0][0] - 1] if isolated else [Fraction(0)]
    points += [(l[1] + r[0]) / 2 for l, r in pairwise(isolated)]
    return points + ([isolated[-1][1] + 1] if isolated else [])


def at(p: Any, a: Symbol, point: Fraction) -> list[Fraction]:
    """The coefficients of p at a rational a."""
    value = Rational(point.numerator, point.denominator)
    found = [Rational(c.subs(a, value)) for c in p.all_coeffs()]
    return [Fraction(int(c.p), int(c.q)) for c in found]
