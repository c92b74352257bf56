"""What a theorem bounds, as seen on runs: least, average or last value, with limits of its mean.

Limits hold at all recorded times together, so whatever is made of them holds too: the least of
them, the last, and every average over time. An average of limits is wider than a limit of the
average would be, but it needs no more than the limits, for any weights that are not negative and
however the times of one replica depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sympy import expand_log, log

from empirics.compare.constants import needed
from empirics.compare.measured import RECORDED
from empirics.compare.numbers import SLIP, Numbers, reached
from empirics.moments import AT_READ_POINTS, MEASURES
from empirics.problems.base import Array
from empirics.runs import Runs
from empirics.statistics import Chosen, Limits, Method, limits_of_means
from theory.quantities import (
    COMPOSITE_EXCESS,
    EXCESS,
    GAP,
    REGRET,
    SQUARED_DISTANCE,
    Quantity,
)
from theory.theorem import Theorem

GAPS = (GAP, EXCESS, COMPOSITE_EXCESS, REGRET)
SUMMARIES = ("least", "last", "total", "average", "weighted average")


@dataclass(frozen=True, eq=False, kw_only=True)
class Seen:
    """The quantity of a theorem on runs.

    Fields: horizons, (H,), those of the theorem that the runs reach; iterates, how many each looks
    at; mean, lower and upper, the quantity and its limits there; path, the quantity after each
    recorded number of iterates, as pairs of arrays, (2, times), for drawing; missing, one clause on
    what was not recorded, empty if nothing is amiss; times, how many have limits that hold
    together; method and tails, of what kind these are and why.
    """

    horizons: NDArray[np.int64]
    iterates: NDArray[np.int64]
    mean: Array
    lower: Array
    upper: Array
    path: Array
    missing: str
    times: int = 0
    method: str = "none"
    tails: str = "nothing was measured"


def measures_for(theorem: Theorem) -> tuple[str, ...]:
    """What `simulate` has to measure for a theorem, to be given to it as `measures`.

    >>> from theory import results
    >>> measures_for(results.lian2015.nonconvex)
    ('squared gradient', 'gap')
    """
    wanted = {"squared gradient", "gap", _name(theorem.quantity)}
    wanted |= {RECORDED[name] for name in needed(theorem) & set(RECORDED)}
    return tuple(name for name in MEASURES if name in wanted)


def see(
    theorem: Theorem,
    runs: Runs,
    numbers: Numbers,
    alpha: float,
    *,
    within: float | None = None,
    method: Method = "auto",
) -> Seen:
    """The quantity of a theorem on runs, at every horizon that they reach.

    within and method as in `limits_of_means`.
    """
    quantity = theorem.quantity
    name = _name(quantity)
    if not measurable(quantity):
        return nothing(f"there is no measurement of {quantity}")
    moments = getattr(runs.statistics, MEASURES[name])
    at = runs.times >= 0
    if quantity.place == "next iterate":
        at &= runs.times > 0
    elif quantity.summary not in ("least", "last") or name.endswith(AT_READ_POINTS):
        at &= runs.times < len(runs.step_sizes)  # one term an update
    times = runs.times[at]
    term = times - 1 if quantity.place == "next iterate" else times  # of the first, second, ...
    chosen = _chosen(runs, name, at, alpha, within, method)
    limits = _limits(runs, quantity, moments.mean[at], chosen.limits)
    measured = int(at.sum())
    three = np.array([moments.mean[at], limits.lower, limits.upper])
    complete = np.logical_and.accumulate(term == np.arange(len(term)))
    missing = _missing(theorem, runs, name, times, complete)
    match quantity.summary:
        case "least":
            three = np.minimum.accumulate(three, axis=1)
            three[1, ~complete] = np.nan  # the least may be one that was not recorded
        case "last":
            pass
        case "total":
            times, three = times[complete], np.cumsum(three[:, complete], axis=1)
        case _:
            times, three = times[complete], three[:, complete]
            three = _averages(quantity, numbers, three)
    if np.isnan(three[0]).any():
        times, three = times[:0], three[:, :0]
    horizons, places = _reached(theorem, runs, numbers, times)
    return Seen(
        horizons=horizons,
        iterates=times[places] + 1,
        mean=three[0, places],
        lower=three[1, places],
        upper=three[2, places],
        path=np.array([times + 1, three[0]]),
        missing=missing,
        times=measured,
        method=chosen.method,
        tails=chosen.why,
    )


def measurable(quantity: Quantity) -> bool:
    """Whether runs show it at all."""
    return _name(quantity) in MEASURES and quantity.summary in SUMMARIES


def nothing(missing: str) -> Seen:
    """No horizon, for want of something."""
    none, whole = np.empty(0), np.empty(0, dtype=np.int64)
    return Seen(
        horizons=whole,
        iterates=whole,
        mean=none,
        lower=none,
        upper=none,
        path=np.empty((2, 0)),
        missing=missing,
    )


def _name(quantity: Quantity) -> str:
    """What has to be measured.

    Here x* is a minimiser, Psi is 0 and all losses are F: an excess over x* is a gap, and regret is
    made of gaps at read points.
    """
    at_read_points = quantity.place == "read point" or quantity.measure == REGRET
    name = "gap" if quantity.measure in GAPS else quantity.measure.name
    return name + (AT_READ_POINTS if at_read_points else "")


def _chosen(
    runs: Runs,
    name: str,
    at: NDArray[np.bool_],
    alpha: float,
    within: float | None,
    method: Method,
) -> Chosen:
    """Limits of the means of a measure at these times; none are needed where nothing is random."""
    moments = getattr(runs.statistics, MEASURES[name])
    mean = moments.mean[at]
    if runs.certain:
        limits = Limits(lower=mean, upper=mean, alpha=alpha)
        why = "nothing is random" if runs.deterministic else "the means are exact"
        return Chosen(limits=limits, method="exact", why=why)
    each = runs.each.get(name)
    return limits_of_means(
        mean,
        moments.standard_error[at],
        runs.replicas,
        alpha,
        each=None if each is None else each[at],
        within=within,
        method=method,
        seed=runs.settings.get("seed", 0),
    )


def _limits(runs: Runs, quantity: Quantity, mean: Array, found: Limits) -> Limits:
    """Limits of the means, widened by what is not known of infimum and minimiser, and >= 0."""
    lower, upper = np.maximum(found.lower, 0), found.upper
    measure = "squared distance" if quantity.measure == SQUARED_DISTANCE else "gap"
    loose = runs.looseness.get(measure, np.nan)
    with np.errstate(invalid="ignore"):
        if quantity.measure in GAPS:  # measured from below the infimum, if not from it
            lower = np.maximum(lower - loose, 0)
        if quantity.measure == SQUARED_DISTANCE:
            lower = np.maximum(np.sqrt(lower) - loose, 0) ** 2
            upper = (np.sqrt(upper) + loose) ** 2
    return Limits(lower=lower, upper=upper, alpha=found.alpha)


def _missing(
    theorem: Theorem,
    runs: Runs,
    name: str,
    times: NDArray[np.int64],
    complete: NDArray[np.bool_],
) -> str:
    """What was not recorded, as a clause."""
    if name not in runs.settings["measures"]:
        return (
            f"the {name} was not measured; simulate with "
            f"measures={measures_for(theorem)} (measures_for gives them)"
        )
    if np.isnan(getattr(runs.statistics, MEASURES[name]).mean[: len(times)]).any():
        return f"the problem does not know the {name}"
    if theorem.quantity.summary not in ("least", "last") and not complete.all():
        first = int(np.flatnonzero(np.append(~complete, True))[0])
        article = "a sum" if theorem.quantity.summary == "total" else "an average"
        return (
            f"{article} needs every iterate, and x_{first} was not recorded; simulate with "
            'record="all"'
        )
    return ""


def _averages(quantity: Quantity, numbers: Numbers, values: Array) -> Array:
    """Averages over the first one, two, ... terms, (3, K) -> (3, K)."""
    count = values.shape[1]
    if quantity.weights is None:
        return np.asarray(np.cumsum(values, axis=1) / np.arange(1, count + 1))
    index, first = quantity.count.index, quantity.count.first
    # logarithms: weights such as (1 - q)^(-t) leave the floating numbers
    rule = expand_log(log(quantity.weights.expression), force=True)
    logs = numbers.at(rule, index, np.arange(first, first + count))
    with np.errstate(invalid="ignore"):
        shares = np.exp(logs - np.logaddexp.accumulate(logs))  # of the newest term
    averages = np.empty_like(values)
    total = np.zeros(len(values))
    for place, share in enumerate(np.nan_to_num(shares).tolist()):
        with np.errstate(invalid="ignore"):
            total = np.where(np.isinf(total), total, total + share * (values[:, place] - total))
        averages[:, place] = total
    return averages


def _reached(
    theorem: Theorem, runs: Runs, numbers: Numbers, times: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Horizons whose last iterate is among the times, and where, as far as conditions hold."""
    horizons, places = reached(theorem, times, len(runs.step_sizes))
    for condition in theorem.restrictions:
        if theorem.horizon in condition.expression.free_symbols and horizons.size:
            met = numbers.at(condition.expression, theorem.horizon, horizons) >= -SLIP
            horizons, places = horizons[met], places[met]
    return horizons, places
