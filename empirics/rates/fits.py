"""Fits of a form, with intervals and a test by the bootstrap over replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems.base import Array, real, whole
from empirics.rates.curves import Summary, chosen, curves
from empirics.rates.forms import FORMS, fitted, misfit, named

if TYPE_CHECKING:
    from empirics.runs import Runs


@dataclass(frozen=True, eq=False, kw_only=True)
class RateFit:
    """A form, fitted.

    Fields: form, its name in FORMS; window, the first and last T that took part; times, (K,), all
    of them; mean, what was fitted there, and fitted, by what, (K,); coefficients, by letter;
    intervals, of each at the given confidence (percentiles of the bootstrap over replicas); misfit,
    the root mean square of fitted/mean - 1; p_value, the share of bootstrapped curves, scattered
    around the fit as the replicas are around their mean, that are fitted no better: small if the
    form is wrong. Not a number if replicas show no scatter, which leaves nothing to test.
    """

    form: str
    window: tuple[int, int]
    times: NDArray[np.int64]
    mean: Array
    fitted: Array
    coefficients: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    confidence: float
    misfit: float
    p_value: float

    def __call__(self, T: ArrayLike) -> Array:
        """The fitted curve at any T >= 1."""
        T = np.asarray(T, dtype=np.float64)
        form, values = FORMS[self.form], list(self.coefficients.values())
        linear = values[:-1] if form.rate else values
        columns = form.columns(T, values[-1]) if form.rate else form.columns(T)
        return np.asarray(columns @ np.array(linear))

    def __str__(self) -> str:
        parts = [
            f"{letter} = {value:.4g} [{low:.4g}, {high:.4g}]"
            for (letter, value), (low, high) in zip(
                self.coefficients.items(), self.intervals.values(), strict=True
            )
        ]
        tested = "" if np.isnan(self.p_value) else f", p = {self.p_value:.2g}"
        return (
            f"{FORMS[self.form].words}: {', '.join(parts)} ({self.confidence:.0%} intervals, "
            f"T = {self.window[0]}..{self.window[1]}), misfit {self.misfit:.1%}{tested}"
        )


def fit(
    runs: Runs,
    form: str = "two-term",
    *,
    measure: str = "squared gradient",
    summary: Summary = "last",
    window: tuple[int, int] | None = None,
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> RateFit:
    r"""Fit the mean over replicas, as a function of the number of updates T, in a form of FORMS.

    Relative errors are least in the mean square over at most 60 recorded times of the window,
    evenly spread in the logarithm; coefficients are >= 0. Parameters: runs, simulated with
    each=True; form, a key of FORMS; measure and summary, of what: "last", E a_T; "least",
    min_{t <= T} E a_t; "average", (1/T) sum_{t < T} E a_t; window, the first and last T, all
    recorded ones unless given; confidence and resamples of the bootstrap over replicas; seed of it.
    Raises ValueError if the runs do not keep replicas, some diverged in the window, a value is not
    positive, or fewer times are in the window than there are coefficients.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, L=1.0, sigma=1.0)
    >>> runs = simulate(problem, schedules.Constant(0), step=0.1, steps=200, each=True)
    >>> found = fit(runs, "exponential", window=(1, 200))
    >>> low, high = found.intervals["r"]                    # E x_t^2 - c falls like 0.9^(2 t)
    >>> bool(low < -2 * np.log(0.9) < high), bool(found.p_value > 0.001)
    (True, True)
    >>> bool(fit(runs, "1/T", window=(1, 200)).p_value < 0.01)
    True

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16.
    """
    kind = named(form)
    times, summarise, values = curves(runs, measure, summary)
    place = chosen(times, window, len(kind.letters))
    real("rates", "confidence", confidence, 0, 1, ends="()")
    count = whole("rates", "resamples", resamples, 10)
    n = values.shape[1]
    mean = summarise(values.mean(axis=1))[place]
    T = times[place].astype(np.float64)
    if not (np.isfinite(mean) & (mean > 0)).all():
        bad = int(times[place][~(np.isfinite(mean) & (mean > 0))][0])
        raise ValueError(
            f"rates need finite positive means, got another at T = {bad}; move the window"
        )
    found, curve_fitted = fitted(kind, T, mean)
    values = np.where(np.isfinite(values), values, 0)  # those after the window, which do not count
    generator = np.random.default_rng(whole("rates", "seed", seed, 0, np.inf))
    others, worse, off = [], 0, misfit(mean, curve_fitted)
    for _ in range(count):
        share = generator.multinomial(n, np.full(n, 1 / n)) / n
        curve = summarise(values @ share)[place]
        others.append(fitted(kind, T, curve)[0])
        scattered = (
            curve_fitted * curve / mean
        )  # relative, as the errors are that a fit makes least
        worse += misfit(scattered, fitted(kind, T, scattered)[1]) >= off
    tail = 50 * (1 - confidence)
    low, high = np.percentile(np.array(others), [tail, 100 - tail], axis=0)
    scatter = bool(np.ptp(values, axis=1).max() > 0)
    return RateFit(
        form=form,
        window=(int(T[0]), int(T[-1])),
        times=times[place],
        mean=mean,
        fitted=curve_fitted,
        coefficients=dict(zip(kind.letters, found.tolist(), strict=True)),
        intervals={
            letter: (float(a), float(b))
            for letter, a, b in zip(kind.letters, low, high, strict=True)
        },
        confidence=confidence,
        misfit=off,
        p_value=(worse + 1) / (count + 1) if scatter else np.nan,
    )


def forms(runs: Runs, names: Sequence[str] | None = None, **options: object) -> list[RateFit]:
    """Several forms on the same window, the best fitting first; options as `fit` takes them.

    More coefficients always fit better: trust the simplest form whose p_value is not small.
    """
    fits = [fit(runs, name, **options) for name in (names or FORMS)]  # type: ignore[arg-type]  # fit checks
    return sorted(fits, key=lambda one: one.misfit)
