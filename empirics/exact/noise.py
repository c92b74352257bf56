r"""The noise of every mode: what is added everywhere, and what grows with the gradient.

.. math:: g_i = h_i y_i + \xi_i, \qquad E[\xi_i^2 \mid y] = v_i + \nu_i (h_i y_i)^2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, Problem
from empirics.problems.noise import has_variance
from empirics.problems.noisy import Noisy
from empirics.problems.quadratic import Quadratic


@dataclass(frozen=True, eq=False, kw_only=True)
class Noise:
    """variance = v and relative = nu of every mode, (dim,) each.

    Correlations between modes enter no moment of a single mode, hence none that is asked for.
    """

    variance: Array
    relative: Array


def bowl(who: str, problem: Problem) -> Quadratic:
    """The quadratic that a problem is, whatever its noise.

    Raises ValueError if it is none, has a penalty, or its noise has no variance.
    """
    under = problem.original if isinstance(problem, Noisy) else problem
    if not isinstance(under, Quadratic) or under.penalty is not None:
        name = problem.name if isinstance(problem, Problem) else repr(problem)
        raise ValueError(
            f"{who} needs a problem made by quadratic(...), where updates are linear, got {name}; "
            "simulate it"
        )
    if isinstance(problem, Noisy) and not has_variance(problem.law):
        raise ValueError(
            f"{who} needs noise with a variance, got {problem.law}, which has none; simulate it"
        )
    return under


def noise_of(
    who: str, problem: Problem, variance: ArrayLike | None, relative: ArrayLike | None
) -> Noise:
    """The noise that is asked for; what is not given is that of the problem, alike in each mode.

    Raises ValueError unless variance and relative are finite numbers >= 0, one or one a mode.

    >>> from empirics import problems
    >>> problem = problems.quadratic(spectrum=[1.0, 2.0], sigma=2.0)
    >>> noise_of("moments", problem, None, 0.5)
    Noise(variance=array([2., 2.]), relative=array([0.5, 0.5]))
    >>> noise_of("moments", problems.with_noise(problem, relative=3.0), None, None)
    Noise(variance=array([0., 0.]), relative=array([3., 3.]))
    """
    if variance is None:
        variance = problem.sigma**2 / problem.dim
    if relative is None:
        relative = problem.share if isinstance(problem, Noisy) else 0.0
    return Noise(
        variance=_of_modes(who, "variance", variance, problem.dim),
        relative=_of_modes(who, "relative", relative, problem.dim),
    )


def _of_modes(who: str, what: str, given: ArrayLike, dim: int) -> Array:
    message = f"{who} needs {what} >= 0, a finite number or one for each of {dim} modes"
    try:
        values = np.asarray(given, dtype=np.float64)
        values = np.broadcast_to(values, (dim,)) if values.ndim == 0 else values
    except (TypeError, ValueError):
        raise ValueError(f"{message}, got {given!r}") from None
    if values.shape != (dim,):
        raise ValueError(f"{message}, got shape {values.shape}")
    if not (np.isfinite(values) & (values >= 0)).all():
        wrong = values[~(np.isfinite(values) & (values >= 0))][0]
        raise ValueError(f"{message}, got {wrong}")
    return values
