r"""A run that stops in a ball around x*, and the potential that falls until then.

``Running(k, v)`` is 1_k v, where 1_k is 1 if the iterates x_0, ..., x_k are all outside the ball
|x - x*|^2 <= eps, and 0 otherwise; ``alive(k)``, written S_k, is the probability of 1_k = 1. The
potential is

.. math:: \Phi(x) = \operatorname{plog}\bigl(\|x-x_\star\|^2/\varepsilon\bigr),\qquad
          \operatorname{plog}(u) = u\text{ for }u\leq 1,\quad 1+\log u\text{ for }u\geq 1,

of De Sa, Zhang, Olukotun, Re (NeurIPS 2015): plog is concave, >= 0 and has slopes of at most 1.
"""

from typing import Any

from sympy import Lambda, log, sympify
from sympy.core.symbol import Str

from theory.algebra import bound_index
from theory.axioms.base import Instance, Need, axiom, need_numbers
from theory.axioms.functions import minimiser, strongly_convex
from theory.claims import Property, eq, le
from theory.hilbert import (
    Gradient,
    Inner,
    Iterate,
    Value,
    VectorLike,
    is_scalar,
    running,
    squared_norm,
)
from theory.symbols import alive

DE_SA = "De Sa, Zhang, Olukotun, Re, NeurIPS 2015 (arXiv 1506.06438), the function plog"


_OWN = bound_index(1000)  # any index, in a property of all of them; no formula contains this name


def stopped(iterates: Any, centre: VectorLike, eps: Any) -> Property:
    """The property "the run stops at the first x_k with |x_k - centre|^2 <= eps, S_k is survival".

    It names the sequence S: a proof that puts a formula for S has changed what it assumes.
    """
    survival = Lambda(_OWN, alive(_OWN))
    return Property("stopped", (sympify(iterates), sympify(centre), sympify(eps), survival))


def potential(f: Any, centre: VectorLike, eps: Any) -> Property:
    """The definition "f(x) = plog(|x - centre|^2/eps)"."""
    return Property("potential", (sympify(f), sympify(centre), sympify(eps)))


@axiom(
    "<1_k u, v> = <1_k u, 1_k v>",
    "indicator of an event; Williams, Probability with Martingales (1991), 5.0",
    "1_k is 0 or 1, and equals its square",
)
def running_once(index: Any, u: VectorLike, v: VectorLike) -> Instance:
    if is_scalar(u) or is_scalar(v):
        raise TypeError(f"two vectors are needed, got {u} and {v}")
    kept = running(index, u)
    return Instance(eq(Inner(kept, v), Inner(kept, running(index, v))))


@axiom(
    "Phi(y) <= Phi(x) + <grad Phi(x), y - x> + |y - x|^2/eps",
    DE_SA,
    "the tangent of the concave plog at |x - x*|^2/eps, its slope is at most 1, and "
    "|y - x*|^2 = |x - x*|^2 + 2 <x - x*, y - x> + |y - x|^2",
)
def potential_step(f: str, centre: VectorLike, eps: Any, x: VectorLike, y: VectorLike) -> Instance:
    name, step = Str(f), y - x
    need_numbers(eps)
    upper = Value(name, x) + Inner(Gradient(name, x), step) + squared_norm(step) / eps
    return Instance(
        le(Value(name, y), upper),
        (Need(">", eps, "dividing by eps"),),
        frozenset({potential(name, centre, eps)}),
    )


@axiom("Phi(x) >= 0", DE_SA, "plog u >= 0 for u >= 0")
def potential_nonnegative(f: str, centre: VectorLike, eps: Any, x: VectorLike) -> Instance:
    name = Str(f)
    granted = frozenset({potential(name, centre, eps)})
    return Instance(le(0, Value(name, x)), (Need(">", eps, "the ball has a radius"),), granted)


@axiom(
    "Phi(x) <= 1 + log v + (|x - x*|^2/eps - v)/v for v >= 1",
    DE_SA,
    "the tangent of the concave plog at v",
)
def potential_tangent(f: str, centre: VectorLike, eps: Any, x: VectorLike, v: Any) -> Instance:
    name, place = Str(f), sympify(v)
    need_numbers(eps, place)
    upper = 1 + log(place) + (squared_norm(x - centre) / eps - place) / place
    return Instance(
        le(Value(name, x), upper),
        (Need(">", eps, "dividing by eps"), Need(">=", place - 1, "the tangent beyond 1")),
        frozenset({potential(name, centre, eps)}),
    )


@axiom(
    "E|1_k grad Phi(x_k)|^2 <= 4/eps P(1_k = 1)",
    DE_SA,
    "grad Phi(x) = 2 plog'(u) (x - x*)/eps, u = |x - x*|^2/eps; its square is 4/eps min(u, 1/u)",
)
def potential_slope(f: str, centre: VectorLike, eps: Any, iterate: VectorLike) -> Instance:
    name = Str(f)
    need_numbers(eps)
    index = _index(iterate)
    size = squared_norm(running(index, Gradient(name, iterate)))
    granted = {potential(name, centre, eps), stopped(iterate.args[0], centre, eps)}
    return Instance(
        le(size, 4 * alive(index) / eps),
        (Need(">", eps, "dividing by eps"),),
        frozenset(granted),
    )


@axiom(
    "E<1_k grad Phi(x_k), grad f(x_k)> >= 2 mu P(1_k = 1) for mu-strongly convex f",
    DE_SA,
    "where 1_k = 1, |x_k - x*|^2 > eps: there grad Phi(x) = 2 (x - x*)/|x - x*|^2, and "
    "<grad f(x), x - x*> >= mu |x - x*|^2",
)
def potential_pull(
    f: str, centre: VectorLike, eps: Any, iterate: VectorLike, function: str, mu: Any, low: Any
) -> Instance:
    name, objective = Str(f), Str(function)
    need_numbers(eps, mu)
    index = _index(iterate)
    pull = Inner(running(index, Gradient(name, iterate)), Gradient(objective, iterate))
    granted = {
        potential(name, centre, eps),
        stopped(iterate.args[0], centre, eps),
        strongly_convex(objective, mu),
        minimiser(objective, centre, low),
    }
    return Instance(
        le(2 * mu * alive(index), pull),
        (
            Need(">", eps, "the ball has a radius"),
            Need(">=", mu, "a strong convexity constant is >= 0"),
        ),
        frozenset(granted),
    )


def _index(iterate: VectorLike) -> Any:
    """The index of an iterate; the run is stopped by its iterates alone."""
    if not isinstance(iterate, Iterate):
        raise TypeError(f"an iterate of the run that is stopped is needed, got {iterate}")
    return iterate.args[1]
