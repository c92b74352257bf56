"""The companion finds multipliers of known steps, and says in a sentence why it finds none."""

import numpy as np
import pytest
from sympy import Rational

from empirics.search import SearchError, propose
from empirics.search.formulas import between
from empirics.search.samples import draw
from theory.assumptions import F, gradient, objective, squared_gradient, x, x_star, xi
from theory.claims import Claim, Hypothesis, eq, le
from theory.hilbert import Inner, fixed, squared_norm, value
from theory.kernel import axiom, combine, given, replay, suppose
from theory.lemmas.curvature import conditioned, excess_cocoercive
from theory.symbols import F_star, G, L, R, eps, eta, eta0, h, k, mu_sc, r, sigma, t

HALF = Rational(1, 2)
SHORT = le(eta0, 1 / L)


def known(name, claim):
    return suppose(Hypothesis(name, claim, (t,), frozenset({t})), label=name)


GD = known("update", eq(x(t + 1), x(t) - eta0 * gradient(t)))
DESCENT = axiom("descent", F, L, x(t), x(t + 1), label="descent lemma")
CURVED = axiom("strong_convexity", F, mu_sc, x(t), x_star, label="strong convexity")
CONVEX = axiom("convexity", F, x(t), x_star, label="convexity")
SMALL_GRADIENT = axiom("gradient_below_gap", F, L, F_star, x(t), label="smoothness")
LEAST = axiom("least_value", F, x_star, F_star, label="the least value")
GAP = objective(t) - value(F, x_star)
DISTANCE, NEXT = (squared_norm(x(i) - x_star) for i in (t, t + 1))


def multipliers(proposal):
    return {premise.label: weight for premise, weight in proposal.parts}


def checked(proposal, claim):
    """What a proposal is worth: its fact replays, says the claim, and needs nothing else."""
    assert proposal.fact.claim == claim
    assert replay(proposal.fact).conclusion == proposal.fact.conclusion
    return proposal


def test_the_descent_step_of_gradient_descent():
    decrease = eta0 * (1 - L * eta0 / 2) * squared_gradient(t)
    claim = le(objective(t + 1), objective(t) - decrease)
    found = checked(propose(claim, DESCENT, GD, CONVEX), claim)
    assert multipliers(found) == {"descent lemma": 1}  # convexity is not needed
    assert found.squares == ()


def test_a_square_with_a_condition():
    claim = le(objective(t + 1), objective(t) - eta0 / 2 * squared_gradient(t))
    found = checked(propose(claim, DESCENT, GD, under=[SHORT]), claim)
    ((root, weight),) = found.squares
    assert root == gradient(t)
    assert (weight - eta0 * (1 - L * eta0) / 2).expand() == 0
    assert found.fact.conditions == {SHORT.expression, t}


def test_the_polyak_lojasiewicz_inequality_from_strong_convexity():
    claim = le(2 * mu_sc * GAP, squared_gradient(t))
    found = checked(propose(claim, CURVED), claim)
    assert multipliers(found) == {"strong convexity": 2 * mu_sc}
    ((root, weight),) = found.squares
    assert weight == 1
    assert root in (gradient(t) - mu_sc * a for a in [(x(t) - x_star).expand(), x(t) - x_star]) or (
        squared_norm(root) == squared_norm(gradient(t) - mu_sc * (x(t) - x_star))
    )


def test_the_contraction_of_gradient_descent():
    claim = le(NEXT, (1 - eta0 * mu_sc) * DISTANCE)
    found = checked(propose(claim, CURVED, SMALL_GRADIENT, LEAST, GD, under=[SHORT]), claim)
    weights = multipliers(found)
    assert weights["strong convexity"] == 2 * eta0
    assert set(weights) == {"strong convexity", "smoothness", "the least value"}


def test_the_best_contraction_needs_a_formula_that_only_a_determinant_gives():
    """(1 - eta mu)^2: the multiplier 2 eta (1 - eta mu)/(L - mu) makes two squares one."""
    claim = le(NEXT, (1 - eta0 * mu_sc) ** 2 * DISTANCE)
    stationary = axiom("stationary", F, x_star, F_star)
    under = le(eta0, 2 / (L + mu_sc))
    shrinks = combine(
        le(0, 1 - eta0 * mu_sc), (given(under), mu_sc), (conditioned(), 1 / (L + mu_sc))
    )
    premises = (excess_cocoercive(x(t), x_star), stationary, GD, conditioned(), shrinks)
    found = checked(propose(claim, *premises, under=[under]), claim)
    ((_, weight),) = found.parts
    assert (weight - 2 * eta0 * (1 - eta0 * mu_sc) / (L - mu_sc)).simplify() == 0


def test_one_stale_step():
    """Noise, a delay, free steps: equations get their multipliers, signs come from a premise."""
    stale = known("update", eq(x(t + 1), x(t) - eta(t) * (gradient(r(t)) + xi(t))))
    past = known("past", le(r(t), t))
    unseen = axiom("unbiased", xi(t), gradient(t), label="noise and gradient")
    unread = axiom("unbiased", xi(t), gradient(r(t)), evidence=[past], label="noise and read")
    variance = known("variance", le(squared_norm(xi(t)), sigma**2))
    close = axiom("lipschitz_gradient", F, L, x(t), x(r(t)), label="read to write")
    positive = known("steps", le(0, eta(t)))
    claim = le(
        objective(t + 1),
        objective(t)
        - eta(t) / 2 * squared_gradient(t)
        - eta(t) / 2 * (1 - L * eta(t)) * squared_gradient(r(t))
        + eta(t) * L**2 / 2 * squared_norm(x(t) - x(r(t)))
        + L * eta(t) ** 2 * sigma**2 / 2,
    )
    premises = (DESCENT, stale, unseen, unread, variance, close, positive)
    found = checked(propose(claim, *premises), claim)
    weights = multipliers(found)
    assert weights["read to write"] == eta(t) / 2
    assert weights["variance"] == L * eta(t) ** 2 / 2
    assert weights["noise and gradient"] == -eta(t)
    with pytest.raises(SearchError, match=r"refuses .* 0 is not proved|no multipliers"):
        propose(claim, *premises[:-1])  # nothing says that steps are >= 0


def test_multipliers_that_no_cancelling_monomial_fixes():
    """<u, v> <= R G: both multipliers come from the samples alone."""
    u, v = fixed("u"), fixed("v")
    short = [known("u", le(squared_norm(u), R**2)), known("v", le(squared_norm(v), G**2))]
    claim = le(Inner(u, v), R * G)
    found = checked(propose(claim, *short), claim)
    assert multipliers(found) == {"u": G / (2 * R), "v": R / (2 * G)}


def test_given_squares_and_young():
    u, v = fixed("u"), fixed("v")
    claim = le(2 * Inner(u, v), eps * squared_norm(u) + squared_norm(v) / eps)
    found = checked(propose(claim, squares=[u - v, eps * u - v]), claim)
    assert found.squares == ((eps * u - v, 1 / eps),)
    with pytest.raises(SearchError, match="the given squares"):
        propose(claim, squares=[u - v])


def test_numbers_alone():
    claim = le(L * h**2, h)
    found = checked(propose(claim, given(le(h, 1 / L))), claim)
    assert [weight for _, weight in found.parts] == [L * h]


def test_conditions_may_need_each_other():
    slower = le(objective(t + 1), objective(t) - eta0 / 2 * squared_gradient(t))
    under = [le(2, k), le(eta0, 1 / (L * (k - 1)))]  # the second is defined where the first holds
    checked(propose(slower, DESCENT, GD, under=under), slower)


# ------------------------------------------------------------------ nothing to be found


def halved(claim):
    """The same with half of what it adds on the right, which is too little."""
    return Claim(claim.left, claim.relation, claim.right / 2)


FALSE = {
    "descent": (
        le(objective(t + 1), objective(t) - eta0 * squared_gradient(t)),
        (DESCENT, GD),
        [SHORT],
    ),
    "PL": (halved(le(2 * mu_sc * GAP, squared_gradient(t))), (CURVED,), []),
    "contraction": (
        le(NEXT, (1 - 2 * eta0 * mu_sc) * DISTANCE),
        (CURVED, SMALL_GRADIENT, LEAST, GD),
        [SHORT],
    ),
    "long steps": (
        le(NEXT, (1 - eta0 * mu_sc) * DISTANCE),
        (CURVED, SMALL_GRADIENT, LEAST, GD),
        [le(eta0, 3 / L)],
    ),
    "premise": (le(NEXT, (1 - eta0 * mu_sc) * DISTANCE), (CURVED, GD), [SHORT]),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_claims_and_missing_premises_fail_in_one_sentence(name):
    claim, premises, under = FALSE[name]
    with pytest.raises(SearchError) as caught:
        propose(claim, *premises, under=under)
    message = str(caught.value)
    assert message.startswith(str(claim))
    assert "no multipliers of the premises" in message
    assert "\n" not in message


def test_a_step_that_does_not_follow_comes_with_numbers():
    claim, premises, under = FALSE["PL"]
    with pytest.raises(SearchError, match=r"it does not follow: at .* fails, since"):
        propose(claim, *premises, under=under)


def test_a_claim_that_is_wrong_by_next_to_nothing_is_not_proved():
    tiny = Rational(1, 10**12)
    claim = le((1 + tiny) * objective(t + 1), objective(t) - eta0 / 2 * squared_gradient(t))
    with pytest.raises(SearchError):
        propose(claim, DESCENT, GD, under=[SHORT])


def test_what_no_premise_speaks_of_is_named():
    claim = le(objective(t + 1), objective(t))
    with pytest.raises(SearchError, match=r"no premise speaks of F\(x\[t \+ 1\]\), F\(x\[t\]\)"):
        propose(claim, GD)


def test_conditions_that_are_never_met_are_named():
    claim = le(objective(t + 1), objective(t))
    with pytest.raises(ValueError, match="pass ranges="):
        propose(claim, DESCENT, GD, under=[SHORT, le(2 / L, eta0)])


def test_a_vector_claim_is_refused():
    with pytest.raises(ValueError, match="a claim about numbers"):
        propose(eq(x(t), x_star), GD)


# ------------------------------------------------------------------ parts


def test_samples_meet_the_conditions():
    limits = [1 / L - eta0, eta(t)]
    values = draw([L, eta0, eta(t)], limits, ranges={L: (2.0, 3.0)}, count=50, seed=1)
    assert len(values) == 50
    assert (values(L) >= 2).all()
    assert (values(L) <= 3).all()
    assert (values(eta0 * L) <= 1).all()
    assert (values(eta(t)) >= 0).all()


def test_the_simplest_formula_of_an_interval_comes_first():
    values = draw([L, eta0], [], ranges={}, count=12, seed=0)
    exact = values(eta0**2 / (3 * L))
    assert next(between(exact, exact, values, [L, eta0])) == eta0**2 / (3 * L)
    assert next(between(exact * 0 - 1, exact, values, [L, eta0])) == 0
    wide = np.full(12, 0.4), np.full(12, 0.6)
    assert next(between(*wide, values, [L, eta0])) == HALF
