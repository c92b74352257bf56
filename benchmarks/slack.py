"""How much smaller every bound could be: bound over exact expectation, on a grid of quadratics.

    python benchmarks/slack.py [--thin] > docs/slack.md

No Monte Carlo: a ratio below 1 is a false theorem, a wrong check of its assumptions, or a mistake
in the exact moments. The grid: spectra, noise, delays (constant, uniform, in blocks, of memoryless
workers), steps up to the largest that the theorem allows, and lengths of the run, at every horizon
of which the bound is evaluated. Theorems with a counterexample are marked as refuted: theirs may be
below 1.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from empirics import compare, problems, schedules, steps_for
from empirics.compare import measures_for, why_not
from empirics.compare.checks import window_for
from empirics.compare.constants import needed
from empirics.exact import exact_runs
from theory import results

LAWS = {
    "constant": schedules.Constant,
    "uniform": schedules.Uniform,
    "blocks": lambda tau: schedules.Cyclic(range(tau + 1)),
    "memoryless workers, mean delay": lambda tau: schedules.Workers(tau + 1),
}
LONGEST = 30  # lags that are looked at where delays have no bound
CHOSEN = {"e_0": 2**0.5, "alpha": 0.5, "eps": 0.12, "beta": 1.0, "z": 0.2, "theta": 0.5}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What is tried: shares are of the largest step, levels of coherence."""

    laws: tuple[str, ...] = ("constant", "uniform", "blocks")
    spectra: tuple[tuple[float, ...], ...]
    sigmas: tuple[float, ...]
    taus: tuple[int, ...]
    lengths: tuple[int, ...]
    shares: tuple[float, ...]
    levels: tuple[float, ...]


FULL = Grid(
    laws=tuple(LAWS),
    spectra=((1.0,), (0.1, 0.3, 1.0), (0.01, 1.0)),
    sigmas=(0.0, 0.5),
    taus=(0, 1, 2, 8),
    lengths=(250,),
    shares=(1.0, 0.5, 0.1),
    levels=(1.0, 0.2),
)
THIN = Grid(
    spectra=((0.1, 0.3, 1.0),),
    sigmas=(0.0, 0.5),
    taus=(0, 3),
    lengths=(40,),
    shares=(1.0, 0.5),
    levels=(0.2,),
)


@dataclass
class Row:
    """What was seen of one theorem."""

    least: float = np.inf
    where: str = ""
    harder: float = np.inf  # the least with delay and noise
    horizons: int = 0
    outcomes: Counter = field(default_factory=Counter)
    reasons: Counter = field(default_factory=Counter)
    below: list = field(default_factory=list)


def settings(grid):
    """Problem, schedule, length, and the words for them."""
    for h, sigma, tau, law, steps in product(
        grid.spectra, grid.sigmas, grid.taus, grid.laws, grid.lengths
    ):
        if tau == 0 and law != "constant":
            continue
        problem = problems.quadratic(spectrum=h, sigma=sigma)
        words = f"h = {', '.join(f'{a:g}' for a in h)}; sigma = {sigma:g}; {law} {tau}; {steps}"
        yield problem, LAWS[law](tau), steps, words


def rules(theorem, problem, schedule, steps, grid):
    """The step sizes to try, with words; a free constant step at shares of its largest."""
    for mu in grid.levels if "mu" in needed(theorem) else (1.0,):
        level = f", mu = {mu:g}" * ("mu" in needed(theorem))
        given = dict(steps=steps, mu=mu, chosen=CHOSEN)
        try:
            largest = steps_for(theorem, problem, schedule, **given)
            largest(steps)  # may be infinite without noise
        except ValueError as reason:
            if "free" not in str(reason):
                yield None, str(reason)
                continue
            for eta in (0.5 / problem.L, 0.05 / problem.L):  # any step will do
                yield steps_for(theorem, problem, schedule, eta=eta, **given), f"eta = {eta:g}"
            continue
        if "eta" not in largest.constants:
            yield largest, f"its own step{level}"
            continue
        for share in grid.shares:
            eta = share * largest.constants["eta"]
            rule = steps_for(theorem, problem, schedule, eta=eta, **given)
            yield rule, f"{share:g} of the largest step{level}"


def examine(theorem, grid=FULL):
    """One theorem on the whole grid."""
    row = Row()
    for problem, schedule, steps, words in settings(grid):
        for rule, which in rules(theorem, problem, schedule, steps, grid):
            if rule is None:
                row.outcomes["no step"] += 1
                row.reasons[which] += 1
                continue
            runs = exact_runs(
                problem,
                schedule,
                step=rule,
                steps=steps,
                measures=measures_for(theorem),
                window=window_for(
                    theorem, LONGEST if schedule.tau_max is None else schedule.tau_max
                ),
            )
            try:
                verdict = compare(theorem, runs, chosen=CHOSEN)
            except ValueError as reason:
                row.outcomes["no constant"] += 1
                row.reasons[str(reason)] += 1
                continue
            row.outcomes[verdict.outcome] += 1
            if verdict.outcome not in ("consistent", "violated"):
                row.reasons[verdict.reason] += 1
                continue
            row.horizons += len(verdict.horizons)
            if verdict.slack < row.least:
                row.least = verdict.slack
                row.where = f"{words}; {which}; {verdict.horizon} = {verdict.tightest}"
            if schedule.tau_max != 0 and problem.sigma:
                row.harder = min(row.harder, verdict.slack)
            if verdict.outcome == "violated":
                row.below.append(f"{words}; {which}: {verdict.reason}")
    return row


HEAD = """# Slack of the bounds

Each bound over the exact expectation that it bounds, the least on a grid of quadratics (written by
`benchmarks/slack.py`): spectra h, noise sigma, delays (constant, uniform from 0, in blocks that all
read their first iterate, of workers with exponential service times), the number of updates, and
steps up to the largest that the theorem allows. A bound with 1 is attained; one below 1 is false.
What is 1 without delay and noise may be loose with them, hence the second number.

| theorem | bounds | least bound/exact | with delay and noise | where the least is |
|---|---|---|---|---|"""


def main(grid):
    """Print a table, and all that is below 1."""
    print(HEAD)
    total, amiss = 0, []
    for name, theorem in results.theorems().items():
        false = " (refuted)" * bool(theorem.refutations)
        if reason := why_not(theorem):
            print(f"| {name}{false} | 0 | | | {_plain(reason)} |")
            continue
        row = examine(theorem, grid)
        total += row.horizons
        where = row.where or f"never applicable: {row.reasons.most_common(1)[0][0]}"
        least, harder = (f"{a:.4g}" if a < np.inf else "" for a in (row.least, row.harder))
        print(
            f"| {name}{false} | {row.horizons} | {least} | {harder} | {_plain(where)} |", flush=True
        )
        amiss += [f"{name}{false}; {line}" for line in row.below]
    print(f"\n{total} bounds were held against exact expectations. Below 1:\n")
    print("\n".join(f"- {line}" for line in amiss) or "none.")


def _plain(words):
    """A bar would end the cell of a table."""
    return words.replace("|", "\\|")


if __name__ == "__main__":
    main(THIN if "--thin" in sys.argv[1:] else FULL)
