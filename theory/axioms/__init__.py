r"""The inequalities that proofs may start from, each with its source and the reason it is true.

An axiom is a schema: `instantiate` makes the claim for given vectors or expressions, with the side
conditions the kernel must see proved and the properties it takes for granted ("F is L-smooth").
Everything here is textbook or plain arithmetic; nothing about stale gradients is assumed.

>>> print(AXIOMS["descent"].statement)
f(y) <= f(x) + <grad f(x), y - x> + L/2 |y - x|^2
"""

from theory.axioms import blocks, functions, noise, numbers, outcomes, stopping, sums
from theory.axioms.base import AXIOMS, Axiom, Instance, Need
from theory.axioms.blocks import block_smooth, in_blocks
from theory.axioms.functions import (
    bounded_below,
    bounded_gradient,
    convex,
    minimiser,
    polyak_lojasiewicz,
    smooth,
    strongly_convex,
)
from theory.axioms.noise import exogenous_schedule, unbiased_noise
from theory.axioms.outcomes import surely
from theory.axioms.stopping import potential, stopped


def trust_base() -> str:
    """The axioms as a table: name, statement, source."""
    width = max(len(name) for name in AXIOMS)
    return "\n".join(f"{a.name:<{width}}  {a.statement}  [{a.source}]" for a in AXIOMS.values())


__all__ = [
    "AXIOMS",
    "Axiom",
    "Instance",
    "Need",
    "block_smooth",
    "blocks",
    "bounded_below",
    "bounded_gradient",
    "convex",
    "exogenous_schedule",
    "functions",
    "in_blocks",
    "minimiser",
    "noise",
    "numbers",
    "outcomes",
    "polyak_lojasiewicz",
    "potential",
    "smooth",
    "stopped",
    "stopping",
    "strongly_convex",
    "sums",
    "surely",
    "trust_base",
    "unbiased_noise",
]
