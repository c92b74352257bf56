"""Runs: what was simulated, with everything needed to judge it later and to do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirics.moments import MEASURES, Moments, Statistics
from empirics.problems.base import Array, Constant
from empirics.schedules.base import Delays
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.reads import Reads

if TYPE_CHECKING:
    import xarray

FORMAT = 5  # of saved files; raised when an older reader would misread a newer file
OLDER = (4,)  # that are read too: of 4, which knew no regions, no replica has left one


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
        import xarray

        s = self.statistics
        data = {
            **{f"{name}_mean": getattr(s, name).mean for name in MEASURES.values()},
            **{f"{name}_M2": getattr(s, name).M2 for name in MEASURES.values()},
            "inner_mean": s.inner.mean,
            "inner_M2": s.inner.M2,
            "inner_comoment": s.comoment,
            "coherence_min": s.coherence_min,
            "coherence_negative": s.coherence_negative,
            "coherence_undefined": s.coherence_undefined,
            "noise_mean": s.noise_mean,
            "noise_max": s.noise_max,
            "smoothness": s.smoothness,
            "diverged": s.diverged,
            "step_size": self.step_sizes,
            "delay": self.delays,
            "delay_count": self.reads and self.reads.counts,
            "delivery_count": self.deliveries and self.deliveries.counts,
            "lost_at": self.lost_at,
            "left_at": self.left_at,
            "time": self.times,
            "lag": self.lags,
        }
        facts = {
            "format": FORMAT,
            "replicas": self.replicas,
            "reads": self.reads and _facts(self.reads),
            "tau_max": self.tau_max,
            "exogenous": self.exogenous,
            "deterministic": self.deterministic,
            "region": self.region,
            "looseness": dict(self.looseness),
            "complete": self.complete,
        }
        constants = {name: asdict(constant) for name, constant in self.constants.items()}
        windowless = not len(self.lags)  # netCDF takes a dimension of length 0 for an open one
        each = {
            f"{MEASURES[name]}_each": (
                ("time", "replica"),
                values,
                {"long_name": f"{_MEASURED[MEASURES[name]]} of every replica", "units": "1"},
            )
            for name, values in self.each.items()
        }
        return xarray.Dataset(
            {
                name: (dims, data[name], {"long_name": long_name, "units": units})
                for name, (dims, long_name, units) in _VARIABLES.items()
                if not (windowless and "lag" in dims) and data[name] is not None
            }
            | each,
            attrs={
                "facts": json.dumps(facts),
                "constants": json.dumps(constants),
                "settings": json.dumps(self.settings),
            },
        )

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
            return _runs(dataset)
        except FileNotFoundError:
            raise FileNotFoundError(f"runs need an existing file, got {path}") from None
        except (OSError, TypeError, ValueError, KeyError, IndexError) as reason:
            raise ValueError(
                f"runs need a netCDF file written by Runs.save, got {path}, which fails with "
                f"{type(reason).__name__}: {' '.join(str(reason).split())}"
            ) from reason


_MEASURED = {
    "squared_norm": "|grad f(x_t)|^2",
    "gap": "f(x_t) - inf f",
    "squared_distance": "|x_t - x*|^2",
    "read_squared_norm": "|grad f(x_{t - tau_t})|^2",
    "read_gap": "f(x_{t - tau_t}) - inf f",
    "read_squared_distance": "|x_{t - tau_t} - x*|^2",
    "direction": "<grad f(x_t), grad f(x_{t - tau_t})>",
    "time": "the time at which x_t came to be",
    "disagreement": "mean over workers of |x_p - mean of all caches|^2",
}

# name: (dimensions, long_name, units)
_VARIABLES: dict[str, tuple[tuple[str, ...], str, str]] = {
    **{
        f"{name}_mean": (("time",), f"mean of {a} over replicas", "1")
        for name, a in _MEASURED.items()
    },
    **{
        f"{name}_M2": (("time",), f"sum of squared deviations of {a}", "1")
        for name, a in _MEASURED.items()
    },
    "inner_mean": (("time", "lag"), "mean of <grad f(x_t), grad f(x_{t-l})> over replicas", "1"),
    "inner_M2": (("time", "lag"), "sum of squared deviations of the inner product", "1"),
    "inner_comoment": (
        ("time", "lag"),
        "sum of products of deviations of inner product and |grad f(x_t)|^2",
        "1",
    ),
    "coherence_min": (("time",), "smallest pathwise coherence mu_t", "1"),
    "coherence_negative": (("time",), "replicas with mu_t < 0", "replicas"),
    "coherence_undefined": (("time",), "replicas with grad f(x_t) = 0", "replicas"),
    "noise_mean": (("time",), "mean over replicas of E|xi|^2 at x_t", "1"),
    "noise_max": (("time",), "largest E|xi|^2 at x_t over replicas", "1"),
    "smoothness": (("time",), "largest |grad f(x) - grad f(y)|/|x - y| of visited pairs", "1"),
    "diverged": (("time",), "replicas lost so far", "replicas"),
    "step_size": (("step",), "eta_t", "1"),
    "delay": (("step",), "tau_t, the same in all replicas", "updates"),
    "delay_count": (("tau",), "how often the delay occurred", "updates"),
    "delivery_count": (("extra",), "messages by extra delay r", "messages"),
    "lost_at": (("replica",), "the update by which the replica had diverged, -1: not", "updates"),
    "left_at": (
        ("replica",),
        "the first t at which x_t was outside the region, -1: never",
        "updates",
    ),
    "time": (("time",), "t", "updates"),
    "lag": (("lag",), "l", "updates"),
}


def _facts(reads: Reads) -> dict[str, Any]:
    """All of them but the counts, which are an array."""
    return {name: value for name, value in vars(reads).items() if name != "counts"}


def _runs(dataset: xarray.Dataset) -> Runs:
    """The Runs whose `to_dataset` this is."""
    facts = json.loads(dataset.attrs["facts"])
    if facts["format"] not in (FORMAT, *OLDER):
        raise ValueError(f"format {facts['format']} is not format {FORMAT}, which is read here")
    times = len(dataset["time"])

    def real(name: str) -> Array:
        missing = np.empty((times, 0))  # the window that was not asked for
        return np.array(dataset[name], dtype=np.float64) if name in dataset else missing

    def count(name: str) -> NDArray[np.int64]:
        return np.array(dataset[name], dtype=np.int64)

    def moments(name: str) -> Moments:
        return Moments(count=facts["replicas"], mean=real(f"{name}_mean"), M2=real(f"{name}_M2"))

    return Runs(
        times=count("time"),
        statistics=Statistics(
            **{name: moments(name) for name in MEASURES.values()},
            inner=moments("inner"),
            comoment=real("inner_comoment"),
            coherence_min=real("coherence_min"),
            coherence_negative=count("coherence_negative"),
            coherence_undefined=count("coherence_undefined"),
            noise_mean=real("noise_mean"),
            noise_max=real("noise_max"),
            smoothness=real("smoothness") if "smoothness" in dataset else np.full(times, np.nan),
            diverged=count("diverged"),
        ),
        reads=facts["reads"] and Reads(counts=count("delay_count"), **facts["reads"]),
        deliveries=(
            Deliveries(counts=count("delivery_count")) if "delivery_count" in dataset else None
        ),
        step_sizes=real("step_size"),
        constants={
            name: Constant(**constant)
            for name, constant in json.loads(dataset.attrs["constants"]).items()
        },
        tau_max=facts["tau_max"],
        exogenous=facts["exogenous"],
        delays=count("delay") if "delay" in dataset else None,
        deterministic=facts["deterministic"],
        lost_at=count("lost_at"),
        left_at=count("left_at") if "left_at" in dataset else np.full(facts["replicas"], -1),
        region=facts.get("region"),
        looseness=facts["looseness"],
        settings=json.loads(dataset.attrs["settings"]),
        complete=facts["complete"],
        each={
            name: real(f"{field}_each")
            for name, field in MEASURES.items()
            if f"{field}_each" in dataset
        },
    )
