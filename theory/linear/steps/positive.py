"""A step that is a sign, proved by `theory.sign`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sympy import Dummy, Mul, cos, cot, factor, pi, sin, tan

from theory.latex import tex
from theory.linear.steps.base import Step, put_in, where, words
from theory.sign import provably, sign, undefined_part


@dataclass(frozen=True, kw_only=True)
class Positive(Step):
    r"""expression > 0 (or >= 0) wherever every condition is >= 0 and every strict one > 0.

    A sine of an angle between 0 and pi, and a cosine of one between -pi/2 and pi/2, are positive
    numbers; that the angle is there is proved first.
    Parameters: definitions as in `Identity`.
    Raises StepError where the sign is not proved, or something is not proved to be defined.

    >>> from sympy import sin, pi
    >>> from theory.symbols import tau_max as tau
    >>> Positive(shows="the limit", expression=2 * sin(pi/(2*(2*tau + 1)))).check()
    >>> Positive(shows="too far", expression=2 * sin(3*pi/(2*(2*tau + 1)))).check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: too far: 2*sin(3*pi/(4*tau + 2)) > 0 is not proved
    """

    expression: Any
    relation: Literal[">", ">="] = ">"
    conditions: tuple[Any, ...] = ()
    strict: tuple[Any, ...] = ()
    definitions: tuple[tuple[Any, Any], ...] = ()

    @property
    def statement(self) -> str:
        said = f"{words(self.expression)} {self.relation} 0{where(self.definitions)}"
        known = [f"{words(c)} >= 0" for c in self.conditions]
        known += [f"{words(c)} > 0" for c in self.strict]
        return said + (f", if {' and '.join(known)}" if known else "")

    @property
    def latex(self) -> str:
        sign = {">": ">", ">=": r"\geq"}.get(self.relation, "?")
        said = [f"{tex(self.expression)} {sign} 0"]
        said += [f"{tex(symbol)} = {tex(value)}" for symbol, value in self.definitions]
        said += [rf"{tex(c)} \geq 0" for c in self.conditions]
        return r",\quad ".join([*said, *(f"{tex(c)} > 0" for c in self.strict)])

    def check(self) -> None:
        if self.relation not in (">", ">="):
            raise self.fail(f"a sign is '>' or '>=', got {self.relation!r}")
        e = _put_in(self.expression, self.definitions)
        weak, strict = (
            [_put_in(c, self.definitions) for c in conditions]
            for conditions in (self.conditions, self.strict)
        )
        for symbol in sorted(set().union(*(c.free_symbols for c in (e, *weak, *strict))), key=str):
            if not symbol.is_real:
                raise self.fail(f"{symbol} is not declared real, so nothing has a sign")
        names = _positive_angles(e, weak, strict)
        e = e.xreplace(names)
        weak, strict = ([c.xreplace(names) for c in known] for known in (weak, strict))
        undefined = undefined_part(e, weak + strict)
        if undefined is not None and not _positive(">", undefined, weak, strict):
            raise self.fail(f"{words(undefined)} is not proved to be defined")
        if not _positive(self.relation, e, weak, strict):
            raise self.fail(f"{self.statement} is not proved")


def _put_in(expression: Any, definitions: Iterable[tuple[Any, Any]]) -> Any:
    """Tangents as quotients: where they are not defined is then seen."""
    e = put_in(expression, definitions)
    return e.replace(tan, lambda x: sin(x) / cos(x)).replace(cot, lambda x: cos(x) / sin(x))


def _positive_angles(e: Any, weak: list[Any], strict: list[Any]) -> dict[Any, Any]:
    """A positive number for each sine and cosine that is positive."""
    names: dict[Any, Any] = {}
    for part in sorted(e.atoms(sin, cos), key=str):
        angle = part.args[0]
        edges = (angle, pi - angle) if isinstance(part, sin) else (pi / 2 - angle, pi / 2 + angle)
        if all(_positive(">", edge, weak, strict) for edge in edges):
            names[part] = Dummy(type(part).__name__, positive=True)
    return names


def _positive(relation: Literal[">", ">="], e: Any, weak: list[Any], strict: list[Any]) -> bool:
    """Whether a sign is proved, of the whole or factor by factor, as it stands or factored."""
    return (
        _by_factors(relation, e, weak, strict)
        or _in_some_way(relation, e, weak, strict)
        or _by_factors(relation, factor(e), weak, strict)
    )


def _by_factors(relation: Literal[">", ">="], e: Any, weak: list[Any], strict: list[Any]) -> bool:
    negative = 0
    for part in Mul.make_args(e):
        if not _in_some_way(relation, part, weak, strict):
            if not _in_some_way(relation, -part, weak, strict):
                return False
            negative += 1
    return negative % 2 == 0


def _in_some_way(relation: Literal[">", ">="], e: Any, weak: list[Any], strict: list[Any]) -> bool:
    """By the declared signs, as no less than what is > 0, or with that put in, one or all.

    Putting in v = rest + a positive number forgets what was declared of v, hence the choice.
    """
    as_it_stands = sign(e)  # a sum of squares, which expanding would hide
    if as_it_stands == ">" or (as_it_stands in (">=", "=") and relation == ">="):
        return True
    if provably(relation, e, weak + strict):
        return True
    if any(provably(">=", e - c, weak + strict) for c in strict):
        return True
    ways = [[c] for c in strict] + ([strict] if len(strict) > 1 else [])
    return any(provably(relation, *_put_in_strictly(e, way, weak)) for way in ways)


def _put_in_strictly(e: Any, way: list[Any], weak: list[Any]) -> tuple[Any, list[Any]]:
    everything = [e, *weak, *way]
    for place in range(len(weak) + 1, len(everything)):
        solved = _solved(everything[place])
        if solved is not None:
            everything = [a.subs(*solved) for a in everything]
    return everything[0], [k for k in everything[1 : len(weak) + 1] if k.free_symbols]


def _solved(condition: Any) -> tuple[Any, Any] | None:
    """A symbol v of a condition v > rest or v < rest, and rest with a positive number added."""
    c = condition.expand()
    for v in sorted(c.free_symbols, key=str):
        slope = c.coeff(v, 1)
        rest = (c - slope * v).expand()
        if slope in (1, -1) and v not in rest.free_symbols and not v.is_integer:
            return v, slope * (Dummy("more", positive=True) - rest)
    return None
