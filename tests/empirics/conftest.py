"""Shared by the tests of the simulator: every iterate of a tile, before any mean is taken."""

import numpy as np
import pytest

from empirics.optimisers import SGD
from empirics.tile import Plan, Tile


def _iterates(
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
):
    """x_0, ..., x_T of all lanes of a tile, (T + 1, lanes, dim), from the simulator's own loop."""
    plan = Plan(
        problem=problem,
        schedule=schedule,
        optimiser=optimiser or SGD(),
        correction=correction,
        eta=np.asarray(eta, dtype=float),
        replicas=replicas,
        seed=seed,
        reuse=reuse,
        times=np.arange(len(eta) + 1),
        measures=("squared gradient",),
        window=0,
        noise=False,
        each=False,
        block=block,
    )
    walk = Tile(plan, tile)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array([walk.iterate(t).copy() for t in walk.run()])


@pytest.fixture(scope="session")
def iterates():
    return _iterates
