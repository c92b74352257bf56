r"""Additive noise of a given variance: what it is drawn from, whatever the function.

Both laws have independent coordinates of mean 0 and variance scale^2, and are chunk-invariant.
Second moments of a linear recursion depend on the covariance of the noise only, so on quadratics
both give the same E|grad f(x_t)|^2; two-point noise is twenty times as fast and has no tails.
"""

from __future__ import annotations

import math

import numpy as np

from empirics.problems.base import Array

LAWS = ("two-point", "gaussian")


def draw(
    law: str, scale: float, generator: np.random.Generator, steps: int, shape: tuple[int, ...]
) -> Array:
    """Noise for a block of steps, shape (steps, *shape), entries of standard deviation `scale`.

    The law is "two-point" (+-scale, probability 1/2 each) or "gaussian"; else ValueError.

    >>> draw("two-point", 2.0, np.random.default_rng(0), steps=1, shape=(4,)) ** 2
    array([[4., 4., 4., 4.]])
    """
    if law == "gaussian":
        block = generator.standard_normal((steps, *shape))
        block *= scale
        return block
    if law == "two-point":
        return _signs(scale, generator, steps, shape)
    raise ValueError(f"noise needs a law among {', '.join(LAWS)}, got {law!r}")


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
