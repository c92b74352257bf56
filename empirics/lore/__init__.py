"""What is commonly said of stale gradients, with exact numbers and a simulation beside each.

Everything is on one mode, f(x) = x^2/2 from x_0 = 1, where step and step times curvature are one.
"""

from empirics.lore.models import asynchrony_begets_momentum, one_delay_or_many
from empirics.lore.record import Lore, Number
from empirics.lore.steps import momentum_lowers_the_limit, staleness_can_speed_up

SAYINGS = (
    asynchrony_begets_momentum,
    staleness_can_speed_up,
    momentum_lowers_the_limit,
    one_delay_or_many,
)

__all__ = [
    "SAYINGS",
    "Lore",
    "Number",
    "asynchrony_begets_momentum",
    "momentum_lowers_the_limit",
    "one_delay_or_many",
    "staleness_can_speed_up",
]
