r"""Assumptions that know each other: which implies which, and which does not, with a witness.

**How does gradient coherence relate to sufficient direction?** Coherence at level mu on a window of
s iterates implies sufficient direction with the constant mu, for every sequence of delays below s,
as long as the noise is fresh: take the inner product with the one gradient of the window that is
read. The converse fails, for every mu: sufficient direction speaks of the gradients that are
applied, coherence of all in the window. Coherence in every outcome, as Dai et al. ask for it,
implies coherence in expectation, not the other way round; and neither makes the gradient vanish
without a limit on the step.

>>> for arrow in ARROWS[:3]:
...     print(arrow, f"[{arrow.because}]", arrow.status)
strongly convex => convex [2 steps] implied
strongly convex => Polyak-Lojasiewicz [3 steps] implied
Polyak-Lojasiewicz =/=> convex [a valley whose slope dips from 1 to 1/2] not implied
"""

from theory.implications import delays, direction, functions, noise
from theory.implications.base import Arrow, Implication, NonImplication, Witness
from theory.implications.outcome import ByTheorem, VanishingGradient, by_theorem
from theory.implications.witnesses import Rotation, RunWitness

ARROWS: tuple[Arrow, ...] = (
    *functions.ARROWS,
    *noise.ARROWS,
    *delays.ARROWS,
    *direction.ARROWS,
)

__all__ = [
    "ARROWS",
    "Arrow",
    "ByTheorem",
    "Implication",
    "NonImplication",
    "Rotation",
    "RunWitness",
    "VanishingGradient",
    "Witness",
    "by_theorem",
]
