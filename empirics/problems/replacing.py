"""A problem with other constants than it came with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from empirics.problems.additive import Additive
from empirics.problems.base import Constant, Problem


def with_constants(
    problem: Problem, constants: Mapping[str, Constant], *, instead: bool = False
) -> Problem:
    """The problem with these constants beside its own, or instead of them.

    Its own stay where it has any, unless instead=True. A verdict that leans on an estimate says so.
    Raises ValueError if they are no constants, or replace the sigma that noise is made with.

    >>> from empirics import problems
    >>> dip = problems.from_functions(lambda x: x @ x, lambda x: 2 * x, start=[1.0], infimum=0.0)
    >>> known = with_constants(dip, problems.estimate_constants(dip).constants)
    >>> known.constants["L"].provenance, known.constants["infimum"].provenance
    ('estimate', 'bound')
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"with_constants needs a Problem, got {problem!r}")
    if not isinstance(constants, Mapping) or not all(
        isinstance(a, Constant) for a in constants.values()
    ):
        raise ValueError(
            "with_constants needs a dictionary of constants, such as "
            f"estimate_constants(problem).constants, got {constants!r}"
        )
    own = problem.constants
    new = {key: a for key, a in constants.items() if instead or key not in own}
    if "sigma" in new and isinstance(problem, Additive):
        raise ValueError(
            f"{problem.name} makes its noise with its sigma = {problem.sigma:g}, which cannot be "
            "replaced; leave sigma out"
        )
    added = {key: [a.value, a.provenance] for key, a in new.items()}
    settings = {**problem.settings, "with constants": added} if added else problem.settings
    return replace(problem, constants={**own, **new}, settings=settings)
