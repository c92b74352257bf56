"""Runs: what was simulated, with everything needed to judge it later and to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirics.labelled import dataset_of, fields_of
from empirics.moments import Statistics
from empirics.problems.base import Array, Constant
from empirics.schedules.base import Delays
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.reads import Reads

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Runs:
    """The outcome of `simulate`.

    Fields: times, the recorded t, (K,); statistics at those times; reads, what the delays did from
    t = 0 to T - 1, None where workers have caches, whose gradients have no delay in updates;
    deliveries, how long the messages between caches took, None where there are none; step_sizes,
    eta_t for t = 0, ..., T - 1, (T,);
    constants of the problem, with Delta = f(x_0) - infimum and R = |x_0 - x*| beside them; tau_max
    and exogenous, what the schedule promises (tau_max the longest delay that occurred, if it
    promises none; None for caches); delays, tau_t for t = 0, ..., T - 1, (T,), None
    unless all replicas have the same, and an update one; deterministic, whether all replicas are
    one, there being no noise (never said of caches); lost_at, for each replica the update by which
    it had diverged, -1 if it has not, (n,): the first that is recorded, a multiple of 64 or the
    last, and at which it shows; left_at, for each replica the first t, recorded or not, at which
    x_t (of caches: any of them) lies outside the region of the problem, -1 if never, (n,); region,
    that region in words, None where the constants hold everywhere; looseness, by
    measure, how far what was measured may be off because infimum and minimiser are known only so
    well (a gap by so much too large, the root of a squared distance by so much either way);
    settings, what the runs can be repeated from, ready for JSON; complete, False if the run was
    interrupted and only some of its replicas are here; each, by measure, the values of every
    replica at those times, (K, n), infinite (a direction: not a number) where it is lost, empty
    unless asked for.
    """

    times: NDArray[np.int64]
    statistics: Statistics
    reads: Reads | None
    deliveries: Deliveries | None
    step_sizes: Array
    constants: Mapping[str, Constant]
    tau_max: int | None
    exogenous: bool
    delays: Delays | None
    deterministic: bool
    lost_at: NDArray[np.int64]
    left_at: NDArray[np.int64]
    region: str | None
    looseness: Mapping[str, float]
    settings: Mapping[str, Any]
    complete: bool
    each: Mapping[str, Array] = field(default_factory=dict)

    @property
    def certain(self) -> bool:
        """Whether means are the expectations themselves: nothing is random, or they are exact."""
        return self.deterministic or bool(self.settings.get("exact", False))

    @property
    def given_delays(self) -> bool:
        """Whether all replicas had the same delays, so that means are those given the delays."""
        undelayed = self.reads is not None and self.reads.longest == 0
        return self.delays is not None or undelayed

    @property
    def replicas(self) -> int:
        """The number of independent runs behind every mean."""
        return self.statistics.squared_norm.count

    @property
    def lags(self) -> NDArray[np.int64]:
        """The lags 0, ..., s - 1 of the window; none if it was not asked for."""
        return np.arange(self.statistics.inner.mean.shape[1])

    @property
    def first_divergence(self) -> int | None:
        """The first recorded time at which a replica is lost, None if none ever is."""
        lost = np.flatnonzero(self.statistics.diverged)
        return int(self.times[lost[0]]) if lost.size else None

    @property
    def divergence(self) -> str | None:
        """One sentence on the replicas that are lost, recorded or not; None if there are none.

        It names the one that is known to be lost first.
        """
        lost = np.flatnonzero(self.lost_at >= 0)
        if not lost.size:
            return None
        first = lost[self.lost_at[lost].argmin()]
        n, words = self.replicas, f"replica {first} diverged by update {self.lost_at[first]}"
        if n == 1:
            return words
        if lost.size == n:
            return f"{words}; all {n} replicas are lost"
        return f"{words}; {lost.size} of {n} replicas {'is' if lost.size == 1 else 'are'} lost"

    @property
    def departure(self) -> str | None:
        """One sentence on the replicas that left the region, recorded or not; None if none did."""
        left = np.flatnonzero(self.left_at >= 0)
        if not left.size or self.region is None:
            return None
        first, n = left[self.left_at[left].argmin()], self.replicas
        return (
            f"replica {first} left the region {self.region} at update {self.left_at[first]} "
            f"({left.size} of {n} replica{'s' * (n != 1)} left it)"
        )

    def to_dataset(self) -> xarray.Dataset:
        """All of it as one labelled xarray.Dataset, what is not an array as JSON attributes.

        Dimensions: time (recorded t), step (t of eta_t), tau (a delay) or extra (a delay of a
        message between caches), lag if there is a window.
        """
        return dataset_of(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a netCDF file, readable by any netCDF tool; counts become floating point."""
        Path(path).write_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The netCDF file that `save` writes."""
        dataset = self.to_dataset()
        whole = {
            name: {"dtype": "f8"} for name in dataset.variables if dataset[name].dtype.kind == "i"
        }
        file = dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT", encoding=whole)
        return bytes(file)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Runs:
        """Read back what `save` wrote.

        Raises FileNotFoundError if there is no such file, ValueError if it is not one of ours.
        """
        import xarray

        try:
            with xarray.open_dataset(path, engine="scipy") as opened:
                dataset = opened.load()
            return cls(**fields_of(dataset))
        except FileNotFoundError:
            raise FileNotFoundError(f"runs need an existing file, got {path}") from None
        except (OSError, TypeError, ValueError, KeyError, IndexError) as reason:
            raise ValueError(
                f"runs need a netCDF file written by Runs.save, got {path}, which fails with "
                f"{type(reason).__name__}: {' '.join(str(reason).split())}"
            ) from reason
