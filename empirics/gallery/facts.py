"""Facts about coherence and convergence, each measured on the runs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from empirics.gallery.record import Fact
from empirics.problems.base import Array
from empirics.runs import Runs


def levels(runs: Runs, window: int) -> Array:
    """Expected coherence in a window at every update, (K,); not a number where the gradient is 0.

    Unlike `coherence`, of a window that may be shorter than the recorded one.
    """
    inner, norm = runs.statistics.inner.mean[:, :window], runs.statistics.squared_norm.mean
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norm > 0, inner.min(axis=1) / norm, np.nan)


def coherence(window: int, value: Fraction, *, first: int = 0) -> Fact:
    """mu_k has one value from k = first on; measured: the one that is furthest from it."""

    def furthest(runs: Runs) -> float:
        found = levels(runs, window)[first:]
        return float(found[np.abs(found - float(value)).argmax()])  # not a number wins

    when = "at every k" if first == 0 else f"at every k >= {first}"
    return Fact(
        says=f"coherence in a window of {window} is {value} {when}",
        measured=furthest,
        relation="=",
        expected=float(value),
    )


def coherent(window: int, least: float) -> Fact:
    """mu_k is at least so much all along."""
    return Fact(
        says=f"coherence in a window of {window} is never below {least:g}",
        measured=lambda runs: float(levels(runs, window).min()),
        relation=">=",
        expected=least,
    )


def fails_again(window: int, since: int) -> Fact:
    """mu_k < 0 time and again: the last failure lies beyond `since`."""
    return Fact(
        says=f"coherence in a window of {window} is negative again and again: last at k",
        measured=lambda runs: last_failure(runs, window),
        relation=">=",
        expected=float(since),
    )


def fails_last(window: int, at: int) -> Fact:
    """mu_k < 0 for the last time at one k; -1 if never."""
    words = f"is negative for the last time at k = {at}" if at >= 0 else "is never negative"
    return Fact(
        says=f"coherence in a window of {window} {words}",
        measured=lambda runs: last_failure(runs, window),
        relation="=",
        expected=float(at),
    )


def last_failure(runs: Runs, window: int) -> float:
    """The last update at which coherence is negative, -1 if there is none."""
    failed = np.flatnonzero(levels(runs, window) < 0)
    return float(runs.times[failed[-1]]) if len(failed) else -1.0


def shrinks(factor: Fraction) -> Fact:
    """|g_{k+1}|^2 is always the same part of |g_k|^2 (or multiple)."""

    def furthest(runs: Runs) -> float:
        norm = runs.statistics.squared_norm.mean
        ratios = norm[1:] / norm[:-1]
        return float(ratios[np.abs(ratios - float(factor)).argmax()])

    return Fact(
        says=f"|grad F|^2 is multiplied by {factor} at every update",
        measured=furthest,
        relation="=",
        expected=float(factor),
    )


def converges(below: float) -> Fact:
    """The largest |grad F|^2 of the last tenth of the run, over the largest of all."""

    def left(runs: Runs) -> float:
        norm = runs.statistics.squared_norm.mean
        return float(norm[-max(1, len(norm) // 10) :].max() / norm.max())

    return Fact(
        says="it converges: in the last tenth of the run |grad F|^2, over its largest, is at most",
        measured=left,
        relation="<=",
        expected=below,
    )


def diverges(above: float) -> Fact:
    """|grad F|^2 at the end over that at the start."""

    def grown(runs: Runs) -> float:
        norm = runs.statistics.squared_norm.mean
        return float(norm[-1] / norm[0])

    return Fact(
        says="it diverges: |grad F|^2 at the end, over that at the start, is at least",
        measured=grown,
        relation=">=",
        expected=above,
    )
