r"""What a theorem bounds: which measure of progress, where it is taken, and how it is summarised.

>>> from theory.assumptions import FROM_ONE
>>> from theory.latex import shown
>>> from theory.symbols import T, eta, m, mu, n, t
>>> print(average(SQUARED_GRADIENT, T))
(1/T) sum over t = 0..T-1 of E|grad F(x_t)|^2
>>> print(least(SQUARED_GRADIENT, T, FROM_ONE))
min over k = 1..T of E|grad F(x_k)|^2
>>> print(last(GAP, T))
E F(x_T) - inf F
>>> print(average(GAP, T, at="read point", weights=shown(eta(t))))
the average over t = 0..T-1, with weights eta[t], of E F(x_(t - tau_t)) - inf F
>>> print(total(REGRET, T))
sum over t = 0..T-1 of f_t(x_(t - tau_t)) - f_t(x*)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sympy import Sum, sympify

from theory.algebra import Minimum
from theory.assumptions import (
    FROM_ZERO,
    PSI,
    Counting,
    F,
    gradient,
    objective,
    squared_gradient,
    x,
    x_star,
)
from theory.assumptions.online import excess
from theory.hilbert import Inner, squared_norm, value
from theory.latex import Shown
from theory.symbols import F_star

Summary = Literal["least", "average", "weighted average", "last", "total", "largest", "constant"]
Place = Literal["iterate", "read point", "next iterate"]


@dataclass(frozen=True)
class Measure:
    """A measure of progress at one iterate: as an expression of its index, and in words."""

    name: str
    at: Callable[[Any], Any]
    words: str  # with {x} for the iterate


SQUARED_GRADIENT = Measure("squared gradient", squared_gradient, "E|grad F({x})|^2")
GAP = Measure("gap", lambda index: objective(index) - F_star, "E F({x}) - inf F")
SQUARED_DISTANCE = Measure(
    "squared distance", lambda index: squared_norm(x(index) - x_star), "E|{x} - x*|^2"
)
EXCESS = Measure(
    "excess over x*", lambda index: objective(index) - value(F, x_star), "E F({x}) - F(x*)"
)
COMPOSITE_EXCESS = Measure(
    "composite excess over x*",
    lambda index: EXCESS.at(index) + value(PSI, x(index)) - value(PSI, x_star),
    "E (F + Psi)({x}) - (F + Psi)(x*)",
)
SHORTFALL = Measure("shortfall of coherence", squared_gradient, "what coherence falls short by")
REGRET = Measure("regret", excess, "f_t(x_(t - tau_t)) - f_t(x*)")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Iterates so many updates apart, and the coherence asked of their gradients."""

    level: Shown
    lag: Any


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What a theorem bounds.

    `expression` is what the kernel proves a bound of; `iterates` how many iterates of the run, the
    start included, it looks at; `weights` are those of a weighted average, as a formula of the
    index of the update; `pairs` says what a shortfall of coherence compares.
    """

    summary: Summary
    measure: Measure
    place: Place = "iterate"
    count: Counting = FROM_ZERO
    expression: Any
    iterates: Any
    words: str
    weights: Shown | None = None
    pairs: Pairs | None = None

    def __str__(self) -> str:
        return self.words


def least(measure: Measure, iterates: Any, count: Counting = FROM_ZERO) -> Quantity:
    """The least value over the first so many iterates."""
    k, first, final = count.range(iterates)
    return Quantity(
        summary="least",
        measure=measure,
        count=count,
        expression=Minimum(measure.at(k), (k, sympify(first), final)),
        iterates=iterates,
        words=f"min over {k} = {first}..{_tight(final)} of {measure.words.format(x=f'x_{k}')}",
    )


def average(
    measure: Measure,
    updates: Any,
    count: Counting = FROM_ZERO,
    *,
    at: Place = "iterate",
    weights: Shown | None = None,
) -> Quantity:
    """The (weighted) average over so many updates, taken where each update finds or leaves off.

    `at` says where: at x_k, at the point that update k reads, or at the iterate it makes.
    """
    k, first, final = count.range(updates)
    index, where = {
        "iterate": (k, f"x_{k}"),
        "read point": (count.read(k), f"x_({count.read_words})"),
        "next iterate": (k + 1, f"x_({k}+1)"),
    }[at]
    weight = sympify(1) if weights is None else weights.expression
    steps = (k, first, final)
    total = updates if weights is None else Sum(weight, steps)
    what = measure.words.format(x=where)
    over = f"over {k} = {first}..{_tight(final)}"
    return Quantity(
        summary="average" if weights is None else "weighted average",
        measure=measure,
        place=at,
        count=count,
        expression=Sum(weight * measure.at(index), steps) / total,
        iterates=updates + 1 if at == "next iterate" else updates,
        words=f"(1/{updates}) sum {over} of {what}"
        if weights is None
        else f"the average {over}, with weights {weights}, of {what}",
        weights=weights,
    )


def last(measure: Measure, updates: Any, count: Counting = FROM_ZERO) -> Quantity:
    """The value at the iterate that so many updates lead to."""
    end = count.last(updates)
    return Quantity(
        summary="last",
        measure=measure,
        count=count,
        expression=measure.at(end),
        iterates=updates + 1,
        words=measure.words.format(x=f"x_{_tight(end)}"),
    )


def total(measure: Measure, updates: Any, count: Counting = FROM_ZERO) -> Quantity:
    """The sum over so many updates, such as the regret of so many rounds."""
    k, first, final = count.range(updates)
    return Quantity(
        summary="total",
        measure=measure,
        count=count,
        expression=Sum(measure.at(k), (k, first, final)),
        iterates=updates,
        words=f"sum over {k} = {first}..{_tight(final)} of {measure.words.format(x=f'x_{k}')}",
    )


def shortfall(level: Shown, lag: Any, updates: Any, count: Counting = FROM_ZERO) -> Quantity:
    """By how much coherence at a lag falls short of a level, at worst; at most 0 if it does not."""
    k, first, final = count.range(updates - lag + 1)
    later = k + lag
    coherent = Inner(gradient(later), gradient(k)) - level.expression * squared_gradient(later)
    there, end, factor = f"x_({k}+{lag})", _tight(count.last(updates)), level.bracketed(("sum",))
    return Quantity(
        summary="largest",
        measure=SHORTFALL,
        count=count,
        expression=-Minimum(coherent, (k, sympify(first), final)),
        iterates=updates + 1,
        words=f"max over {k} = {first}..{end}-{lag} of {factor} E|grad F({there})|^2 - "
        f"E<grad F({there}), grad F(x_{k})>",
        pairs=Pairs(level=level, lag=lag),
    )


def constant(expression: Shown, updates: Any) -> Quantity:
    """A constant of the method, such as the step: what a theorem says it can at most be."""
    measure = Measure("constant", lambda _: expression.expression, str(expression))
    return Quantity(
        summary="constant",
        measure=measure,
        expression=expression.expression,
        iterates=updates + 1,
        words=str(expression),
    )


def _tight(expression: Any) -> str:
    """An index without spaces: T-1."""
    return str(expression).replace(" ", "")
