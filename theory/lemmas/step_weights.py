"""Steps as weights: what has a sign because the steps do."""

from functools import cache
from typing import Any

from theory.assumptions import FROM_ZERO, PositiveSteps
from theory.claims import le
from theory.kernel import Fact, combine, substitute, sum_over
from theory.lemmas.constant_step import read_gradient
from theory.lemmas.descent import only
from theory.lemmas.drift import window, window_in_range
from theory.symbols import eta, t


def step_nonnegative(index: Any = t) -> Fact:
    """0 <= eta at an index."""
    positive = only(PositiveSteps(FROM_ZERO))["steps are >= 0"]
    return substitute(positive, {t: index}) if index != t else positive


@cache
def weighed_gradient(index: Any = t) -> Fact:
    """0 <= eta_t b_t, with b_t = E|grad F(y_t)|^2."""
    return combine(
        le(0, eta(index) * read_gradient(index)), (step_nonnegative(index), read_gradient(index))
    )


@cache
def window_gradients_nonnegative() -> Fact:
    """0 <= sum_j eta_j b_j over a window."""
    index, low, high = window()
    return sum_over(
        weighed_gradient(index), index, low, high, evidence=window_in_range(), label="a window"
    )
