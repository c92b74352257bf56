r"""Additive noise of a given variance: what it is drawn from, whatever the function.

All laws have independent coordinates of mean 0, are chunk-invariant, and have variance scale^2 if
they have one. Second moments of a linear recursion depend on the covariance of the noise only, so
on quadratics all of these give the same E|grad f(x_t)|^2; two-point noise is twenty times as fast
and has no tails.

Student's law with df degrees of freedom has moments of order < df: tails like |z|^(-df - 1). It is
scaled to variance scale^2 for df > 2. For 1 < df <= 2 there is a mean and no variance, and scale is
that of the law itself.
"""

from __future__ import annotations

import math

import numpy as np

from empirics.problems.base import Array, Constant

OF_THE_NOISE = ("sigma", "relative_noise", "second_moment", "noise_bound")  # constants
LAWS = ("two-point", "gaussian", "student:DF")


def draw(
    law: str, scale: float, generator: np.random.Generator, steps: int, shape: tuple[int, ...]
) -> Array:
    """Noise for a block of steps, shape (steps, *shape), entries of standard deviation `scale`.

    The law is "two-point" (+-scale, probability 1/2 each), "gaussian" or "student:DF"; else
    ValueError.

    >>> draw("two-point", 2.0, np.random.default_rng(0), steps=1, shape=(4,)) ** 2
    array([[4., 4., 4., 4.]])
    """
    if law == "two-point":
        return _signs(scale, generator, steps, shape)
    df = degrees("noise", law)
    if df is None:
        block = generator.standard_normal((steps, *shape))
    else:
        block = generator.standard_t(df, (steps, *shape))
        scale *= math.sqrt((df - 2) / df) if df > 2 else 1.0
    block *= scale
    return block


def degrees(who: str, law: object) -> float | None:
    """The degrees of freedom of Student's law, None for another; ValueError if there is no such.

    >>> degrees("it", "gaussian"), degrees("it", "student:2.5")
    (None, 2.5)
    >>> degrees("it", "student:1")
    Traceback (most recent call last):
    ValueError: it needs student:DF with DF > 1 degrees of freedom, got 'student:1'
    """
    if law in ("two-point", "gaussian"):
        return None
    name, _, number = law.partition(":") if isinstance(law, str) else ("", "", "")
    if name != "student":
        raise ValueError(f"{who} needs noise among {', '.join(LAWS)}, got {law!r}")
    try:
        df = float(number)
    except ValueError:
        df = math.nan
    if not 1 < df < math.inf:
        raise ValueError(f"{who} needs student:DF with DF > 1 degrees of freedom, got {law!r}")
    return df


def needs_variance(who: str, law: object) -> None:
    """Refuse, in one sentence, what is no law, or one without a variance."""
    df = degrees(who, law)
    if df is not None and df <= 2:
        raise ValueError(
            f"{who} needs noise with a variance, DF > 2, got {law!r}; with_noise takes other laws"
        )


def has_variance(law: str) -> bool:
    """Whether E|xi|^2 is finite.

    >>> has_variance("student:2"), has_variance("student:2.1")
    (False, True)
    """
    df = degrees("noise", law)
    return df is None or df > 2


def constants(who: str, law: str, sigma: float) -> dict[str, Constant]:
    """What noise satisfies whose coordinates have variance sigma^2/dim each: all exact.

    >>> sorted(constants("it", "two-point", 2.0)), sorted(constants("it", "student:3", 2.0))
    (['noise_bound', 'sigma'], ['sigma'])
    >>> constants("it", "student:1.5", 2.0)
    {}
    """
    found, df = {}, degrees(who, law)
    if df is None or df > 2 or not sigma:
        found["sigma"] = "standard deviation of the noise that is added"
    if law == "two-point" or not sigma:
        found["noise_bound"] = "every coordinate is +-sigma/sqrt(dim)" if sigma else "no noise"
    return {
        name: Constant(value=float(sigma), provenance="exact", why=why)
        for name, why in found.items()
    }


def _signs(
    scale: float, generator: np.random.Generator, steps: int, shape: tuple[int, ...]
) -> Array:
    """One random bit a number, eight numbers a table look-up.

    Every step takes a whole number of 64-bit words, so the stream does not depend on the block
    length. `integers` of 8 or 16 bits and `bytes` would: they keep left-over bits to themselves.
    """
    numbers = math.prod(shape)
    words = -(-numbers // 64)  # per step, rounded up
    bits = generator.integers(0, 2**64 - 1, (steps, words), dtype=np.uint64, endpoint=True)
    table = np.where(np.arange(256)[:, None] >> np.arange(8) & 1, scale, -scale)  # (256, 8)
    octets = bits.astype("<u8", copy=False).view(np.uint8)  # (steps, 8 words), on any machine
    block = table.take(octets, axis=0).reshape(steps, 64 * words)
    return block[:, :numbers].reshape(steps, *shape)
