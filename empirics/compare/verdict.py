"""What runs say of a theorem: one of four outcomes, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, Constant
from empirics.statistics import Family

Outcome = Literal["consistent", "violated", "inconclusive", "not applicable"]
MORE = "more replicas"  # how a reason ends that more of them can remove
Finding = Literal["holds", "estimated", "unknown", "fails"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What the runs say of one assumption: its name, the finding, and the evidence in words."""

    assumption: str
    finding: Finding
    words: str

    def __str__(self) -> str:
        return f"{self.assumption}: {self.finding} ({self.words})"


@dataclass(frozen=True, eq=False, kw_only=True)
class Verdict:
    """What runs say of a theorem.

    Fields: theorem, its name; quantity, what it bounds, in words; outcome; reason, one clause;
    checks of the assumptions; horizon, the letter that counts; horizons, its values, (K,);
    iterates, how many each horizon covers; bound there; mean, lower and upper: the quantity as seen
    over the replicas, and its limits; alpha, the chance that lower or upper is wrong anywhere in
    the family; family, the verdicts that are to hold together; times, how many recorded times have
    limits together; method, of the limits ("exact" where nothing is random), and tails, what is
    known of them, which is why; replicas; constants, what the bound was evaluated at, with
    provenance; title, of the runs; label, of an axis; path, the quantity after each recorded
    number of iterates, as pairs of arrays, (2, times), for drawing. `lower` of a least value is not
    a number where iterates were left unrecorded.
    """

    theorem: str
    quantity: str
    outcome: Outcome
    reason: str
    checks: tuple[Check, ...]
    horizon: str
    horizons: NDArray[np.int64]
    iterates: NDArray[np.int64]
    bound: Array
    mean: Array
    lower: Array
    upper: Array
    alpha: float
    family: Family
    times: int
    method: str
    tails: str
    replicas: int
    constants: Mapping[str, Constant]
    title: str
    label: str
    path: Array

    @property
    def holds(self) -> bool:
        """Whether the runs are consistent with the theorem. They never prove it."""
        return self.outcome == "consistent"

    @property
    def heuristic(self) -> bool:
        """Whether the verdict leans on a constant that was only estimated."""
        return any(check.finding == "estimated" for check in self.checks)

    @property
    def slack(self) -> float:
        """The least bound / mean over the horizons."""
        return float(np.min(self._ratios(self.mean))) if self.horizons.size else np.nan

    @property
    def power(self) -> float:
        """The least factor by which the bound could shrink before these runs reject it."""
        ratios = self._ratios(self.lower)
        return float(np.nanmin(ratios)) if np.isfinite(ratios).any() else np.nan

    @property
    def wants_more(self) -> bool:
        """Whether it is open for no other reason than too few replicas."""
        return self.outcome == "inconclusive" and self.reason.endswith(MORE)

    @property
    def statistics(self) -> str:
        """What the limits are worth, to be read: method, reason, family, level."""
        return (
            f"{self.method} limits ({self.tails}) from {self.replicas} replicas, at "
            f"{self.times} recorded times x {self.family.words} together, each side at "
            f"alpha = {self.alpha:g}"
        )

    @property
    def tightest(self) -> int:
        """The horizon at which bound / mean is least."""
        return int(self.horizons[np.argmin(self._ratios(self.mean))])

    def _ratios(self, below: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # next to 0
            return np.where(below > 0, self.bound / below, np.where(below <= 0, np.inf, np.nan))

    def __str__(self) -> str:
        if self.holds:
            where = f"{self.horizon} = {self.tightest}"
            parts = [f"consistent: bound / mean >= {self.slack:.3g} (at {where})"]
            if np.isfinite(self.power):
                parts.append(f"bound / {self.power:.3g} would be rejected")
        else:
            parts = [f"{self.outcome}: {self.reason}"]
        if self.outcome != "not applicable":
            over = f" over {self.family.words}" if self.family.size > 1 else ""
            parts.append(f"alpha = {self.alpha:.0e}{over}")
            if self.method not in ("student", "exact", "none"):
                parts.append(f"{self.method} limits: {self.tails}")
        if self.heuristic:
            parts.append("heuristic, it leans on an estimate")
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain data, for JSON."""
        return {
            "theorem": self.theorem,
            "quantity": self.quantity,
            "runs": self.title,
            "outcome": self.outcome,
            "reason": self.reason,
            "heuristic": self.heuristic,
            "slack": _plain(self.slack),
            "power": _plain(self.power),
            "alpha": self.alpha,
            "family": {
                "theorems": list(self.family.theorems),
                "cells": self.family.cells,
                "looks": self.family.looks,
                "times": self.times,
                "words": f"{self.times} recorded times x {self.family.words}",
            },
            "limits": {"method": self.method, "why": self.tails},
            "replicas": self.replicas,
            "checks": [
                {"assumption": c.assumption, "finding": c.finding, "words": c.words}
                for c in self.checks
            ],
            "constants": {
                name: {"value": c.value, "provenance": c.provenance}
                for name, c in self.constants.items()
            },
            "horizon": self.horizon,
            "at": {
                "horizons": self.horizons.tolist(),
                "bound": [_plain(v) for v in self.bound],
                "mean": [_plain(v) for v in self.mean],
                "lower": [_plain(v) for v in self.lower],
                "upper": [_plain(v) for v in self.upper],
            },
        }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
