"""Step sizes tuned for each staleness, and what staleness costs with and without that.

A slowdown at one fixed step mixes two things: that stale gradients are worse, and that the step was
chosen for fresh ones. Both numbers are given, side by side.
"""

from empirics.tuning.costs import Slowdown, slowdown
from empirics.tuning.goals import After, Goal, Reach
from empirics.tuning.race import Tried, Tuned, tune

__all__ = ["After", "Goal", "Reach", "Slowdown", "Tried", "Tuned", "slowdown", "tune"]
