"""Schedules: which iterate each update reads."""

from empirics.schedules.adversarial import Adversarial, adversarial
from empirics.schedules.base import Schedule
from empirics.schedules.caches import Caches
from empirics.schedules.cut import Geometric, Pareto, Poisson, Zipf
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.files import trace
from empirics.schedules.history import History
from empirics.schedules.laws import Constant, Cyclic, Pmf, Uniform
from empirics.schedules.messages import Messages, messages
from empirics.schedules.reads import Reads, multiplicity
from empirics.schedules.recorded import recorded
from empirics.schedules.rules import Asynchronous, Barrier, BoundedStaleness
from empirics.schedules.service import (
    Deterministic,
    Exponential,
    Lognormal,
    ParetoService,
    Pausing,
    Service,
    slower,
)
from empirics.schedules.topology import Topology, all_to_all, grid, network, ring, star
from empirics.schedules.traces import Trace
from empirics.schedules.watch import history
from empirics.schedules.workers import Workers

__all__ = [
    "Adversarial",
    "Asynchronous",
    "Barrier",
    "BoundedStaleness",
    "Caches",
    "Constant",
    "Cyclic",
    "Deliveries",
    "Deterministic",
    "Exponential",
    "Geometric",
    "History",
    "Lognormal",
    "Messages",
    "Pareto",
    "ParetoService",
    "Pausing",
    "Pmf",
    "Poisson",
    "Reads",
    "Schedule",
    "Service",
    "Topology",
    "Trace",
    "Uniform",
    "Workers",
    "Zipf",
    "adversarial",
    "all_to_all",
    "grid",
    "history",
    "messages",
    "multiplicity",
    "network",
    "recorded",
    "ring",
    "slower",
    "star",
    "trace",
]
