"""Whether the gradient is the derivative of the value: differences that know their own error."""

from __future__ import annotations

import numpy as np

from empirics.problems.auditing.ground import Ground
from empirics.problems.auditing.record import Finding
from empirics.problems.base import Array

STEPS = 4.0 ** -np.arange(2.0, 14.0)  # lengths of the differences, in units of the scale
MOST = 64  # points, each with one direction
MARGIN = 8.0  # times the estimated error that a difference may be off
CONDITION = 64.0  # units of rounding that a value may be off
TINY = 1e-300  # where f is flat there is no error
CLAIM = "gradient is the derivative"


def gradient(ground: Ground) -> Finding:
    r"""Along a random direction u at every point, for a sequence of lengths h.

    .. math:: D_h = \frac{f(x + h u) - f(x - h u)}{2 h}, \qquad
              |D_h - \langle \nabla f(x), u \rangle|
              \le 8 \big(\max(|D_h - D_{4h}|, |D_h - D_{h/4}|) + 64 \epsilon |f| / h\big)

    The length counts at which the right side is least. Where the slopes on both sides differ
    however short the step, f has a kink, and anything between them is accepted.
    """
    x = np.concatenate([ground.centres, ground.sample(min(ground.points, MOST))])
    u = ground.generator.standard_normal(x.shape)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    h = ground.scale * STEPS
    x = ground.inside(x, margin=float(h[0]))
    slope = np.vecdot(ground.gradient(x), u)
    low, high, error = _differences(ground, x, u, h)
    off = np.maximum(np.maximum(low - slope, slope - high), 0)
    known = np.isfinite(off) & np.isfinite(error)
    ratio = np.divide(off, error + TINY, out=np.full(len(x), -1.0), where=known)
    n = int((ratio >= 0).sum())
    if not n:
        words = "no point was found with finite values and gradients around it"
        return Finding(
            claim=CLAIM, key="gradient", outcome="not tried", tried=0, worst=None, words=words
        )
    at = int(ratio.argmax())
    wrong = ratio[at] > 1
    words = (
        f"<grad f, u> = {slope[at]:.8g}, but differences of f give "
        f"{(low[at] + high[at]) / 2:.8g} +- {error[at]:.1g}"
        if wrong
        else f"{n} points, {len(h)} lengths each: off by {off[ratio >= 0].max():.1g} at most"
    )
    return Finding(
        claim=CLAIM,
        key="gradient",
        outcome="refuted" if wrong else "stands",
        tried=n,
        worst=float(off[at]),
        words=words,
        witness={"x": x[at].tolist(), "u": u[at].tolist()} if wrong else {},
    )


def _differences(ground: Ground, x: Array, u: Array, h: Array) -> tuple[Array, Array, Array]:
    """Between which slopes the derivative along u lies, and how far these may be off, (n,) each."""
    middle = ground.value(x)
    above = np.array([ground.value(x + a * u) for a in h])  # (lengths, n)
    below = np.array([ground.value(x - a * u) for a in h])
    size = np.maximum(np.maximum(abs(above), abs(below)), abs(middle))
    rounding = CONDITION * ground.rounding * size / h[:, None]
    with np.errstate(invalid="ignore"):
        central = (above - below) / (2 * h[:, None])
        right, left = (above - middle) / h[:, None], (middle - below) / h[:, None]
        change = np.abs(np.diff(central, axis=0))
        # of many kinks a single change may be small by chance: the next and the last count, too
        error = change.copy()
        error[:-1] = np.maximum(error[:-1], change[1:])
        error[1:] = np.maximum(error[1:], change[:-1] / 64)
        error += rounding[1:]
        bend = np.abs(right - left)
        # the bend of a smooth function is a fourth at a fourth of the length
        kink = (bend[1:] > 0.6 * bend[:-1]) & (bend[1:] > 4 * rounding[1:])
    error = np.where(np.isnan(error), np.inf, error)
    best, n = error.argmin(axis=0), np.arange(len(x))
    found, bent = central[1:][best, n], kink[best, n]
    ends = right[1:][best, n], left[1:][best, n]
    low, high = np.minimum(*ends), np.maximum(*ends)
    return np.where(bent, low, found), np.where(bent, high, found), MARGIN * error[best, n]
