"""Figures of schedules: who talks to whom, when, and how late it comes. Axes in, axes out.

They draw what a record or a law already holds and compute nothing; colours and styles are those of
`plots`.
"""

from empirics.diagrams.drawing import space_time
from empirics.diagrams.shares import delays, delays_over_time

__all__ = ["delays", "delays_over_time", "space_time"]
