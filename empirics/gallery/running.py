"""Run a counterexample, and see whether it shows what it is said to show."""

from __future__ import annotations

from dataclasses import dataclass

from empirics.compare import Verdict, compare
from empirics.gallery.record import Case, Counterexample, Finding, Refutes, settle
from empirics.runs import Runs
from theory import results


@dataclass(frozen=True, eq=False, kw_only=True)
class Tried:
    """A case with its runs, what they say of each of its facts, and the verdicts on theorems."""

    case: Case
    runs: Runs
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Shown:
    """What a counterexample showed. Fields: counterexample; tried, its cases with their runs."""

    counterexample: Counterexample
    tried: tuple[Tried, ...]

    @property
    def ok(self) -> bool:
        """Whether every fact was shown."""
        return all(finding.holds for one in self.tried for finding in one.findings)

    def __str__(self) -> str:
        found = self.counterexample
        lines = [f"{found.name}: {found.title}", f"  {found.shows}", f"  Source: {found.source}."]
        for one in self.tried:
            lines.append(f"  {one.case.label}")
            lines += [f"    {finding}" for finding in one.findings]
        return "\n".join(lines)


def show(counterexample: Counterexample, *, seed: int = 0) -> Shown:
    """Run all cases of a counterexample and measure every fact on the runs.

    Parameters: seed of the runs that have noise. What fails to be shown is said in the result.

    >>> from empirics.gallery import find
    >>> print(show(find("never-coherent")))
    never-coherent: gradient descent without delay that converges and is never coherent
      Coherence is not necessary for convergence: a step beyond 1/L overshoots every time.
      Source: derived here: the run is a linear recursion in rational numbers.
      x^2/2, no delay, step 3/2
        shown: coherence in a window of 2 is -2 at every k >= 1: -2 = -2
        shown: |grad F|^2 is multiplied by 1/4 at every update: 0.25 = 0.25
    """
    tried = tuple(_try(case, case.run(seed=seed)) for case in counterexample.cases)
    return Shown(counterexample=counterexample, tried=tried)


def _try(case: Case, runs: Runs) -> Tried:
    findings, verdicts = [], []
    for fact in case.facts:
        if not isinstance(fact, Refutes):
            findings.append(settle(fact, runs))
            continue
        verdict = compare(results.find(fact.theorem), runs, mu=fact.mu)
        verdicts.append(verdict)
        found = Finding(
            says=fact.says,
            relation="=",
            expected=fact.outcome,
            measured=str(verdict),
            holds=verdict.outcome == fact.outcome,
        )
        findings.append(found)
    return Tried(case=case, runs=runs, findings=tuple(findings), verdicts=tuple(verdicts))
