"""What happened in runs, and what a schedule did: a few numbers, as JSON and as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.measure import average_over_time, coherence
from empirics.moments import MEASURES, Moments
from empirics.runs import Runs
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.history import History
from empirics.schedules.messages import Messages
from empirics.schedules.reads import Reads

GROWN = 10.0  # a squared gradient so many times as large at the end deserves a sentence


@dataclass(frozen=True, kw_only=True)
class Delayed:
    """What delays did.

    Fields: mean, median, p99 (99 of 100 gradients are no older) and longest, in updates; flying,
    most gradients in flight over an update; reads, most readings of one iterate; discarded,
    gradients thrown away; time_per_update, None where the schedule knows no time. Of messages
    between caches, the delays in iterations, and None for the rest.
    """

    mean: float
    median: int
    p99: int
    longest: int
    flying: int | None = None
    reads: int | None = None
    discarded: int | None = None
    time_per_update: float | None = None

    def __str__(self) -> str:
        words = (
            f"mean {self.mean:.4g}, median {self.median}, p99 {self.p99}, longest {self.longest}"
        )
        if self.flying is None or self.reads is None:
            return f"messages between caches, in iterations: {words}"
        words += (
            f"; at most {count(self.flying, 'gradient')} in flight, "
            f"{count(self.reads, 'reading')} of one iterate"
        )
        if self.discarded:
            words += f"; {count(self.discarded, 'gradient')} discarded"
        if self.time_per_update is not None:
            words += f"; time {self.time_per_update:.4g} an update"
        return f"delays: {words}"


def of_reads(reads: Reads, time_per_update: float | None = None) -> Delayed:
    """The numbers of what was counted.

    >>> from empirics.schedules import multiplicity
    >>> print(of_reads(multiplicity(np.array([0, 1, 2, 2, 2]))))
    delays: mean 1.4, median 2, p99 2, longest 2; at most 2 gradients in flight, 1 reading of one \
iterate
    """
    return Delayed(
        **_places(reads.counts),
        flying=reads.flying,
        reads=reads.reads,
        discarded=reads.discarded,
        time_per_update=time_per_update,
    )


def of_deliveries(deliveries: Deliveries) -> Delayed:
    """The numbers of messages: an update made in iteration t arrives at the start of t + delay.

    >>> print(of_deliveries(Deliveries(counts=np.array([3, 0, 1]))))
    messages between caches, in iterations: mean 1.5, median 1, p99 3, longest 3
    """
    return Delayed(**_places(np.append(0, deliveries.counts)))


def _places(counts: NDArray[np.int64]) -> dict[str, Any]:
    """Where the delays 0, 1, ... lie that occurred so often."""
    below = np.cumsum(counts) / counts.sum()
    return {
        "mean": float(counts @ np.arange(len(counts)) / counts.sum()),
        "median": int(np.searchsorted(below, 0.5)),
        "p99": int(np.searchsorted(below, 0.99)),
        "longest": int(np.flatnonzero(counts)[-1]),
    }


def of_messages(messages: Messages) -> Delayed:
    """The numbers of the messages of one replica."""
    return of_deliveries(Deliveries(counts=np.bincount(messages.extra.ravel())))


def of_history(history: History) -> Delayed:
    """The numbers of one history."""
    clock = float(history.ended[history.applied >= 0][-1]) / history.updates
    return of_reads(reads_of(history), clock if history.timed else None)


def reads_of(history: History) -> Reads:
    """What delays did in one history; what was still in flight at its end is left out.

    Readings of x_0 are left out of `reads` too: there the start decides.

    >>> from empirics import schedules
    >>> reads_of(schedules.history(schedules.Cyclic([0, 1, 2]), steps=30)).reads
    3
    """
    delays, updates, read = history.delays, history.updates, history.read
    end = history.applied.copy()  # the update at which a gradient is no longer in flight
    for i in np.flatnonzero(end < 0)[::-1].tolist():
        end[i] = end[i + 1] if i + 1 < len(end) else updates
    aloft = np.cumsum(
        np.bincount(read, minlength=updates + 1) - np.bincount(end, minlength=updates + 1)
    )
    later = read[read > 0]
    used = history.applied >= 0
    return Reads(
        reads=int(np.bincount(later).max()) if later.size else 1,
        cold_reads=int((read == 0).sum()) - 1,
        counts=np.bincount(delays),
        flying=int(aloft.max()),
        average=float(delays.mean()),
        discarded=int((~used).sum()),
    )


def of_runs(runs: Runs) -> dict[str, Any]:
    """What happened in runs, ready for JSON: None stands for what is not finite.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(spectrum=[1.0], start=[2.0])
    >>> told = of_runs(simulate(problem, schedules.Constant(1), step=0.5, steps=20, replicas=4))
    >>> told["measures"]["gap"]["first"], told["delays"]["longest"]
    ({'t': 0, 'mean': 2.0, 'standard error': 0.0}, 1)
    """
    statistics, lost = runs.statistics, runs.lost_at[runs.lost_at >= 0]
    asked = runs.settings["measures"]
    clock = statistics.time.mean[-1]
    timed = "time" in asked and runs.times[-1] > 0
    told: dict[str, Any] = {
        "updates": len(runs.step_sizes),
        "replicas": runs.replicas,
        "complete": runs.complete,
        "measures": {
            name: _ends(runs, getattr(statistics, MEASURES[name]))
            for name in asked
            if name != "time"
        },
        "diverged": {"replicas": len(lost), "first": int(lost.min()) if len(lost) else None},
    }
    if runs.region is not None:
        left = runs.left_at[runs.left_at >= 0]
        told["region"] = {
            "words": runs.region,
            "left": len(left),
            "first": int(left.min()) if len(left) else None,
        }
    record = runs.settings["record"]
    if record == "all" or (isinstance(record, list) and record[0] == "random"):
        for name, ends in told["measures"].items():
            if not np.isnan(getattr(statistics, MEASURES[name]).mean[:-1]).any():
                ends["average"] = _finite(average_over_time(runs, name))
    if runs.reads is not None:
        told["delays"] = asdict(
            of_reads(runs.reads, float(clock / runs.times[-1]) if timed else None)
        )
    if runs.deliveries is not None:
        told["delays"] = asdict(of_deliveries(runs.deliveries))
    if len(runs.lags):
        found = coherence(runs)
        told["coherence"] = {
            "window": len(runs.lags),
            "expected": _finite(_least(found.expected)),
            "replica": _finite(_least(found.minimum)),
        }
    if runs.settings["noise"]:
        told["noise"] = {
            "mean": _finite(_most(statistics.noise_mean)),
            "largest": _finite(_most(statistics.noise_max)),
            "infinite": bool(  # of itself, and not because replicas are lost
                (np.isposinf(statistics.noise_max) & (statistics.diverged == 0)).any()
            ),
        }
    return told


def lines(told: Mapping[str, Any]) -> list[str]:
    """What `of_runs` tells, to be read.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(spectrum=[1.0], start=[2.0])
    >>> runs = simulate(problem, schedules.Constant(0), step=0.5, steps=2, measures="gap")
    >>> for line in lines(of_runs(runs)):
    ...     print(line)
                      first           last                least               average over t
    squared gradient  4 +- 0 (t = 0)  0.25 +- 0 (t = 2)   0.25 +- 0 (t = 2)   2.5
    gap               2 +- 0 (t = 0)  0.125 +- 0 (t = 2)  0.125 +- 0 (t = 2)  1.25
    delays: mean 0, median 0, p99 0, longest 0; at most 0 gradients in flight, 1 reading of one \
iterate
    """
    rows: list[tuple[str, ...]] = [("", "first", "last", "least", "average over t")]
    for name, ends in told["measures"].items():
        cells = [_words(ends[which]) for which in ("first", "last", "least")]
        rows.append((name, *cells, _average(ends)))
    if not any("average" in ends for ends in told["measures"].values()):
        rows = [row[:-1] for row in rows]
    found = table(rows)
    found.append(str(Delayed(**told["delays"])))
    if "coherence" in told:
        c = told["coherence"]
        found.append(
            f"coherence over {c['window']} gradients: at least {_number(c['expected'])} in "
            f"expectation, {_number(c['replica'])} in every replica"
        )
    if "noise" in told:
        n = told["noise"]
        found.append(
            "noise E|xi|^2: infinite, it has no variance"
            if n["infinite"]
            else f"noise E|xi|^2: at most {_number(n['mean'])} in the mean, "
            f"{_number(n['largest'])} in every replica"
        )
    lost, norm = told["diverged"]["replicas"], told["measures"]["squared gradient"]
    grown = not lost and norm["last"]["mean"] > GROWN * norm["first"]["mean"]
    if grown:
        found.append(
            f"the squared gradient ends {norm['last']['mean'] / norm['first']['mean']:.2g} times "
            "as large as it began: try a smaller step"
        )
    if lost:
        found.append(
            f"{lost} of {told['replicas']} replicas diverged, the first by update "
            f"{told['diverged']['first']}; from then on means are infinite: try a smaller step"
        )
    if "region" in told:
        found.append(_region(told["region"], told["replicas"]))
    return found


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text in columns that line up.

    >>> table([("a", "b"), ("long", "c")])
    ['a     b', 'long  c']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = ((cell.ljust(n) for cell, n in zip(row, widths, strict=True)) for row in rows)
    return ["  ".join(row).rstrip() for row in cells]


def _region(told: Mapping[str, Any], replicas: int) -> str:
    if not told["left"]:
        return f"no replica left the region {told['words']}, on which the constants hold"
    return (
        f"{told['left']} of {count(replicas, 'replica')} left the region {told['words']}, on which "
        f"the constants hold, the first at update {told['first']}"
    )


def _ends(runs: Runs, moments: Moments) -> dict[str, Any]:
    """The first, last and least mean of a measure, each with its time and standard error."""
    known = np.flatnonzero(~np.isnan(moments.mean))
    if not known.size:
        return dict.fromkeys(("first", "last", "least"))
    places = {
        "first": known[0],
        "last": known[-1],
        "least": known[np.argmin(moments.mean[known])],
    }
    return {
        name: {
            "t": int(runs.times[k]),
            "mean": _finite(moments.mean[k]),
            "standard error": _finite(moments.standard_error[k]),
        }
        for name, k in places.items()
    }


def _words(end: Mapping[str, Any] | None) -> str:
    if end is None:
        return "not known"
    if end["mean"] is None:
        return f"infinite (t = {end['t']})"
    error = end["standard error"]
    if error is not None and error < 1e-12 * abs(end["mean"]):  # nothing but rounding
        error = 0.0
    spread = "" if error is None else f" +- {error:.2g}"
    return f"{end['mean']:.4g}{spread} (t = {end['t']})"


def _average(ends: Mapping[str, Any]) -> str:
    if ends.get("average", 0) is None:
        return "infinite"
    return _number(ends.get("average"))


def count(number: int, noun: str) -> str:
    """A number with its noun in the plural if need be.

    >>> count(1, "replica"), count(2, "replica")
    ('1 replica', '2 replicas')
    """
    return f"{number} {noun}{'s' * (number != 1)}"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4g}"


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _least(values: Any) -> float:
    return float(np.nanmin(values)) if np.isfinite(values).any() else np.nan


def _most(values: Any) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else np.nan
