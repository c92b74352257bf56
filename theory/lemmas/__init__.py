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
    READS_LAG,
    READS_PAST,
    READS_START,
    brackets_counted,
    reads_counted,
    window_multiplicity,
    windows_counted,
)
from theory.lemmas.descent import only, stale_descent, telescoped
from theory.lemmas.sums import (
    harmonic_below_twice_log,
    harmonic_sum,
    root_below_tangent,
    root_increases,
    root_sum,
)

__all__ = [
    "READS_LAG",
    "READS_PAST",
    "READS_START",
    "brackets_counted",
    "divided",
    "harmonic_below_twice_log",
    "harmonic_sum",
    "least_below_average",
    "least_gradient",
    "least_times_weights",
    "only",
    "reads_counted",
    "root_below_tangent",
    "root_increases",
    "root_sum",
    "stale_descent",
    "telescoped",
    "window_multiplicity",
    "windows_counted",
]
