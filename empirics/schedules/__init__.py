"""Schedules: which iterate each update reads."""

from empirics.schedules.base import Schedule
from empirics.schedules.laws import Constant, Cyclic, Geometric, Pmf, Uniform
from empirics.schedules.reads import Reads, multiplicity

__all__ = [
    "Constant",
    "Cyclic",
    "Geometric",
    "Pmf",
    "Reads",
    "Schedule",
    "Uniform",
    "multiplicity",
]
