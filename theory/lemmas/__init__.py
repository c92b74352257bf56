"""Lemmas proved once and used by many theorems.

Each is a function that returns a `Fact`; its hypotheses name what an instance has to supply, and
`theory.tactics.apply` supplies it.
"""

from theory.lemmas.averages import (
    divided,
    least_below_average,
    least_gradient,
    least_times_weights,
)
from theory.lemmas.counting import (
    brackets_counted,
    reads_counted,
    reads_lag,
    reads_past,
    reads_start,
    window_multiplicity,
    windows_containing,
    windows_counted,
    windows_exchanged,
)
from theory.lemmas.descent import noise_unseen, only, stale_descent, telescoped
from theory.lemmas.direction import (
    coherent_direction,
    coherent_read,
    expected_coherence,
    sufficient_descent,
)
from theory.lemmas.sums import (
    harmonic_below_twice_log,
    harmonic_sum,
    root_below_tangent,
    root_increases,
    root_sum,
    root_sum_above_root,
)

__all__ = [
    "brackets_counted",
    "coherent_direction",
    "coherent_read",
    "divided",
    "expected_coherence",
    "harmonic_below_twice_log",
    "harmonic_sum",
    "least_below_average",
    "least_gradient",
    "least_times_weights",
    "noise_unseen",
    "only",
    "reads_counted",
    "reads_lag",
    "reads_past",
    "reads_start",
    "root_below_tangent",
    "root_increases",
    "root_sum",
    "root_sum_above_root",
    "stale_descent",
    "sufficient_descent",
    "telescoped",
    "window_multiplicity",
    "windows_containing",
    "windows_counted",
    "windows_exchanged",
]
