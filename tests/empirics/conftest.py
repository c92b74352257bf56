"""Shared by the tests of the simulator: every iterate of a tile, before any mean is taken."""

import numpy as np
import pytest

from empirics.optimisers import SGD
from empirics.tile import Plan, Tile


def _walk(
    problem,
    schedule,
    eta,
    *,
    seed=0,
    tile=0,
    reuse=False,
    replicas=10**6,
    block=7,
    optimiser=None,
    correction=None,
    times=None,
):
    """A tile of the simulator at its start; it will stop at `times`, everywhere unless given."""
    plan = Plan(
        problem=problem,
        schedule=schedule,
        optimiser=optimiser or SGD(),
        correction=correction,
        eta=np.asarray(eta, dtype=float),
        replicas=replicas,
        seed=seed,
        reuse=reuse,
        times=np.arange(len(eta) + 1) if times is None else np.asarray(times),
        measures=("squared gradient",),
        window=0,
        noise=False,
        each=False,
        block=block,
    )
    return Tile(plan, tile)


def _iterates(problem, schedule, eta, **options):
    """x_0, ..., x_T of all lanes of a tile, (T + 1, lanes, dim), from the simulator's own loop."""
    walk = _walk(problem, schedule, eta, **options)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array([walk.iterate(t).copy() for t in walk.run()])


@pytest.fixture(scope="session")
def iterates():
    return _iterates


@pytest.fixture(scope="session")
def walk():
    return _walk
