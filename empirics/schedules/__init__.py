"""Schedules: which iterate each update reads."""

from empirics.schedules.base import Schedule
from empirics.schedules.cut import Geometric, Pareto, Poisson, Zipf
from empirics.schedules.files import trace
from empirics.schedules.history import History
from empirics.schedules.laws import Constant, Cyclic, Pmf, Uniform
from empirics.schedules.reads import Reads, multiplicity
from empirics.schedules.traces import Trace
from empirics.schedules.watch import history

__all__ = [
    "Constant",
    "Cyclic",
    "Geometric",
    "History",
    "Pareto",
    "Pmf",
    "Poisson",
    "Reads",
    "Schedule",
    "Trace",
    "Uniform",
    "Zipf",
    "history",
    "multiplicity",
    "trace",
]
