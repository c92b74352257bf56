r"""Rational intervals around real constants: numbers such as log 3 - 11/12 get a proved sign.

Roots come from integer roots, logarithms from the series of the area hyperbolic tangent with its
geometric remainder, exponentials from their own series, sines and cosines likewise, pi from
Machin's formula; every operation rounds outward. No floating point anywhere.

>>> from sympy import Rational, log, sqrt
>>> sign_of_constant(log(3) - Rational(11, 12)), sign_of_constant(sqrt(2) - Rational(3, 2))
(1, -1)
"""

from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

from sympy import Add, Mul, Pow, Rational, cos, exp, integer_nthroot, log, pi, sin, sympify
from sympy.core.numbers import Exp1, Pi

PRECISIONS = (16, 64, 256)  # bits after the binary point
LARGEST_EXPONENT = 64  # an exponential or a sine of more is not enclosed


class Interval(NamedTuple):
    """All reals from `low` to `high`."""

    low: Fraction
    high: Fraction


def sign_of_constant(expression: Any) -> int | None:
    """1, 0 or -1 if the sign of a constant is proved, else None."""
    e = sympify(expression)
    if e.is_Rational:
        return int(bool(e > 0)) - int(bool(e < 0))
    for bits in PRECISIONS:
        interval = enclose(e, bits)
        if interval is None:
            return None
        if interval.low > 0:
            return 1
        if interval.high < 0:
            return -1
    return None


def enclose(e: Any, bits: int) -> Interval | None:
    """An interval that contains the constant, or None if it is not of a known form."""
    match e:
        case Rational():
            value = Fraction(int(e.p), int(e.q))
            return Interval(value, value)
        case Add():
            return _fold(e.args, bits, _add)
        case Mul():
            return _fold(e.args, bits, _multiply)
        case log():
            inside = enclose(e.args[0], bits)
            return None if inside is None or inside.low <= 0 else _log(inside, bits)
        case exp() | Exp1():
            inside = enclose(e.as_base_exp()[1], bits)
            return None if inside is None else _exp(inside, bits)
        case Pow():
            return _power(e, bits)
        case Pi():
            return _pi(bits)
        case cos():
            return enclose(sin(pi / 2 - e.args[0], evaluate=False), bits)
        case sin():
            inside = enclose(e.args[0], bits)
            return None if inside is None else _sin(inside, bits)
        case _:
            return None


def _fold(args: Any, bits: int, operation: Any) -> Interval | None:
    total: Interval | None = None
    for a in args:
        part = enclose(a, bits)
        if part is None:
            return None
        total = part if total is None else _outward(operation(total, part), bits)
    return total


def _add(a: Interval, b: Interval) -> Interval:
    return Interval(a.low + b.low, a.high + b.high)


def _multiply(a: Interval, b: Interval) -> Interval:
    corners = [x * y for x in a for y in b]
    return Interval(min(corners), max(corners))


def _outward(a: Interval, bits: int) -> Interval:
    """The same interval with short numerators, never smaller."""
    scale = 1 << (bits + 8)
    return Interval(
        Fraction((a.low * scale).__floor__(), scale), Fraction((a.high * scale).__ceil__(), scale)
    )


def _power(e: Any, bits: int) -> Interval | None:
    base, exponent = enclose(e.base, bits), e.exp
    if base is None or not exponent.is_Rational:
        return None
    p, q = int(exponent.p), int(exponent.q)
    if (q > 1 or p < 0) and base.low <= 0:
        return None
    if q > 1:
        base = Interval(_root(base.low, q, bits, up=False), _root(base.high, q, bits, up=True))
    result = Interval(Fraction(1), Fraction(1))
    for _ in range(abs(p)):
        result = _outward(_multiply(result, base), bits)
    if p < 0:
        if result.low <= 0:
            return None
        result = Interval(1 / result.high, 1 / result.low)
    return _outward(result, bits)


def _root(x: Fraction, q: int, bits: int, *, up: bool) -> Fraction:
    """The q-th root of x >= 0, rounded down or up to the given bits."""
    scaled = (x * (1 << (q * bits))).__floor__()
    root = isqrt(scaled) if q == 2 else int(integer_nthroot(scaled, q)[0])
    return Fraction(root + 1 if up else root, 1 << bits)


def _log(x: Interval, bits: int) -> Interval:
    return Interval(_log_rational(x.low, bits).low, _log_rational(x.high, bits).high)


def _log_rational(x: Fraction, bits: int) -> Interval:
    """log x = e log 2 + log(x / 2^e) with x / 2^e in [1/2, 2]."""
    exponent = 0
    while x > 2:
        x, exponent = x / 2, exponent + 1
    while x < Fraction(1, 2):
        x, exponent = x * 2, exponent - 1
    near, two = _atanh_series(x, bits), _atanh_series(Fraction(2), bits)
    scaled = _multiply(Interval(Fraction(exponent), Fraction(exponent)), two)
    return _outward(_add(near, scaled), bits)


def _atanh_series(x: Fraction, bits: int) -> Interval:
    """log x = 2 sum_i z^(2i+1)/(2i+1), z = (x-1)/(x+1); |z| <= 1/3, remainder <= 9/8 next term."""
    z = (x - 1) / (x + 1)
    power, total, i = z, Fraction(0), 0
    while abs(power) * (1 << (bits + 4)) > 1:
        total += 2 * power / (2 * i + 1)
        power, i = power * z * z, i + 1
    remainder = abs(power) * 9 / 4
    return Interval(total - remainder, total + remainder)


def _exp(x: Interval, bits: int) -> Interval | None:
    if max(abs(x.low), abs(x.high)) > LARGEST_EXPONENT:
        return None
    return Interval(_exp_rational(x.low, bits).low, _exp_rational(x.high, bits).high)


def _exp_rational(x: Fraction, bits: int) -> Interval:
    """exp(x) = exp(x/2^m)^(2^m) with |x/2^m| <= 1/2, where the remainder is <= 2 next terms."""
    halvings = 0
    while abs(x) > Fraction(1, 2):
        x, halvings = x / 2, halvings + 1
    fine = bits + 2 * halvings
    term, total, i = Fraction(1), Fraction(0), 0
    while abs(term) * (1 << (fine + 4)) > 1:
        total += term
        i += 1
        term = term * x / i
    remainder = 2 * abs(term)
    result = _outward(Interval(total - remainder, total + remainder), fine)
    for _ in range(halvings):
        result = _outward(_multiply(result, result), fine)
    return result


def _pi(bits: int) -> Interval:
    """pi/4 = 4 arctan(1/5) - arctan(1/239) (Machin)."""
    one, two = _arctan_inverse(5, bits + 8), _arctan_inverse(239, bits + 8)
    return _outward(Interval(16 * one.low - 4 * two.high, 16 * one.high - 4 * two.low), bits)


def _arctan_inverse(n: int, bits: int) -> Interval:
    """arctan(1/n): an alternating series, so that two sums that follow each other enclose it."""
    total, power, i = Fraction(0), Fraction(1, n), 0
    while True:
        before, total = total, total + (-1) ** i * power / (2 * i + 1)
        if power * (1 << bits) < 1:
            return Interval(min(before, total), max(before, total))
        power, i = power / n**2, i + 1


def _sin(x: Interval, bits: int) -> Interval | None:
    """sin is 1-Lipschitz: its value in the middle, give or take half the width of the angle."""
    middle, half = (x.low + x.high) / 2, (x.high - x.low) / 2
    if abs(middle) > LARGEST_EXPONENT:
        return None
    near = _sin_rational(middle, bits)
    low, high = max(near.low - half, Fraction(-1)), min(near.high + half, Fraction(1))
    return _outward(Interval(low, high), bits)


def _sin_rational(x: Fraction, bits: int) -> Interval:
    """The Taylor sum is off by at most the first term that it leaves out (Lagrange)."""
    term, total, i = x, Fraction(0), 1
    while abs(term) * (1 << (bits + 4)) > 1:
        total += term
        term, i = -term * x * x / ((i + 1) * (i + 2)), i + 2
    return Interval(total - abs(term), total + abs(term))
