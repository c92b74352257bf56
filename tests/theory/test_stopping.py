"""A run that stops: its axioms on explicit outcomes in the plane, and what the kernel refuses."""

import math
import random

import pytest
from sympy import Integer, Rational, sympify

from theory import axioms
from theory.assumptions import F, Minimiser, StronglyConvex, x, x_star, xi
from theory.assumptions.stopping import POTENTIAL, StoppedSGD
from theory.axioms import AXIOMS
from theory.claims import formula
from theory.hilbert import (
    Fixed,
    Gradient,
    Inner,
    Iterate,
    Running,
    Value,
    fixed,
    grad,
    known_at,
    running,
)
from theory.kernel import StepError, axiom, substitute
from theory.symbols import F_star, L, alive, eps, j, k, mu_sc, t

EPS, MU = 0.5, 0.75
SLOPE = Running(t, grad(POTENTIAL, x(t)))


# ------------------------------------------------------------------ explicit outcomes


def plog(u):
    return u if u <= 1 else 1 + math.log(u)


class Outcomes:
    """Equally likely outcomes: points for x_0, x_1 of a run that may stop, and a function F."""

    def __init__(self, seed):
        chance = random.Random(seed)
        self.count = 4
        self.points = {
            name: [self._point(chance) for _ in range(self.count)]
            for name in ("x[0]", "x[1]", "u", "v")
        }
        self.curvatures = (MU, MU + 2 * chance.random())

    @staticmethod
    def _point(chance):
        return (chance.uniform(-2, 2), chance.uniform(-2, 2))

    def goes_on(self, index, outcome):
        return all(
            sum(c * c for c in self.points[f"x[{i}]"][outcome]) > EPS for i in range(index + 1)
        )

    def vector(self, atom, outcome):
        match atom:
            case Running():
                on = self.goes_on(int(atom.args[0]), outcome)
                return self.vector(atom.args[1], outcome) if on else (0.0, 0.0)
            case Gradient():
                a, b = self.vector(atom.args[1], outcome)
                if str(atom.args[0]) == POTENTIAL:
                    u = (a * a + b * b) / EPS
                    slope = 2 / EPS if u <= 1 else 2 / (EPS * u)
                    return (slope * a, slope * b)
                return (self.curvatures[0] * a, self.curvatures[1] * b)
            case Fixed() if str(atom) == "x_star":
                return (0.0, 0.0)
            case Iterate() | Fixed():
                return self.points[str(atom)][outcome]
        raise AssertionError(atom)

    def mean(self, what):
        return sum(what(o) for o in range(self.count)) / self.count

    def number(self, expression):
        """The expression with every expectation as a mean over the outcomes."""

        def inner(e, o):
            u, v = (self.vector(a, o) for a in e.args)
            return u[0] * v[0] + u[1] * v[1]

        def potential(e, o):
            a, b = self.vector(e.args[1], o)
            return plog((a * a + b * b) / EPS)

        table = {e: self.mean(lambda o, e=e: inner(e, o)) for e in expression.atoms(Inner)}
        table |= {e: self.mean(lambda o, e=e: potential(e, o)) for e in expression.atoms(Value)}
        for index in (0, 1):
            table[alive(index)] = self.mean(lambda o, i=index: self.goes_on(i, o))
        return float(sympify(expression.xreplace(table)).subs({eps: EPS, mu_sc: MU}))


def pull(mu=mu_sc, index=1):
    return "potential_pull", (POTENTIAL, x_star, eps, x(index), F, mu, F_star)


INSTANCES = {
    "potential_step": (POTENTIAL, x_star, eps, x(0), x(1)),
    "potential_nonnegative": (POTENTIAL, x_star, eps, x(0)),
    "potential_tangent": (POTENTIAL, x_star, eps, x(0), Rational(7, 3)),
    "potential_slope": (POTENTIAL, x_star, eps, x(1)),
    "potential_pull": pull()[1],
}


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", INSTANCES)
def test_the_potential_on_outcomes(name, seed):
    claim = AXIOMS[name].instantiate(*INSTANCES[name]).claim
    assert Outcomes(seed).number(claim.expression) >= -1e-9


@pytest.mark.parametrize("seed", range(10))
def test_an_indicator_is_its_own_square(seed):
    u, v = fixed("u"), fixed("v")
    claim = AXIOMS["running_once"].instantiate(Integer(1), u + 2 * x(0), v).claim
    assert abs(Outcomes(seed).number(claim.expression)) < 1e-12
    wrong = Inner(Running(Integer(1), u), v) - Inner(u, v)
    assert abs(Outcomes(seed).number(wrong)) > 1e-9 or Outcomes(seed).number(alive(1)) == 1


def test_stronger_claims_are_false_somewhere():
    """Negative control: each constant of the potential is needed."""
    outcomes = [Outcomes(seed) for seed in range(60)]
    size = Inner(SLOPE, SLOPE).xreplace({t: Integer(1)})
    mean_pull = Inner(SLOPE, grad(F, x(t))).xreplace({t: Integer(1)})
    step = AXIOMS["potential_step"].instantiate(*INSTANCES["potential_step"]).claim.expression
    moved = Inner(x(1) - x(0), x(1) - x(0)) / eps
    for stronger in (
        alive(1) / eps - size,  # a quarter of 4 S/eps
        mean_pull - 6 * mu_sc * alive(1),
        step - moved,
        1 - Value(POTENTIAL, x(0)),  # Phi is not bounded
    ):
        assert any(o.number(stronger) < 0 for o in outcomes)


def test_the_tangent_needs_a_point_beyond_one():
    """Negative control: the line 1 + log v + (u - v)/v lies below plog at u = v = 1/10."""
    instance = AXIOMS["potential_tangent"].instantiate(
        POTENTIAL, x_star, eps, x(0), Rational(1, 10)
    )
    assert any(need.expression < 0 for need in instance.needs if need.expression.is_number)
    near = Outcomes(0)
    near.points["x[0]"] = [(math.sqrt(EPS / 10), 0.0)] * near.count
    assert near.number(instance.claim.expression) < 0
    inside = AXIOMS["potential_tangent"].instantiate(POTENTIAL, x_star, eps, x(0), Integer(1))
    assert near.number(inside.claim.expression) >= 0


# ------------------------------------------------------------------ the kernel


def test_whether_the_run_goes_on_is_known_with_the_iterate():
    assert known_at(SLOPE) == [t, t]
    assert known_at(Running(t, xi(t))) == [t, t + 1]
    assert axiom("unbiased", xi(t), SLOPE).claim
    with pytest.raises(StepError, match="is drawn at time"):
        axiom("unbiased", xi(t), Running(t + 1, grad(POTENTIAL, x(t))))
    with pytest.raises(StepError, match="is drawn at time"):
        axiom("unbiased", xi(t), Running(t, xi(t)))


def test_running_is_linear():
    assert running(t, 2 * x(t) - xi(t)) == 2 * Running(t, x(t)) - Running(t, xi(t))
    with pytest.raises(TypeError, match="a vector must be linear"):
        running(t, x(t) * xi(t))


def test_the_axioms_refuse_what_they_are_not_about():
    with pytest.raises(StepError, match="an iterate of the run"):
        axiom("potential_slope", POTENTIAL, x_star, eps, fixed("u"))
    with pytest.raises(StepError, match="two vectors are needed"):
        axiom("running_once", t, x(t), L)
    with pytest.raises(StepError, match="is not proved"):
        axiom("potential_step", POTENTIAL, x_star, F_star, x(t), x(t + 1))


def test_a_formula_for_the_survival_changes_what_is_assumed():
    """Else one could put 0 for S_k in |1_k grad Phi|^2 <= 4 S_k/eps, and keep the assumption."""
    slope = axiom("potential_slope", POTENTIAL, x_star, eps, x(t))
    assert slope.assumptions <= StoppedSGD().allows
    gone = substitute(slope, {alive: formula(k, Integer(0) * k)})
    assert not gone.assumptions <= StoppedSGD().allows


def test_another_ball_is_another_assumption():
    with_half = axiom("potential_slope", POTENTIAL, x_star, eps / 2, x(t))
    assert not with_half.assumptions <= StoppedSGD().allows
    granted = StoppedSGD().allows | StronglyConvex().allows | Minimiser().allows
    name, arguments = pull(index=t)
    assert axiom(name, *arguments).assumptions <= granted
    assert axioms.stopped("x", x_star, eps) != axioms.stopped("x", x_star, 2 * eps)


def test_a_run_that_goes_on_went_on_before():
    order = StoppedSGD().order
    assert order.claim.left == alive(k)
    assert order.claim.right == alive(j)
    assert order.conditions == {j, k - j}
