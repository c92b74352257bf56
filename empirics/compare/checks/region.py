"""Constants that hold on a region only: a theorem has them for runs that stayed there."""

from __future__ import annotations

from empirics.compare.checks.base import Case
from empirics.compare.constants import needed
from empirics.compare.verdict import Check
from theory import assumptions as known
from theory.assumptions import online
from theory.symbols import noise_max
from theory.theorem import Theorem

ANYWHERE = ("infimum", "Delta", "R", "sharpness")  # of the whole space, or of one point
CURVED = (known.Convex, known.StronglyConvex, known.PolyakLojasiewicz, online.ConvexLosses)


def check_region(case: Case) -> list[Check]:
    """Whether no replica left the region on which the constants hold that the theorem leans on.

    No check where the problem has them everywhere, or the theorem needs none of them. One replica
    outside is enough to fail: an expectation is over all of them.
    """
    runs = case.runs
    leans = leaning(case.theorem, set(runs.constants))
    if runs.region is None or not leans:
        return []
    *others, last = (f"{name} = {runs.constants[name].value:.6g}" for name in leans)
    numbers = f"{', '.join(others)} and {last}" if others else last
    on = f"on which {numbers} hold{'' if others else 's'}"
    for one in (runs, case.coherent):
        if one.departure is not None:
            words = one.departure.replace(one.region or "", f"{one.region} {on}", 1)
            return [Check(assumption="region", finding="fails", words=words)]
    words = f"no replica left {runs.region}, {on}"
    return [Check(assumption="region", finding="holds", words=words)]


def leaning(theorem: Theorem, of_the_problem: set[str]) -> list[str]:
    """The constants of a problem that a theorem leans on and a region may limit.

    >>> from theory import results
    >>> leaning(results.lian2015.nonconvex, {"L", "mu_sc", "sigma", "infimum", "Delta"})
    ['L', 'sigma']
    >>> leaning(results.high_probability.average, {"noise_bound", "infimum"})
    ['noise_bound']
    """
    names = needed(theorem)
    if any(isinstance(assumption, CURVED) for assumption in theorem.assumptions):
        names.add("mu_sc")
    if any(isinstance(a, known.PolyakLojasiewicz) for a in theorem.assumptions):
        if "pl" in of_the_problem:
            names = names - {"mu_sc"} | {"pl"}
    if noise_max.name in names:
        names.add("noise_bound")
    if "M" in names:
        names.add("relative_noise")
    if names & {"G", "M_2"}:
        names |= {"gradient_bound", "second_moment"}
    return sorted(names & of_the_problem - set(ANYWHERE))
