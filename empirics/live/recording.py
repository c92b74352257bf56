"""What was recorded: the history of the workers, where they got to, and on what machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.schedules.history import History


@dataclass(frozen=True, eq=False, kw_only=True)
class Recording:
    """The outcome of `record`.

    Fields: history, one row an update, times in seconds since all workers began; flying, the number
    of the iterate that each worker was still computing at when it ended, -1 if none, (W,);
    computing, the seconds that each gradient took in its worker, (T,), the rest of ended - begun
    being transport and waiting; iterate = x_T, (dim,); value = f(x_T); stopped, why there are fewer
    updates than were asked for, empty if there are not; settings, what was asked for and the
    machine, ready for JSON.
    """

    history: History
    flying: NDArray[np.int64]
    computing: Array
    iterate: Array
    value: float
    stopped: str
    settings: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether all updates are there that were asked for."""
        return not self.stopped

    @property
    def shares(self) -> Array:
        """The part of all updates that each worker has made, (W,)."""
        past = self.history
        shares: Array = np.bincount(past.worker, minlength=past.workers) / past.updates
        return shares

    @property
    def idle(self) -> NDArray[np.int64]:
        """The updates made between one gradient of a worker and its next reading, in all, (W,).

        None if whoever delivers is answered at once. With them, delays and ages add up exactly:
        sum(tau) + sum(T - flying) + sum(idle) == (W - 1) T.
        """
        past, T = self.history, self.history.updates
        idle = np.zeros(past.workers, dtype=np.int64)
        for w, now in enumerate(self.flying.tolist()):
            mine = past.worker == w
            reads = np.append(past.read[mine], now if now >= 0 else T)
            idle[w] = (reads[1:] - past.applied[mine] - 1).sum()
        return idle

    def summary(self) -> dict[str, Any]:
        """The numbers to look at first, ready for JSON."""
        past = self.history
        delays = past.delays
        p50, p99 = np.percentile(delays, [50, 99], method="inverted_cdf").tolist()
        seconds = float(past.ended[-1])
        return {
            "updates": past.updates,
            "workers": past.workers,
            "complete": self.complete,
            "stopped": self.stopped,
            "seconds": seconds,
            "updates_per_second": past.updates / seconds if seconds else None,
            "mean_delay": float(delays.mean()),
            "median_delay": int(p50),
            "p99_delay": int(p99),
            "max_delay": int(delays.max()),
            "shares": self.shares.tolist(),
            "seconds_of_computing": float(np.median(self.computing)),
            "value": self.value if np.isfinite(self.value) else None,
            "settings": dict(self.settings),
        }

    def save(self, path: str | PathLike[str]) -> None:
        """Write the history as `History.save` does, with how it was recorded in its head."""
        self.history.save(path, self.notes())

    def notes(self) -> list[str]:
        """How it was recorded, in lines for the head of its file."""
        asked, machine = self.settings, self.settings["machine"]
        often = asked["repeats"]
        slow = f", {often * asked['straggler']:g} by worker 0" if asked["straggler"] else ""
        took = 1e3 * float(np.median(self.computing))
        load = "" if machine["load"] is None else f", load {machine['load']:.1f} before it began"
        steps = ", ".join(f"{k} = {v:g}" for k, v in asked["step"].items() if k != "label")
        return [
            f"recorded by {asked['workers']} processes over {asked['over']}, each gradient "
            f"computed {often} times{slow}; the median takes {took:.2g} ms",
            f"{asked['problem']['kind']}, dim = {len(self.iterate)}, step {asked['step']['label']}"
            + (f", {steps}" if steps else ""),
            f"{machine['cores']} cores{load}, {machine['system']}, Python {machine['Python']}, "
            f"NumPy {machine['NumPy']}, {machine['start method']}",
            "times in seconds since all workers began",
            *([f"stopped early: {self.stopped}"] if self.stopped else []),
        ]


def machine(start_method: str) -> dict[str, Any]:
    """What is worth knowing of the machine, and gives nothing away."""
    mine = getattr(os, "sched_getaffinity", None)
    load = getattr(os, "getloadavg", None)
    return {
        "cores": len(mine(0)) if mine else os.cpu_count(),
        "load": round(load()[0], 2) if load else None,
        "system": platform.system(),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "start method": start_method,
    }
