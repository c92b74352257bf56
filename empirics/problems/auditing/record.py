"""What an audit found: claim by claim, with a witness against each that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

Outcome: TypeAlias = Literal["stands", "refuted", "exceeded", "not tried"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one claim.

    Fields: claim, as in "L = 2 (bound)"; key, the constant it is of, or "gradient", "unbiased",
    "variance", "minimiser"; outcome: "stands" (nothing was found against it, which proves nothing),
    "refuted", "exceeded" (refuted, but it was only an estimate) or "not tried"; tried, how often;
    worst, the number found that is worst for the claim, None if there is none; words, what was
    done and found, or why not; witness, the points that refute it, by name, ready for JSON.
    """

    claim: str
    key: str
    outcome: Outcome
    tried: int
    worst: float | None
    words: str
    witness: Mapping[str, list[float]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.claim}: {self.outcome}; {self.words}"


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The findings of `Problem.audit`.

    Fields: problem, its name; dim; findings, one for each claim; settings, what the audit can be
    repeated from, ready for JSON.
    """

    problem: str
    dim: int
    findings: tuple[Finding, ...]
    settings: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether nothing was refuted. It proves nothing: a search may miss."""
        return not self.refuted

    @property
    def refuted(self) -> tuple[Finding, ...]:
        """The findings against the problem."""
        return tuple(a for a in self.findings if a.outcome == "refuted")

    def __getitem__(self, key: str) -> Finding:
        """The finding about a constant, or about "gradient", "unbiased", "variance" and so on."""
        for found in self.findings:
            if found.key == key:
                return found
        known = ", ".join(found.key for found in self.findings)
        raise KeyError(f"this audit says nothing of {key!r}, but of {known}")

    def __str__(self) -> str:
        from empirics.summary import table

        tried = sum(a.outcome != "not tried" for a in self.findings)
        said = f"{len(self.refuted)} refuted" if self.refuted else "none refuted"
        rows = [(a.claim, a.outcome, a.words) for a in self.findings]
        head = f"{self.problem}, dim {self.dim}: {tried} claims tried, {said}"
        return "\n".join([head, *(f"  {line}" for line in table(rows))])

    def to_dict(self) -> dict[str, Any]:
        """The audit as plain data, for JSON."""
        return {
            "problem": self.problem,
            "dim": self.dim,
            "ok": self.ok,
            "findings": [
                {
                    "claim": a.claim,
                    "key": a.key,
                    "outcome": a.outcome,
                    "tried": a.tried,
                    "worst": None if a.worst is None or not np.isfinite(a.worst) else a.worst,
                    "words": a.words,
                    "witness": dict(a.witness),
                }
                for a in self.findings
            ],
            "settings": dict(self.settings),
        }
