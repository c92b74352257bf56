"""Schedules: which iterate each update reads."""

from empirics.schedules.base import Schedule
from empirics.schedules.cut import Geometric, Pareto, Poisson, Zipf
from empirics.schedules.laws import Constant, Cyclic, Pmf, Uniform
from empirics.schedules.reads import Reads, multiplicity

__all__ = [
    "Constant",
    "Cyclic",
    "Geometric",
    "Pareto",
    "Pmf",
    "Poisson",
    "Reads",
    "Schedule",
    "Uniform",
    "Zipf",
    "multiplicity",
]
