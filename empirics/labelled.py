"""Runs as a labelled dataset, and back: what a saved file holds, under which names."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirics.moments import MAPPING, MEASURES, Moments, Statistics
from empirics.problems.base import Array, Constant
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.reads import Reads

if TYPE_CHECKING:
    import xarray

    from empirics.runs import Runs

FORMAT = 5  # of saved files; raised when an older reader would misread a newer file
OLDER = (4,)  # that are read too: 4 knew neither regions, which no replica has left, nor mappings

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
    "mapping": "L^2 |x_t - prox(x_t - grad f(x_t)/L)|^2",
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


def dataset_of(runs: Runs) -> xarray.Dataset:
    """What `Runs.to_dataset` gives."""
    import xarray

    s = runs.statistics
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
        "step_size": runs.step_sizes,
        "delay": runs.delays,
        "delay_count": runs.reads and runs.reads.counts,
        "delivery_count": runs.deliveries and runs.deliveries.counts,
        "lost_at": runs.lost_at,
        "left_at": runs.left_at,
        "time": runs.times,
        "lag": runs.lags,
    }
    facts = {
        "format": FORMAT,
        "replicas": runs.replicas,
        "reads": runs.reads and _facts(runs.reads),
        "tau_max": runs.tau_max,
        "exogenous": runs.exogenous,
        "deterministic": runs.deterministic,
        "region": runs.region,
        "looseness": dict(runs.looseness),
        "complete": runs.complete,
    }
    constants = {name: asdict(constant) for name, constant in runs.constants.items()}
    windowless = not len(runs.lags)  # netCDF takes a dimension of length 0 for an open one
    each = {
        f"{MEASURES[name]}_each": (
            ("time", "replica"),
            values,
            {"long_name": f"{_MEASURED[MEASURES[name]]} of every replica", "units": "1"},
        )
        for name, values in runs.each.items()
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
            "settings": json.dumps(runs.settings),
        },
    )


def _facts(reads: Reads) -> dict[str, Any]:
    """All of them but the counts, which are an array."""
    return {name: value for name, value in vars(reads).items() if name != "counts"}


def fields_of(dataset: xarray.Dataset) -> dict[str, Any]:
    """The fields of the Runs whose `dataset_of` this is; ValueError if it is of another format."""
    facts = json.loads(dataset.attrs["facts"])
    if facts["format"] not in (FORMAT, *OLDER):
        raise ValueError(f"format {facts['format']} is not format {FORMAT}, which is read here")
    times, older = len(dataset["time"]), facts["format"] in OLDER

    def real(name: str) -> Array:
        if name not in dataset and "lag" in _VARIABLES[name][0]:
            return np.empty((times, 0))  # of the window, which was not asked for
        return np.array(dataset[name], dtype=np.float64)

    def count(name: str) -> NDArray[np.int64]:
        return np.array(dataset[name], dtype=np.int64)

    def moments(name: str) -> Moments:
        if older and name == MEASURES[MAPPING] and f"{name}_mean" not in dataset:
            return Moments.none(times, facts["replicas"])
        return Moments(count=facts["replicas"], mean=real(f"{name}_mean"), M2=real(f"{name}_M2"))

    return dict(
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
        left_at=np.full(facts["replicas"], -1) if older else count("left_at"),
        region=None if older else facts["region"],
        looseness=facts["looseness"],
        settings=json.loads(dataset.attrs["settings"]),
        complete=facts["complete"],
        each={
            name: real(f"{field}_each")
            for name, field in MEASURES.items()
            if f"{field}_each" in dataset
        },
    )
