"""The slack law against tuned slowdowns of settings that it was not made from; nothing is fitted.

    OPENBLAS_NUM_THREADS=1 python benchmarks/slack_law.py [--processes 2] [--keep FILE]

A setting is a problem, a law of delays and a staleness s. The step is tuned without staleness and
with it, for the updates until the mean gap stays below a share of that at the start; their ratio is
the measured slowdown. The law predicts it from the run without staleness alone: a_0 is the tuned
step times the sharpness where that run has reached its goal, and S = max(1, a_0/a_max(s)).

Runs are called long if they last at least 4 times as long as the largest delay without staleness:
no law of stability knows of shorter ones, which have hardly begun when the first gradients arrive.

The law was written down on quadratics of one or two modes under constant delay, with uniform delays
and caches for its limits. Here are other problems (logistic regressions, perceptrons of depth 0 to
3, deep linear chains and networks), other noise (minibatches, labels) and other laws of delays.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from empirics import problems, schedules, slack_law, tolerance, tune
from empirics.exact import stability_limit
from empirics.problems.base import Problem
from empirics.schedules.base import Schedule
from empirics.tuning import Reach

HEAD = """# The slack law on held-out settings

Written by `benchmarks/slack_law.py`; nothing is fitted. The law: updates to a goal under staleness
s over those without, each at its best step, are max(1, a_0/a_max(s)), where a_0 is the best step
without staleness times the sharpness at the goal, and a_max(s) the limit of stability. Goal: the
mean gap stays below a share of that at the start. Perceptrons and softmax regression learn 400 of
the digits; under "4 caches", updates are iterations of all four. Ratios are law over measured,
errors the factor by which it is off either way.

Runs are long if without staleness they last at least 4 times the largest delay; the law is about
those. Where it is far off it promises too much, for two reasons: delays that last as long as the
run cost more than any limit of stability knows, and a loss may be several times as sharp on the way
as at its goal (logistic regression with large batches).
"""
LONG = 4  # times the largest delay: runs that are called long
FIRST = 2.0 ** np.arange(-9, 3)  # steps tried without staleness
ROWS = 400  # of the digits: what is measured on the way is measured on all of them
Law = Callable[[int], Schedule]


def early(s: int) -> Schedule:
    """Independent delays up to s, most of them short."""
    return schedules.Geometric(tau_max=s, mean=s / 4) if s else schedules.Constant(0)


def blocks(s: int) -> Schedule:
    """All s + 1 updates of a block read its first iterate."""
    return schedules.Cyclic(range(s + 1))


def caches(s: int) -> Schedule:
    """Four workers with caches, messages that take up to s iterations."""
    return schedules.Caches(4, schedules.Uniform(s))


LAWS: dict[str, Law] = {
    "constant": schedules.Constant,
    "uniform": schedules.Uniform,
    "geometric": early,
    "blocks": blocks,
    "4 caches": caches,
}


@dataclass(frozen=True)
class Case:
    """A problem, made where it is needed; which share of the gap at the start is the goal; how many
    replicas; how many updates to try without staleness; which laws, all unless given.
    """

    make: Callable[[], Problem]
    share: float
    replicas: int = 16
    updates: int = 1500
    laws: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: ALL)
    patience: float = 1.5  # slowdowns up to (patience s + 4) are waited for


ALL = {"constant": (4, 16, 64), "uniform": (16, 64), "geometric": (16, 64), "blocks": (16,),
       "4 caches": (4, 16)}  # fmt: skip
FEW = {"constant": (4, 16), "uniform": (16,), "4 caches": (4,)}
LATE = {"constant": (4, 16), "uniform": (16, 32), "geometric": (16, 32), "blocks": (16,),
        "4 caches": (4,)}  # fmt: skip


def digits(depth: int, **more: Any) -> Problem:
    """A perceptron on some of the digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return problems.perceptron((X[:ROWS], y[:ROWS]), depth=depth, **more)


def network(depth: int, **more: Any) -> Case:
    make = partial(digits, depth, **more)
    return Case(make, share=0.03, replicas=4, updates=400, laws=FEW)


CASES = {
    "perceptron of depth 3": network(3),
    "perceptron of depth 2": network(2),
    "perceptron of depth 1": network(1),
    "perceptron of depth 1, tanh": network(1, activation="tanh"),
    "softmax regression": network(0),
    "logistic, digits 3 and 8, batch 4": Case(
        partial(problems.logistic, "digits", batch=4), share=0.03
    ),
    "logistic, breast cancer, batch 8": Case(
        partial(problems.logistic, "breast-cancer", batch=8), share=0.01
    ),
    "logistic, breast cancer, batch 1": Case(
        partial(problems.logistic, "breast-cancer", batch=1), share=0.05
    ),
    "chain of 3, noisy target": Case(
        partial(problems.deep_linear_chain, 3, 0.5, labels=0.1), share=0.01
    ),
    "chain of 12, noisy target": Case(
        partial(problems.deep_linear_chain, 12, 0.5, labels=0.1), share=0.01
    ),
    "chain of 12, noisy gradient": Case(
        partial(problems.deep_linear_chain, 12, 0.5, sigma=0.3), share=0.01
    ),
    "network of 3, noisy gradient": Case(
        partial(problems.deep_linear_network, 3, [1.0, 0.1], width=4, sigma=0.05), share=0.003
    ),
    # little noise and bad condition: long runs at large shares of the stable interval
    "quadratic of condition 100": Case(
        partial(problems.quadratic, 8, mu=0.01, L=1.0, sigma=0.02, noise="gaussian"),
        share=0.001,
        laws=LATE,
    ),
    "network of 4, condition 100": Case(
        partial(problems.deep_linear_network, 4, [1.0, 100 ** (-2 / 3)], width=3, sigma=0.002),
        share=0.0001,
        laws=LATE,
        patience=4.0,
    ),
    "logistic, breast cancer, batch 128": Case(
        partial(problems.logistic, "breast-cancer", batch=128), share=0.001, laws=LATE
    ),
}


@dataclass(frozen=True)
class Row:
    """One setting: the law, and what was measured."""

    problem: str
    law: str
    staleness: int
    updates: float
    a: float
    limit: float
    predicted: float
    measured: float

    @property
    def ratio(self) -> float:
        return self.predicted / self.measured


def examine(name: str) -> list[Row]:
    """All laws of delays on one problem."""
    case, rows = CASES[name], []
    problem = case.make()
    problem = replace(problem, lanes=min(problem.lanes, case.replicas))
    target = case.share * problem.gap
    fresh: dict[int, tuple[float, float, float]] = {}  # step, updates, a_0
    for word, levels in case.laws.items():
        law, several = LAWS[word], 4 if "caches" in word else 1  # updates an iteration
        if several not in fresh:
            goal = Reach(case.updates, "gap", target=target)
            found = tune(problem, law(0), goal, steps=FIRST, replicas=case.replicas)
            passed = max(int(np.ceil(found.score * several)), 1)
            runs = tolerance(problem, found.step, updates=passed)
            fresh[several] = found.step, found.score, runs.a.value
        step, updates, a = fresh[several]
        for s in levels:
            goal = Reach(int(updates * (case.patience * s + 4)) + 10 * s, "gap", target=target)
            steps = step * 2.0 ** np.arange(-np.ceil(np.log2(s + 2)) - 1, 2)
            found = tune(problem, law(s), goal, steps=steps, replicas=case.replicas)
            row = Row(
                problem=name,
                law=word,
                staleness=s,
                updates=updates,
                a=a,
                limit=stability_limit(law(s)),
                predicted=slack_law(a, law(s)),
                measured=found.score / updates,
            )
            print(row, file=sys.stderr, flush=True)
            rows.append(row)
    return rows


def errors(rows: Iterable[Row]) -> str:
    """How far off, as factors: the median, nine in ten, and the worst."""
    off = np.exp(np.abs(np.log([row.ratio for row in rows])))
    return " | ".join(f"{a:.2f}" for a in (np.median(off), np.quantile(off, 0.9), off.max()))


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--processes", type=int, default=1)
    arguments.add_argument("--only", help="problems whose names contain this")
    arguments.add_argument("--keep", type=Path, help="rows that are done, one a line; goes on")
    asked = arguments.parse_args()
    known: dict[str, list[Row]] = {}
    for line in asked.keep.read_text().splitlines() if asked.keep and asked.keep.exists() else ():
        row = Row(**json.loads(line))
        known.setdefault(row.problem, []).append(row)
    names = [name for name in CASES if asked.only is None or asked.only in name]
    print(HEAD)
    print("| problem | delays | s | updates at s = 0 | a_0 | a_max(s) | law | measured | ratio |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    rows: list[Row] = []
    with ProcessPoolExecutor(asked.processes) as pool:
        left = iter(pool.map(examine, [name for name in names if name not in known]))
        for name in names:
            found = known[name] if name in known else next(left)
            if asked.keep and name not in known:
                with asked.keep.open("a") as kept:
                    kept.writelines(json.dumps(asdict(row)) + "\n" for row in found)
            rows += found
            for r in found:
                numbers = (r.updates, r.a, r.limit, r.predicted, r.measured, r.ratio)
                told = " | ".join(f"{number:.3g}" for number in numbers)
                print(f"| {r.problem} | {r.law} | {r.staleness} | {told} |", flush=True)
    print("\nErrors as factors:\n")
    print("| settings | number | median | nine in ten | worst |\n|---|---|---|---|---|")
    groups: dict[str, Callable[[Row], bool]] = {"all": lambda row: True}
    groups["long runs"] = lambda row: row.updates >= LONG * row.staleness
    groups |= {
        f"{word}, {length}": lambda row, word=word, long=long: (
            row.law == word and (row.updates >= LONG * row.staleness) == long
        )
        for word in LAWS
        for length, long in (("long runs", True), ("short runs", False))
    }
    for words, chosen in groups.items():
        members = [row for row in rows if chosen(row)]
        if members:
            print(f"| {words} | {len(members)} | {errors(members)} |")


if __name__ == "__main__":
    main()
