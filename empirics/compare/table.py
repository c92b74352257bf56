"""What a theorem assumes, as a table: pass, fail, estimated or unknown, with the evidence.

Below it stands what was measured along the runs, whether the theorem asks for it or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal

import numpy as np

from empirics.compare.checks.functions import steepest
from empirics.compare.measured import direction, gradients_met
from empirics.compare.verdict import Finding, Verdict
from empirics.measure import coherence_limits
from empirics.runs import Runs

Mark = Literal["pass", "fail", "estimated", "unknown"]
MARKS: dict[Finding, Mark] = {
    "holds": "pass",
    "fails": "fail",
    "estimated": "estimated",
    "unknown": "unknown",
}
WIDTH = 100  # letters in a line of plain text


@dataclass(frozen=True, kw_only=True)
class Row:
    """One assumption: its name, what the runs say of it, and the evidence in words."""

    assumption: str
    mark: Mark
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """All assumptions of a theorem on runs, and what was measured along these, as (name, words)."""

    theorem: str
    runs: str
    rows: tuple[Row, ...]
    along: tuple[tuple[str, str], ...]

    @property
    def met(self) -> bool:
        """Whether every one is known to hold."""
        return all(row.mark == "pass" for row in self.rows)

    def lines(self) -> list[str]:
        """Plain text, at most 100 letters wide.

        >>> row = Row(assumption="smooth", mark="pass", evidence="L = 1, exact")
        >>> one = Assumptions(theorem="a.b", runs="bowl", rows=(row,), along=(("delay", "0"),))
        >>> print("\\n".join(one.lines()))
        assumptions of a.b on bowl
          smooth  pass  L = 1, exact
          measured along the runs
          delay         0
        """
        wide = max(len(name) for name in self._names())
        marks = max((len(row.mark) for row in self.rows), default=0)
        found = [f"assumptions of {self.theorem} on {self.runs}"]
        for row in self.rows:
            found += _hanging(f"  {row.assumption:<{wide}}  {row.mark:<{marks}}  ", row.evidence)
        if self.along:
            found.append("  measured along the runs")
        for name, words in self.along:
            found += _hanging(f"  {name:<{wide}}  {'':<{marks}}  ", words)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "theorem": self.theorem,
            "runs": self.runs,
            "rows": [vars(row) for row in self.rows],
            "along": dict(self.along),
        }

    def _names(self) -> list[str]:
        return [row.assumption for row in self.rows] + [name for name, _ in self.along]


def assumption_table(verdict: Verdict, runs: Runs, coherence: Runs | None = None) -> Assumptions:
    """The table of a verdict on runs; `coherence`, other runs with a window, as for `compare`.

    To have all of it measured, simulate with noise=True, smoothness=True, a window and
    measures=(..., "direction"). Limits are at the level of the verdict.

    >>> from empirics import compare, problems, schedules, simulate, steps_for
    >>> from theory import results
    >>> problem, schedule = problems.quadratic(dim=2, mu=0.1, L=1.0), schedules.Constant(1)
    >>> step = steps_for(results.lian2015.nonconvex, problem, schedule, steps=50)
    >>> runs = simulate(problem, schedule, step=step, steps=50, smoothness=True)
    >>> table = assumption_table(compare(results.lian2015.nonconvex, runs), runs)
    >>> table.met, dict(table.along)["smoothness"].split(" at ")[0]
    (True, '|grad F(x) - grad F(y)|/|x - y| <= 0.995087 over the pairs visited')
    """
    return Assumptions(
        theorem=verdict.theorem,
        runs=verdict.title,
        rows=tuple(
            Row(assumption=c.assumption, mark=MARKS[c.finding], evidence=c.words)
            for c in verdict.checks
        ),
        along=tuple(_along(runs, coherence or runs, verdict.alpha / verdict.family.size).items()),
    )


def _along(runs: Runs, coherent: Runs, alpha: float) -> dict[str, str]:
    steps = runs.step_sizes
    found = {"steps": f"from {steps.min():.4g} to {steps.max():.4g}"}
    if runs.reads is not None:
        reads = runs.reads
        found["delays"] = f"up to {reads.longest}, {reads.average:.4g} on average at most"
        found["concurrency"] = f"at most {reads.flying} gradients in flight over an update"
    looks = "does not look" if runs.exogenous else "looks"
    found["exogeneity"] = f"the schedule {looks} at the noise"
    found["noise"] = _noise(runs)
    found["gradients"] = _gradients(runs, alpha)
    found["smoothness"] = _smoothness(runs, coherent)
    found |= _coherence(coherent, alpha)
    found["direction"] = _direction(runs)
    if runs.divergence is not None:
        found["divergence"] = f"{runs.divergence}; expectations are infinite from then on"
    return found


def _noise(runs: Runs) -> str:
    s = runs.statistics
    seen = np.where(s.diverged == 0, s.noise_max, np.nan)
    if np.isnan(seen).all():
        return "not measured; simulate with noise=True"
    at = int(np.nanargmax(seen))
    return f"E|xi|^2 <= {seen[at]:.4g} in every replica, at t = {runs.times[at]}"


def _gradients(runs: Runs, alpha: float) -> str:
    seen = gradients_met(runs, alpha).get("G")
    if seen is None:
        lost = runs.divergence is not None
        return "no limit, replicas are lost" if lost else 'not known; simulate with record="all"'
    most = float(np.sqrt(runs.statistics.squared_norm.mean.max()))
    return f"the root of the largest E|grad F(x_t)|^2 is {most:.4g}, at most {seen.value:.4g}"


def _smoothness(*several: Runs) -> str:
    seen = steepest(*several)
    if seen is None:
        return "not measured; simulate with smoothness=True"
    return (
        f"|grad F(x) - grad F(y)|/|x - y| <= {seen[0]:.6g} over the pairs visited at t = {seen[1]}"
    )


def _coherence(runs: Runs, alpha: float) -> dict[str, str]:
    if not len(runs.lags):
        return {"coherence": "not measured; simulate with window=s"}
    s = runs.statistics
    found = coherence_limits(runs, alpha)
    lost = bool(np.isnan(found.estimate))
    expected = (
        "not defined, replicas are lost"
        if lost
        else f"{found.estimate:.4g} at t = {found.time}, lag {found.lag}, "
        f"limits {found.lower:.4g} to {found.upper:.4g}"
    )
    seen = ~np.isnan(s.coherence_min)
    if not seen.any():
        return {"coherence, expected": expected, "coherence, pathwise": "no gradient is not 0"}
    at = int(np.nanargmin(s.coherence_min))
    negative = int(s.coherence_negative.max())
    return {
        "coherence, expected": expected,
        "coherence, pathwise": f"{s.coherence_min[at]:.4g} at t = {runs.times[at]}, below 0 in up "
        f"to {negative} of {runs.replicas} replicas at a time" + " until some are lost" * lost,
    }


def _direction(runs: Runs) -> str:
    seen = direction(runs).get("sigma_d")
    if seen is None:
        return 'not known; simulate with record="all" and measures=("direction", ...)'
    return f"{seen.value:.4g}, {seen.why}"


def _hanging(head: str, words: str) -> list[str]:
    first, *rest = wrap(words, max(20, WIDTH - len(head))) or [""]
    return [f"{head}{first}".rstrip(), *(" " * len(head) + line for line in rest)]
