"""Names for problems, schedules, optimisers and step sizes: what a command line can ask for.

A new class needs its name in a table here, and no more; the rest is read off its constructor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from empirics import optimisers, problems, schedules, stepsizes
from empirics.optimisers.base import Correction, Optimiser
from empirics.problems.base import Problem, whole
from empirics.problems.catalogue import MAKERS
from empirics.schedules import (
    Asynchronous,
    Caches,
    Constant,
    Exponential,
    Service,
    Topology,
    Workers,
    slower,
)
from empirics.schedules.base import Law, Schedule
from empirics.schedules.messages import MessageTrace
from empirics.schedules.rules import Waiting
from empirics.schedules.traces import Trace
from empirics.specify import Kind, Language
from empirics.stepsizes import StepSizes


def history(file: str, *, repeat: bool = False) -> Trace:
    """What a saved history did, done again; repeat=true starts over at its end."""
    return schedules.History.load(file).replay(repeat=repeat)


def recorded(name: str, *, repeat: bool = False) -> Trace:
    """Real workers, recorded: equal, straggler, crowded or shared-memory; repeat=true starts over.

    >>> recorded("straggler").updates
    2000
    """
    return schedules.recorded(name).replay(repeat=repeat)


def messages(file: str, *, repeat: bool = False) -> MessageTrace:
    """The saved messages between caches, sent again; repeat=true starts over at their end."""
    return schedules.Messages.load(file).replay(repeat=repeat)


def straggler(
    count: int,
    factor: float,
    service: Service = Exponential(),  # noqa: B008  # it is immutable
    rule: Waiting = Asynchronous(),  # noqa: B008
    buffer: int = 1,
    oldest: int | None = None,
) -> Workers:
    """Workers of which the last takes `factor` times as long as the others.

    >>> straggler(3, 5.0).laws[1:]
    (Exponential(mean=1.0), Exponential(mean=5.0))
    """
    laws = [service] * (whole("straggler", "count", count, 1) - 1) + [slower(service, factor)]
    return Workers(service=laws, rule=rule, buffer=buffer, oldest=oldest)


def ring(workers: int, law: Law | Sequence[Law] = Constant(0), own: str = "delayed") -> Caches:  # noqa: B008
    """Caches on a circle: an update travels one link an iteration."""
    return Caches(workers, law, own=own, topology=schedules.ring(workers))


def grid(
    rows: int,
    columns: int,
    law: Law | Sequence[Law] = Constant(0),  # noqa: B008
    own: str = "delayed",
) -> Caches:
    """Caches on a rectangle: an update travels one link an iteration."""
    topology = schedules.grid(rows, columns)
    return Caches(topology.workers, law, own=own, topology=topology)


def star(workers: int, law: Law | Sequence[Law] = Constant(0), own: str = "delayed") -> Caches:  # noqa: B008
    """Caches around a parameter server: up to it and down again."""
    return Caches(workers, law, own=own, topology=schedules.star(workers))


PROBLEMS = Kind(
    noun="problem",
    makes=Problem,
    table={
        **{name: named.maker for name, named in MAKERS.items()},
        "noiseless": problems.noiseless,
        "with-noise": problems.with_noise,
        "with-l1": problems.with_l1,
        "on-ball": problems.on_ball,
        "on-box": problems.on_box,
        "on-simplex": problems.on_simplex,
        "own": problems.own,
    },
    words=problems.names(),
)

SCHEDULES = Kind(
    noun="schedule",
    makes=Schedule,
    table={
        "constant": schedules.Constant,
        "uniform": schedules.Uniform,
        "geometric": schedules.Geometric,
        "poisson": schedules.Poisson,
        "zipf": schedules.Zipf,
        "pareto": schedules.Pareto,
        "pmf": schedules.Pmf,
        "cyclic": schedules.Cyclic,
        "workers": schedules.Workers,
        "straggler": straggler,
        "caches": schedules.Caches,
        "ring": ring,
        "grid": grid,
        "star": star,
        "adversarial": schedules.adversarial,
        "recorded": recorded,
        "trace": schedules.trace,
        "history": history,
        "messages": messages,
    },
)

SERVICES = Kind(
    noun="service time",
    makes=Service,
    table={
        "deterministic": schedules.Deterministic,
        "exponential": schedules.Exponential,
        "lognormal": schedules.Lognormal,
        "pareto": schedules.ParetoService,
        "pausing": schedules.Pausing,
        "slower": schedules.slower,
    },
)

RULES = Kind(
    noun="rule",
    makes=Waiting,
    table={
        "asynchronous": schedules.Asynchronous,
        "bounded_staleness": schedules.BoundedStaleness,
        "barrier": schedules.Barrier,
    },
)

TOPOLOGIES = Kind(
    noun="topology",
    makes=Topology,
    table={
        "all_to_all": schedules.all_to_all,
        "star": schedules.star,
        "ring": schedules.ring,
        "grid": schedules.grid,
        "network": schedules.network,
        "hops": Topology,
    },
)

OPTIMISERS = Kind(
    noun="optimiser",
    makes=Optimiser,
    table={
        "sgd": optimisers.SGD,
        "momentum": optimisers.Momentum,
        "adagrad": optimisers.Adagrad,
        "rmsprop": optimisers.RMSProp,
        "adam": optimisers.Adam,
        "amsgrad": optimisers.AMSGrad,
        "adamw": optimisers.AdamW,
    },
)

CORRECTIONS = Kind(
    noun="correction",
    makes=Correction,
    table={
        "scaled_by_delay": optimisers.ScaledByDelay,
        "polynomial_weight": optimisers.PolynomialWeight,
        "delay_adaptive": optimisers.DelayAdaptive,
        "window_rule": optimisers.WindowRule,
        "delay_clipping": optimisers.DelayClipping,
        "delay_compensation": optimisers.DelayCompensation,
        "adaptive_delay_compensation": optimisers.AdaptiveDelayCompensation,
        "picky": optimisers.Picky,
        "delayed_proximal": optimisers.DelayedProximal,
    },
)

STEPS = Kind(
    noun="step size",
    makes=StepSizes,
    table={
        "constant": stepsizes.constant,
        "inverse_sqrt": stepsizes.inverse_sqrt,
        "inverse": stepsizes.inverse,
        "polynomial": stepsizes.polynomial,
        "cosine": stepsizes.cosine,
        "warm_up": stepsizes.warm_up,
        "table": stepsizes.table,
    },
    alone=stepsizes.constant,
)

WITHIN_SCHEDULES = (SERVICES, RULES, TOPOLOGIES)

_FILE = re.compile(r"([^:=\[\],]+\.py)(?::([A-Za-z_]\w*))?")  # of one's own problem

LANGUAGE = Language([PROBLEMS, SCHEDULES, *WITHIN_SCHEDULES, OPTIMISERS, CORRECTIONS, STEPS])


def problem(text: str) -> Problem:
    """The problem of that name, with other numbers if they are given; or FILE.py, or FILE.py:make.

    >>> problem("quadratic:dim=3,sigma=0").sigma
    0.0
    """
    if (file := _FILE.fullmatch(text.strip())) is not None:
        return problems.own(file[1], file[2])
    found: Problem = LANGUAGE.make(PROBLEMS, text)
    return found


def schedule(text: str, **known: Any) -> Schedule:
    """The schedule that is specified; `known`, what its constructor can have if it is not given.

    >>> schedule("constant:4"), schedule("geometric:p=0.5,tau_max=9")
    (Constant(tau=4), Geometric(tau_max=9, p=0.5))
    """
    found: Schedule = LANGUAGE.make(SCHEDULES, text, known)
    return found


def optimiser(text: str) -> Optimiser:
    """The optimiser that is specified.

    >>> optimiser("sgd")
    SGD()
    """
    found: Optimiser = LANGUAGE.make(OPTIMISERS, text)
    return found


def correction(text: str) -> Correction:
    """The correction that is specified.

    >>> correction("polynomial-weight:0.5")
    PolynomialWeight(power=0.5)
    """
    found: Correction = LANGUAGE.make(CORRECTIONS, text)
    return found


def step(text: str) -> StepSizes:
    """The step sizes that are specified, a number alone for constant ones.

    >>> step("0.1").label, step("inverse_sqrt:0.1").label
    ('eta', 'eta/sqrt(t + 1)')
    """
    found: StepSizes = LANGUAGE.make(STEPS, text)
    return found


def spell(settings: Mapping[str, Any]) -> str:
    """The shortest specification of the schedule, optimiser or correction with these settings.

    >>> spell(schedules.Uniform(8).settings), spell(schedules.Pmf([0.5, 0.5]).settings)
    ('uniform:8', 'pmf:0.5,0.5')
    """
    for kind in (SCHEDULES, OPTIMISERS, CORRECTIONS):
        if any(settings["kind"] == getattr(maker, "__name__", "") for maker in kind.table.values()):
            return LANGUAGE.spell(kind, settings)
    raise ValueError(f"there is no name for {settings['kind']!r}")
