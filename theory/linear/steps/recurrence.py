r"""Steps that a closed form satisfies a recursion: term by term for every delay, or one by one.

A sum of binomials is meant over all j >= 0 for which the upper number is at least the lower one,

.. math:: S(n) = \sum_{j \ge 0,\ N(n,j) \ge j} w(n, j) \binom{N(n, j)}{j}
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Mul, Symbol, expand, sympify

from theory.kernel.facts import StepError
from theory.linear.steps.base import Step, words
from theory.linear.steps.stable import delays_in_words
from theory.linear.units import remainder, vanishes


@dataclass(frozen=True, kw_only=True)
class Termwise(Step):
    r"""Sums of binomials satisfy a linear recursion since their terms cancel, for every delay.

    .. math:: \sum_i c_i S(n + s_i) = 0 \quad\text{from}\quad
              \sum_i c_i\, w(n + s_i, j + d_i) \binom{N(n + s_i, j + d_i)}{j + d_i} = 0

    Parameters: weight = w and upper = N, in n and j; relation, triples (c, s, d) of a coefficient,
    a shift of n and a shift of j; the terms of j + d are taken together. All binomials of a
    relation must be near the smallest of them, C(M, i): N = M + 0, 1, ... and j + d = i + 0, 1, ...
    It is checked that for M >= i >= 0 the terms cancel (Pascal's rule and its like), that no term
    is there where M < i, and that those with j = 0 cancel where there is no i.
    Raises StepError if one of these is not so.

    >>> from theory.symbols import h, j, n, tau_max as tau
    >>> impulse = Termwise(shows="response to an impulse", weight=(-h)**j, upper=n - tau*j,
    ...                    relation=((1, 1, 0), (-1, 0, 0), (h, -tau, -1)), n=n, j=j)
    >>> impulse.check()
    """

    weight: Any
    upper: Any
    relation: tuple[tuple[Any, Any, Any], ...]
    n: Symbol
    j: Symbol

    @property
    def statement(self) -> str:
        sides = [f"({words(c)}) S({words(self.n + s)})" for c, s, _ in self.relation]
        return (
            f"{' + '.join(sides)} = 0, where S(n) = sum_j {words(self.weight)} "
            f"binomial({words(self.upper)}, {self.j})"
        )

    def check(self) -> None:
        shifted = [self._shifted(s, d) for _, s, d in self.relation]
        above, below = self._smallest(shifted)
        total = sum(
            sympify(c) * weight * self._ratio(upper - above, lower - below, above, below)
            for (c, _, _), (weight, upper, lower) in zip(self.relation, shifted, strict=True)
        )
        try:
            left_over = remainder(total)
            first = sum(
                sympify(c) * weight.subs(self.j, 0)
                for (c, _, d), (weight, _, _) in zip(self.relation, shifted, strict=True)
                if d == 0
            )
            at_first = remainder(first)
        except StepError as error:
            raise self.fail(error.reason) from error
        if left_over != 0:
            raise self.fail(f"the terms do not cancel: {words(left_over)} is left and should be 0")
        if at_first != 0:
            raise self.fail(f"the terms with {self.j} = 0 do not cancel: {words(at_first)} is left")

    def _shifted(self, s: Any, d: Any) -> tuple[Any, Any, Any]:
        if d not in (0, -1):
            raise self.fail(f"a shift of {self.j} is 0 or -1, got {d}")
        place, lower = self.n + s, self.j + d
        both = {self.n: place, self.j: lower}
        weight, upper = (
            sympify(e).subs(both, simultaneous=True) for e in (self.weight, self.upper)
        )
        return weight, expand(upper), expand(lower)

    def _smallest(self, shifted: list[tuple[Any, Any, Any]]) -> tuple[Any, Any]:
        """M and i; that N - M, j - i and (N - j) - (M - i) are whole numbers is checked.

        Where a term is there, N >= j + d >= 0; M >= i >= 0 must follow, so that at least one
        binomial has N - (j + d) = M - i or none has less.
        """
        _, above, below = shifted[0]
        for _, upper, lower in shifted:
            if not (upper - above).is_Integer or not (lower - below).is_Integer:
                raise self.fail(f"binomials of {words(above)} and {words(upper)} are not near")
            above = upper if upper - above < 0 else above
            below = lower if lower - below < 0 else below
        for _, upper, lower in shifted:
            if (upper - lower) - (above - below) > 0:
                raise self.fail(
                    f"a term with {words(upper)} over {words(lower)} is there where "
                    f"{words(above)} < {words(below)}, and no other"
                )
        return above, below

    def _ratio(self, more: Any, higher: Any, above: Any, below: Any) -> Any:
        """C(M + c, i + d)/C(M, i) for M >= i >= 0, which is 0 if d - c > M - i."""
        spare = above - below
        found = Mul(*(above + k for k in range(1, int(more) + 1)))
        found /= Mul(*(below + k for k in range(1, int(higher) + 1)))
        change = int(more - higher)
        if change >= 0:
            return found / Mul(*(spare + k for k in range(1, change + 1)))
        return found * Mul(*(spare - k for k in range(-change)))


@dataclass(frozen=True, kw_only=True)
class Recursion(Step):
    r"""A closed form gives what a recursion gives, number by number, for each delay.

    Parameters: closed, the closed form as a function of delay and index; first, the values the
    recursion starts from, as a function of the delay; following, the next value from the delay and
    all values so far; delays; upto, the last index compared.
    Raises StepError at the first delay and index where they differ.

    >>> from theory.symbols import h
    >>> powers = Recursion(shows="powers", closed=lambda tau, n: (1 - h)**n, first=lambda tau: [1],
    ...                    following=lambda tau, x: (1 - h) * x[-1], delays=(0,), upto=6)
    >>> powers.check()
    """

    closed: Callable[[int, int], Any]
    first: Callable[[int], list[Any]]
    following: Callable[[int, list[Any]], Any]
    delays: tuple[int, ...]
    upto: int

    @property
    def reach(self) -> str:
        return f"{delays_in_words(self.delays)} and indices up to {self.upto}"

    @property
    def statement(self) -> str:
        tau = self.delays[-1]
        return (
            f"equal at every index; for delay {tau} the last is {words(self.closed(tau, 2))}, ..."
        )

    def check(self) -> None:
        if not self.delays or self.upto < 1:
            raise self.fail("there is nothing to compare")
        for tau in self.delays:
            values = [sympify(a) for a in self.first(tau)]
            while len(values) <= self.upto:
                values.append(expand(self.following(tau, values)))
            for n in range(self.upto + 1):
                closed = sympify(self.closed(tau, n))
                if expand(closed - values[n]) != 0 and not vanishes(closed - values[n]):
                    raise self.fail(
                        f"at delay {tau} and index {n} the closed form is {words(closed)}, the "
                        f"recursion gives {words(values[n])}"
                    )


__all__ = ["Recursion", "Termwise"]
