"""A weight as a product whose factors the kernel can each see to be >= 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Mul, factor, factor_list, fraction, together

from theory.kernel import Fact, reciprocal
from theory.sign import provably


def tidy(weight: Any) -> Any:
    """In factors, a minus sign taken into a sum: eta (1 - L eta), not -eta (L eta - 1)."""
    e = factor(weight)
    number, rest = e.as_coeff_Mul()
    if number.is_negative:
        for part in Mul.make_args(rest):
            if part.is_Add:
                return -number * (rest / part) * -part
    return e


def factors(weight: Any, conditions: Sequence[Any], known: Sequence[Fact]) -> list[Any]:
    """Factors of the weight, each an expression proved >= 0 or a fact that says so.

    The weight alone if that does not work out; the kernel then says what it cannot see.
    """
    if provably(">=", weight, conditions):
        return [weight]
    numerator, denominator = fraction(together(weight))
    (above, upper), (below, lower) = factor_list(numerator), factor_list(denominator)
    number, product, facts = above / below, [], []
    for part, power in [*upper, *((b, -p) for b, p in lower)]:
        if power % 2 == 0:
            product.append(part**power)
            continue
        sign = next((s for s in (1, -1) if provably(">=", s * part, conditions)), None)
        if sign is not None:
            number, product = number * sign, [*product, (sign * part) ** power]
            continue
        usable = known if power == 1 else [f for f in known if f.claim.relation == "<"]
        found = _by_fact(part, conditions, usable) if power in (1, -1) else None
        if found is None:
            return [weight]
        sign, rest, fact = found
        number, product = number * sign, [*product, rest**power]
        facts.append(fact if power == 1 else reciprocal(fact, label="dividing by it"))
    if number.is_negative:
        return [weight]
    plain = [a for a in product if a.is_Symbol or a.is_Pow]
    sums = [a for a in product if a not in plain and a != 1]
    for a in plain:
        number = number * a
    return [number, *sums, *facts]


def _by_fact(
    part: Any, conditions: Sequence[Any], known: Sequence[Fact]
) -> tuple[int, Any, Fact] | None:
    """A sign, a factor proved >= 0, and a fact whose product is the part."""
    for fact in known:
        for sign in (1, -1):
            rest = factor(sign * part / fact.expression)
            if provably(">=", rest, conditions):
                return sign, rest, fact
    return None
