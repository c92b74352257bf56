r"""Formulas at exact values: constants by name, sequences by their values.

Nothing is rounded: a float is read as the decimal it prints as.
"""

from collections.abc import Sequence
from typing import Any

from sympy import Add, Function, Min, Mul, Rational, Sum, sympify

from theory.algebra import FiniteProduct, normal
from theory.claims import is_sequence
from theory.enclosure import sign_of_constant
from theory.symbols import k, t

RUNNING = (k, t)  # the index of the update, in a step rule


def exact(who: str, symbol: Any, given: Any) -> Any:
    """A given number as an exact one that its symbol allows.

    >>> from theory.symbols import mu, s
    >>> exact("check", mu, 0.8)
    4/5
    >>> exact("check", s, 2.5)
    Traceback (most recent call last):
    ValueError: check needs an integer for s, got 2.5
    """
    try:
        number = Rational(str(given)) if isinstance(given, float) else sympify(given)
    except (TypeError, ValueError, SyntaxError) as error:
        raise ValueError(f"{who} needs a number for {symbol.name}, got {given!r}") from error
    sign = sign_of_constant(number) if getattr(number, "is_number", False) else None
    if sign is None:
        raise ValueError(f"{who} needs a real number for {symbol.name}, got {given!r}")
    if symbol.is_integer and not number.is_integer:
        raise ValueError(f"{who} needs an integer for {symbol.name}, got {given}")
    limit_allowed = sign == 0 and symbol.name in ("sigma", "Delta")
    if symbol.is_positive and sign != 1 and not limit_allowed:
        raise ValueError(f"{who} needs {symbol.name} > 0, got {given}")
    if symbol.is_nonnegative and sign == -1:
        raise ValueError(f"{who} needs {symbol.name} >= 0, got {given}")
    return number


def evaluate(expression: Any, values: dict[Any, Any]) -> Any:
    """An expression at exact values; a vanishing sigma or Delta is a limit from above."""
    vanishing = {a: b for a, b in values.items() if b == 0 and a.is_positive}
    others = {a: b for a, b in values.items() if a not in vanishing}
    e = normal(normal(expression).xreplace(others))
    for symbol in vanishing:
        e = e.replace(Min, lambda *parts, at=symbol: Min(*(_from_above(p, at) for p in parts)))
        e = _from_above(e, symbol)
    return e


def _from_above(e: Any, symbol: Any) -> Any:
    """The limit as the symbol falls to 0."""
    plain = e.xreplace({symbol: sympify(0)})
    return plain if plain.is_finite else e.limit(symbol, 0, "+")


def with_sequences(expression: Any, sequences: dict[str, Sequence[Any]], first: int) -> Any:
    """The expression with sums written out and the sequences at whole indices replaced.

    `sequences[name][0]` is the value at the index `first`.

    >>> from theory.symbols import eta, j
    >>> with_sequences(Sum(eta(j)**2, (j, 0, 2)), {"eta": [1, 2, 3]}, 0)
    14
    >>> from theory.symbols import r, t
    >>> with_sequences(Sum(Sum(j, (j, r(t), t)), (t, 0, 2)), {"r": [0, 0, 1]}, 0)
    4
    """
    e = _all_written_out(sympify(expression))
    while places := [a for a in e.atoms(Function) if is_sequence(a) and a.args[0].is_Integer]:
        e = e.xreplace({a: _entry(a, sequences, first) for a in places})
        e = _all_written_out(e)
    return normal(e)


def _all_written_out(e: Any) -> Any:
    return e.replace(lambda a: isinstance(a, Sum | FiniteProduct), _written_out)


def _written_out(total: Any) -> Any:
    """The terms of the outermost of the sums, which knows its ends first; or the factors."""
    if isinstance(total, FiniteProduct):
        inner, (index, low, high) = (), total.limits
        together, body = Mul, total.expression
    else:
        *inner, (index, low, high) = total.limits
        together, body = Add, total.function
    if not (low.is_Integer and high.is_Integer):
        return total
    term = Sum(body, *inner) if inner else body
    return together(*(term.xreplace({index: sympify(p)}) for p in range(int(low), int(high) + 1)))


def _entry(applied: Any, sequences: dict[str, Sequence[Any]], first: int) -> Any:
    name, place = applied.func.__name__, int(applied.args[0]) - first
    if name not in sequences:
        raise ValueError(f"the values of {name} are needed; pass {name}=[...]")
    if not 0 <= place < len(sequences[name]):
        raise ValueError(
            f"{name} is needed at index {place + first}, got {len(sequences[name])} values from "
            f"index {first}"
        )
    given = sequences[name][place]
    return Rational(str(given)) if isinstance(given, float) else sympify(given)
