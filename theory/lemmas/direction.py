r"""Steps along a direction with a component along the gradient, and where it comes from.

>>> print(sufficient_descent(stale=False))
F(x[t + 1]) <= L*M_2*eta[t]^2/2 - sigma_d*eta[t]*|grad F(x[t])|^2 + F(x[t]), if 0 <= t
"""

from functools import cache

from theory.assumptions import (
    FROM_ONE,
    FROM_ZERO,
    AnyDirection,
    BoundedSecondMoment,
    Counting,
    F,
    GradientCoherence,
    PathwiseGradientCoherence,
    PositiveSteps,
    StaleSGD,
    SufficientDirection,
    applied_direction,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import le, nonnegative
from theory.hilbert import Inner
from theory.kernel import Fact, axiom, discharge, given, rewrite, substitute
from theory.lemmas.counting import reads_lag, reads_past, reads_start
from theory.lemmas.descent import only
from theory.symbols import M2, L, eta, j, mu, s, sigma_d
from theory.tactics import conclude


@cache
def sufficient_descent(count: Counting = FROM_ZERO, *, stale: bool) -> Fact:
    r"""One step along a sufficient direction of bounded second moment.

    .. math:: E F(x_{k+1}) \leq E F(x_k) - \sigma_d\eta_k E\|\nabla F(x_k)\|^2
              + \tfrac L2 M_2\eta_k^2
    """
    k = count.index
    method = StaleSGD(count=count) if stale else AnyDirection(count=count)
    sufficient = SufficientDirection(stale=stale, count=count)
    moment = BoundedSecondMoment(M2, stale=stale, count=count)
    have = only(method, sufficient, moment, PositiveSteps(count))
    smooth = axiom("descent", F, L, x(k), x(k + 1), label="descent lemma")
    followed = rewrite(smooth, have[method.name], x(k + 1), label="insert the update")
    bound = objective(k) - sigma_d * eta(k) * squared_gradient(k) + L / 2 * M2 * eta(k) ** 2
    return conclude(
        le(objective(k + 1), bound),
        followed,
        (have[sufficient.name], have["steps are >= 0"]),
        (have[moment.name], L / 2 * eta(k) ** 2),
        label="one step along a sufficient direction",
    )


@cache
def expected_coherence(count: Counting = FROM_ONE) -> Fact:
    """mu E|grad F(x_k)|^2 <= E<grad F(x_k), grad F(x_j)> on the window, if so in every outcome."""
    hypothesis = PathwiseGradientCoherence(count=count).hypothesis
    needed = sorted(hypothesis.conditions - {count.started}, key=str)  # the window starts there
    window = [given(nonnegative(c)) for c in needed]
    return axiom("monotone_expectation", hypothesis, evidence=window, label="on average")


def coherent_read(count: Counting = FROM_ONE, *, prehistory: bool = False) -> Fact:
    """mu E|grad F(x_k)|^2 <= E<grad F(x_k), grad F(y_k)>: coherence at the index read."""
    k, read = count.index, count.read(count.index)
    have = only(GradientCoherence(prehistory=prehistory, count=count))
    at_read = substitute(have["gradient coherence"], {j: read}, label="at the index read")
    at_read = discharge(at_read, le(read, k), reads_past(count))
    at_read = discharge(at_read, le(k - s + 1, read), reads_lag(count))
    started = le(count.first, read)
    return at_read if prehistory else discharge(at_read, started, reads_start(count))


@cache
def coherent_direction(count: Counting = FROM_ONE) -> Fact:
    r"""Coherence makes the stale stochastic gradient a sufficient direction, with constant mu.

    .. math:: \mu\,E\|\nabla F(x_k)\|^2 \leq E\langle\nabla F(x_k),\nabla F(y_k)+\xi_k\rangle

    for every sequence of reads within the window, as long as the noise is fresh.
    """
    k = count.index
    return conclude(
        le(mu * squared_gradient(k), Inner(gradient(k), applied_direction(k, count))),
        coherent_read(count),
        axiom("unbiased", xi(k), gradient(k), label="the noise does not see x_k"),
        label="coherence gives a sufficient direction",
    )
