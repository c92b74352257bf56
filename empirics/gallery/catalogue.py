"""All counterexamples, by name."""

from __future__ import annotations

from empirics.gallery import on_landscapes, on_quadratics, on_theorem_one
from empirics.gallery.record import Counterexample

COUNTEREXAMPLES: tuple[Counterexample, ...] = (
    on_quadratics.vanishing_gradient,
    on_quadratics.never_coherent,
    on_quadratics.turning,
    on_quadratics.two_curvatures,
    on_quadratics.two_modes,
    on_quadratics.varying_delay,
    on_landscapes.saddle_escape,
    on_landscapes.two_wells,
    on_landscapes.two_factors,
    on_theorem_one.one_iterate,
    on_theorem_one.two_iterates,
    on_theorem_one.noisy_first_step,
    on_theorem_one.reused_gradient,
    on_theorem_one.pathwise_coherence,
)


def find(name: str) -> Counterexample:
    """The counterexample of that name. Raises ValueError, with all names, if there is none.

    >>> find("turning").cases[1].label
    'a = 5/4'
    """
    by_name = {found.name: found for found in COUNTEREXAMPLES}
    if name not in by_name:
        raise ValueError(f"there is no counterexample {name!r}; there are {', '.join(by_name)}")
    return by_name[name]
