"""Histories of real workers that come with the package; the README beside them says how."""

from __future__ import annotations

from pathlib import Path

from empirics.schedules.history import History

RECORDED = {
    "equal": "4 equal workers over pipes, on 2 cores",
    "straggler": "4 workers over pipes, worker 0 four times slower, on 2 cores",
    "crowded": "8 equal workers over pipes, on 2 cores",
    "shared-memory": "4 equal workers that share memory under a lock, on 2 cores",
}


def recorded(name: str) -> History:
    """A history of real workers, recorded with `staleness record`: 2,000 updates, times in seconds.

    Parameters: name, "equal", "straggler", "crowded" (more workers than cores) or "shared-memory".
    Raises ValueError if there is none of that name.

    >>> past = recorded("straggler")
    >>> past.updates, past.workers, float(past.delays.mean()) > 2.9
    (2000, 4, True)
    >>> past.replay().timed
    True
    """
    if name not in RECORDED:
        known = ", ".join(RECORDED)
        raise ValueError(f"there is no recorded history {name!r}; there are {known}")
    return History.load(Path(__file__).parent / f"{name}.csv")
