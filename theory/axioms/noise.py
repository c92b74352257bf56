"""Noise that is fresh: it has mean zero whatever was known before."""

from typing import Any

from sympy import sympify

from theory.axioms.base import Instance, Need, axiom
from theory.claims import Property, eq
from theory.hilbert import Inner, Noise, VectorLike, known_at, sums_in


def unbiased_noise(xi: Any) -> Property:
    """The property "xi(k) has mean zero given all that was drawn before it"."""
    return Property("unbiased", (sympify(xi),))


def exogenous_schedule() -> Property:
    """The property "which iterate is read, and with which step, does not depend on the noise"."""
    return Property("exogenous schedule", ())


@axiom(
    "E<xi_k, v> = 0 for every v known before xi_k is drawn",
    "definition of a martingale difference; Williams, Probability with Martingales (1991), 9.7",
    "condition on all that is known before xi_k is drawn: v is fixed then, and xi_k has mean zero; "
    "delays and steps are functions of the step index alone, so they are fixed too",
)
def unbiased(noise: VectorLike, v: VectorLike) -> Instance:
    if not isinstance(noise, Noise):
        raise TypeError(f"unbiasedness is about a noise atom, got {noise}")
    drawn = noise.args[1]
    needs = [
        Need(">=", drawn - time, f"{noise} is drawn at time {drawn}, {v} is known only by {time}")
        for time in known_at(v)
    ]
    for total in sums_in(v):  # a range that runs backwards would reach beyond its end
        _, low, high = total.limits[0]
        needs.append(Need(">=", high - low + 1, "the range of a sum may not run backwards"))
    granted = frozenset({unbiased_noise(noise.args[0]), exogenous_schedule()})
    return Instance(eq(Inner(noise, v), 0), tuple(needs), granted)
