"""Constants of a run that no problem knows beforehand: measured along it, from above or below."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from empirics.moments import MEASURES
from empirics.problems.base import Array, Constant, Provenance
from empirics.runs import Runs
from empirics.statistics import simultaneous_limits

# what is measured, and what `simulate` has to record for it
RECORDED = {
    "G": "squared gradient at read points",
    "M_2": "squared gradient at read points",
    "D": "squared distance",
    "sigma_d": "direction",
}


def measured(names: set[str], runs: Runs, alpha: float) -> dict[str, Constant]:
    """Those of the constants that the runs show; alpha is the chance that a limit is wrong.

    G and M_2: E|g_t|^2 = E|grad F(y_t)|^2 + E|xi_t|^2 is at most M_2 = G^2 at every update.
    D: E|x_t - x*|^2 is at most D^2. sigma_d: E<grad F(x_t), grad F(y_t)> is at least
    sigma_d E|grad F(x_t)|^2, as far as means over the replicas can tell.
    """
    found: dict[str, Constant] = {}
    if names & {"G", "M_2"}:
        found |= second_moment(runs, alpha)
    if "D" in names:
        found |= _diameter(runs, alpha)
    if "sigma_d" in names:
        found |= direction(runs)
    return found


def second_moment(runs: Runs, alpha: float) -> dict[str, Constant]:
    """G and M_2: of the problem, or from limits of the squared gradients at the points read.

    The smaller of the two, where both are known; what the problem knows needs no recording.
    """
    known, found = runs.constants, []
    if "second_moment" in known:
        found.append(known["second_moment"])
    most = _largest(runs, RECORDED["M_2"], alpha, after=False)
    if most is not None and "sigma" in known:
        sigma, growth = known["sigma"], known.get("relative_noise")
        M = 0.0 if growth is None else growth.value
        guessed = any(a is not None and a.provenance == "estimate" for a in (sigma, growth))
        times = f" times {1 + M:.4g}" * bool(M)
        why = f"the largest E|grad F(y_t)|^2 of the run, at most {most:.4g},{times} plus sigma^2"
        found.append(
            Constant(
                value=(1 + M) * most + sigma.value**2,
                provenance="estimate" if guessed else _limit(runs),
                why=why + _over_delays(runs),
            )
        )
    if not found:
        return {}
    least = _sharpest(found)
    root = replace(least, value=least.value**0.5, why=f"the root of {least.why}")
    return {"M_2": least, "G": root}


def gradients_met(runs: Runs, alpha: float) -> dict[str, Constant]:
    """G of the full gradients at the iterates, the noise apart: of the problem, or measured."""
    found = []
    if "gradient_bound" in runs.constants:
        found.append(runs.constants["gradient_bound"])
    most = _largest(runs, "squared gradient", alpha, after=False)
    if most is not None:
        why = f"the root of a limit of the largest E|grad F(x_t)|^2 of the run{_over_delays(runs)}"
        found.append(Constant(value=most**0.5, provenance=_limit(runs), why=why))
    return {"G": _sharpest(found)} if found else {}


def _sharpest(found: list[Constant]) -> Constant:
    """The smallest of those that are sure; of estimates only if there are no others."""
    return min(found, key=lambda a: (a.provenance == "estimate", a.value))


def direction(runs: Runs) -> dict[str, Constant]:
    """sigma_d, where the noise that is applied is fresh; it may come out negative."""
    steps = len(runs.step_sizes)
    along = _every(runs, runs.statistics.direction.mean, steps)
    norm = _every(runs, runs.statistics.squared_norm.mean, steps)
    if along is None or norm is None or (runs.settings["reuse"] and not runs.deterministic):
        return {}
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(norm > 0, along / norm, np.inf)
    at = int(ratio.argmin())
    if not np.isfinite(ratio[at]):
        return {}
    why = f"the lowest E<grad F(x_t), grad F(y_t)>/E|grad F(x_t)|^2 of the run, at t = {at}"
    undelayed = runs.reads is not None and runs.reads.longest == 0  # then it is 1 on every path
    exact = undelayed or (runs.certain and runs.given_delays)
    provenance: Provenance = "exact" if exact else "estimate"
    return {"sigma_d": Constant(value=float(ratio[at]), provenance=provenance, why=why)}


def _diameter(runs: Runs, alpha: float) -> dict[str, Constant]:
    most = _largest(runs, RECORDED["D"], alpha, after=True)
    if most is None:
        return {}
    value = most**0.5 + runs.looseness["squared distance"]
    why = f"the largest distance of the run from x*{_over_delays(runs)}"
    return {"D": Constant(value=value, provenance=_limit(runs), why=why)}


def _limit(runs: Runs) -> Provenance:
    """How sure a limit of a mean is: theorems take the delays as given, and means are over them."""
    return "bound" if runs.given_delays else "estimate"


def _over_delays(runs: Runs) -> str:
    return "" if runs.given_delays else ", over all delays, while the theorem takes them as given"


def _largest(runs: Runs, measure: str, alpha: float, *, after: bool) -> float | None:
    """An upper limit of a measure at every update (and after the last); None if not recorded."""
    count = len(runs.step_sizes) + after
    moments = getattr(runs.statistics, MEASURES[measure])
    mean, error = (_every(runs, a, count) for a in (moments.mean, moments.standard_error))
    if mean is None or not np.isfinite(mean).all():
        return None
    if runs.certain:
        return float(mean.max())
    limits = simultaneous_limits(mean, np.asarray(error), runs.replicas, alpha)
    most = float(limits.upper.max())
    return most if np.isfinite(most) else None


def _every(runs: Runs, values: Array, count: int) -> Array | None:
    """The values at t = 0, ..., count - 1, if all of them were recorded."""
    kept = values[runs.times < count]
    return kept if len(kept) == count and not np.isnan(kept).all() else None
