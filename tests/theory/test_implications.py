"""The map of the assumptions: every arrow replays, and false ones of either kind do not."""

from dataclasses import replace
from itertools import pairwise

import pytest
from mutations import survivors
from sympy import I, Integer, Rational, oo

from theory.assumptions import (
    FROM_ONE,
    FROM_ZERO,
    AverageDelay,
    BoundedDelay,
    BoundedGradient,
    BoundedSecondMoment,
    BoundedVariance,
    Concurrency,
    Convex,
    ExogenousDelays,
    GradientCoherence,
    InitialGap,
    Minimiser,
    Multiplicity,
    PathwiseGradientCoherence,
    PolyakLojasiewicz,
    ReadsThePast,
    Smooth,
    StaleSGD,
    StronglyConvex,
    SufficientDirection,
    UnbiasedNoise,
    x,
)
from theory.axioms import AXIOMS
from theory.claims import Hypothesis, le
from theory.hilbert import squared_norm
from theory.implications import (
    ARROWS,
    Implication,
    NonImplication,
    Rotation,
    RunWitness,
    VanishingGradient,
    by_theorem,
    delays,
    direction,
    functions,
    noise,
)
from theory.implications.base import ANYWHERE, ELSEWHERE, meaning
from theory.kernel import StepError, axiom, combine, suppose
from theory.lemmas import coherent_direction, only
from theory.results import dai2019, huo2018, lian2015
from theory.symbols import M2, L, N, T, mu, mu_sc, s, tau_max
from theory.witness import PiecewiseQuadratic, quadratic

IMPLICATIONS = [a for a in ARROWS if isinstance(a, Implication)]
NON_IMPLICATIONS = [a for a in ARROWS if isinstance(a, NonImplication)]


def arrow(premise, conclusion):
    """The one arrow with these names."""
    (found,) = (
        a
        for a in ARROWS
        if str(a) in (f"{premise} => {conclusion}", f"{premise} =/=> {conclusion}")
    )
    return found


@pytest.mark.parametrize("one", ARROWS, ids=str)
def test_every_arrow_replays(one):
    assert one.status == ("implied" if one.implied else "not implied")
    assert one.because


def test_nothing_is_said_twice_and_nothing_both_ways():
    said = [(frozenset(a.name for a in b.premises), b.conclusion.name) for b in ARROWS]
    assert len(set(said)) == len(said)
    implied = {s for s, one in zip(said, ARROWS, strict=True) if one.implied}
    struck = {s for s, one in zip(said, ARROWS, strict=True) if not one.implied}
    assert not implied & struck


def test_the_answer_to_the_reviewers():
    """Coherence implies sufficient direction with the same constant, and not the other way."""
    there = arrow("gradient coherence", "sufficient direction")
    assert there.conclusion == SufficientDirection(mu)
    assert GradientCoherence(mu, s, count=FROM_ZERO) in there.premises
    assert BoundedDelay(s, count=FROM_ZERO) in there.given  # any delays, not some of them
    back = arrow("sufficient direction", "gradient coherence")
    assert back.witness.path.points == ((1, -Rational(1, 2), Rational(1, 4), -Rational(5, 4)),)
    assert "mu" not in back.witness.constants  # broken for every mu


# ------------------------------------------------------------------ implications, damaged


@pytest.mark.parametrize("one", IMPLICATIONS, ids=str)
def test_without_a_premise_it_does_not_replay(one):
    """Every premise is needed, and everything on the background."""
    for gone in (*one.premises, *one.given):
        fewer = {
            side: tuple(a for a in getattr(one, side) if a is not gone)
            for side in ("premises", "given")
        }
        with pytest.raises(StepError, match="is not assumed"):
            replace(one, **fewer).verify()


@pytest.mark.parametrize("one", IMPLICATIONS[1:], ids=str)  # the first is part of its premise
def test_without_a_fact_it_is_not_shown(one):
    facts = one.proof()
    for gone in facts:
        rest = tuple(fact for fact in facts if fact is not gone)
        with pytest.raises(StepError, match="is claimed and not shown"):
            replace(one, proof=lambda rest=rest: rest).verify()


STRONGER = [
    ("strongly convex", "Polyak-Lojasiewicz", PolyakLojasiewicz(mu_sc * Rational(11, 10))),
    ("smooth and minimiser", "initial gap", InitialGap(Rational(9, 20) * L, FROM_ZERO)),
    ("bounded second moment", "bounded variance", BoundedVariance(M2 / 2, FROM_ZERO)),
    (
        "bounded gradient and bounded variance",
        "bounded second moment",
        BoundedSecondMoment(noise.sigma**2, count=FROM_ZERO),
    ),
    ("bounded delay", "concurrency", Concurrency(tau_max - 1)),
    ("concurrency", "average delay", AverageDelay(N / 2)),
    ("bounded delay", "multiplicity", Multiplicity(s - 1, T, FROM_ZERO)),
    (
        "pathwise gradient coherence",
        "gradient coherence",
        GradientCoherence(2 * mu, count=FROM_ZERO),
    ),
    (
        "pathwise gradient coherence",
        "gradient coherence",
        GradientCoherence(s=s + 1, count=FROM_ZERO),
    ),
    ("gradient coherence", "sufficient direction", SufficientDirection(2 * mu)),
]


@pytest.mark.parametrize(("premise", "name", "stronger"), STRONGER, ids=str)
def test_a_stronger_conclusion_is_not_shown(premise, name, stronger):
    with pytest.raises(StepError, match=r"is claimed and not shown|says nothing that is claimed"):
        replace(arrow(premise, name), conclusion=stronger).verify()


def test_coherence_on_a_shorter_window_is_not_enough_for_longer_delays():
    one = arrow("gradient coherence", "sufficient direction")
    with pytest.raises(StepError, match="is not assumed"):
        replace(one, premises=(GradientCoherence(s=s - 1, count=FROM_ZERO),)).verify()


def test_a_conclusion_may_not_prove_itself():
    """Convexity from convexity says nothing, even where the premises include it."""
    claim = AXIOMS["convexity"].instantiate("F", ANYWHERE, ELSEWHERE).claim
    itself = axiom("convexity", "F", ANYWHERE, ELSEWHERE)
    assert itself.claim == claim
    circle = Implication(premises=(StronglyConvex(),), conclusion=Convex(), proof=lambda: (itself,))
    with pytest.raises(StepError, match=r"the proof uses 'convex\(F\)'"):
        circle.verify()


def test_a_property_is_shown_at_points_of_which_nothing_is_known():
    """Convexity between the start and the minimiser is not convexity."""
    near = axiom("strong_convexity", "F", mu_sc, x(0), functions.x_star)
    claim = AXIOMS["convexity"].instantiate("F", x(0), functions.x_star).claim
    there = combine(claim, near, squares=[(functions.x_star - x(0), mu_sc / 2)])
    local = Implication(premises=(StronglyConvex(),), conclusion=Convex(), proof=lambda: (there,))
    with pytest.raises(StepError, match="says nothing that is claimed"):
        local.verify()


def test_an_assumption_about_the_points_makes_them_known():
    close = suppose(Hypothesis("close", le(squared_norm(ANYWHERE - ELSEWHERE), 1)))
    strong = axiom("strong_convexity", "F", mu_sc, ANYWHERE, ELSEWHERE)
    claim = AXIOMS["convexity"].instantiate("F", ANYWHERE, ELSEWHERE).claim
    leaning = combine(claim, strong, (close, 0), squares=[(ELSEWHERE - ANYWHERE, mu_sc / 2)])
    one = Implication(premises=(StronglyConvex(),), conclusion=Convex(), proof=lambda: (leaning,))
    with pytest.raises(StepError, match="says nothing that is claimed"):
        one.verify()


def test_a_condition_has_to_be_declared():
    one = arrow("gradient coherence", "sufficient direction")
    fact = coherent_direction(FROM_ZERO)
    small = combine(fact.claim, fact, under=[le(mu, 1)])
    limited = replace(one, proof=lambda: (small,))
    with pytest.raises(StepError, match="which is not among the conditions"):
        limited.verify()
    replace(limited, conditions=(le(mu, 1),)).verify()


def test_idle_facts_are_refused():
    one = arrow("gradient coherence", "sufficient direction")
    idle = only(BoundedVariance(count=FROM_ZERO))["bounded variance"]
    with pytest.raises(StepError, match="says nothing that is claimed"):
        replace(one, proof=lambda: (*one.proof(), idle)).verify()


def test_what_has_no_definition_is_shown_by_itself_only():
    assert meaning(next(iter(UnbiasedNoise().allows))) == []
    one = Implication(premises=(Smooth(),), conclusion=UnbiasedNoise(), proof=lambda: ())
    with pytest.raises(StepError, match="itself could show it"):
        one.verify()
    replace(one, premises=(UnbiasedNoise(),)).verify()  # it is among the premises


def test_counting_from_one_is_another_assumption():
    one = arrow("gradient coherence", "sufficient direction")
    with pytest.raises(StepError):
        replace(one, conclusion=SufficientDirection(mu, count=FROM_ONE)).verify()


class OneFact:
    """One fact of an implication in the clothes of a theorem, for the search for mutants."""

    def __init__(self, one, place):
        self.one, self.place = one, place

    def proof(self):
        return self.one.proof()[self.place]

    def check(self, final):
        facts = list(self.one.proof())
        facts[self.place] = final
        replace(self.one, proof=lambda: tuple(facts)).verify()


def test_no_mutant_survives():
    seen: set[int] = set()
    alive = [
        mutant
        for one in IMPLICATIONS
        if one.length < 100  # the long proof is that of a theorem, and tried there
        for place in range(len(one.proof()))
        for mutant in survivors(OneFact(one, place), seen)
    ]
    alive = [mutant for mutant in alive if mutant.step.expression.free_symbols]  # 1 <= 1 for 0 <= 1
    assert not alive, "\n".join(map(str, alive))
    assert len(seen) > 60


# ------------------------------------------------------------------ witnesses, damaged


@pytest.mark.parametrize("one", NON_IMPLICATIONS, ids=str)
def test_a_witness_has_to_meet_what_is_assumed(one):
    """With the conclusion among the premises, no witness of any arrow will do."""
    with pytest.raises(StepError, match="does not meet"):
        replace(one, given=(*one.given, one.conclusion)).verify()


@pytest.mark.parametrize("one", NON_IMPLICATIONS, ids=str)
def test_a_witness_has_to_break_the_conclusion(one):
    with pytest.raises(StepError, match="does not break"):
        replace(one, conclusion=one.premises[0]).verify()


TAME = [  # what happens if the witness is made tamer: it no longer breaks the conclusion
    ("sufficient direction", "gradient coherence", {"steps": (Rational(1, 4),) * 3}),
    ("smooth", "gradient coherence", {"steps": (Rational(1, 2),)}),
    ("gradient coherence", "pathwise gradient coherence", {"noise": Integer(120)}),
    ("Polyak-Lojasiewicz", "convex", {"function": quadratic(Integer(1))}),
    ("convex", "Polyak-Lojasiewicz", {"function": quadratic(Integer(1))}),
    ("bounded variance", "bounded second moment", {"start": Integer(0)}),
    ("concurrency", "bounded delay", {"delays": (0,) * 8}),
    ("average delay", "concurrency", {"delays": (0, 1, 2) + (0,) * 9}),
    ("multiplicity", "bounded delay", {"delays": (0,) * 12}),
]


@pytest.mark.parametrize(("premise", "name", "change"), TAME, ids=lambda a: str(a)[:30])
def test_a_tamer_witness_breaks_nothing(premise, name, change):
    one = arrow(premise, name)
    with pytest.raises(StepError, match="does not break"):
        replace(one, witness=replace(one.witness, **change)).verify()


def test_what_cannot_be_decided_breaks_nothing():
    one = arrow("smooth", "gradient coherence")
    unknown = replace(one, conclusion=VanishingGradient())
    with pytest.raises(StepError, match="does not break 'vanishing gradient"):
        unknown.verify()
    with pytest.raises(StepError, match="does not meet 'vanishing gradient"):
        replace(one, premises=(VanishingGradient(),)).verify()


def test_the_noise_witness_by_hand():
    """Expected coherence near 1; exactly one of 256 outcomes crosses the minimum."""
    witness = arrow("gradient coherence", "pathwise gradient coherence").witness
    assert len(witness.path.points) == 256
    assert sum(bool(min(path) < 0) for path in witness.path.points) == 1
    assert witness.path.pathwise_coherence(2) < 0
    assert witness.path.pathwise_coherence(1) == 1


def test_pathwise_coherence_without_noise_is_coherence():
    steady = RunWitness(
        name="",
        function=quadratic(Integer(1)),
        start=Integer(1),
        steps=(Rational(3, 4),) * 4,
        delays=(0, 1, 0, 1),
        constants={"s": Integer(2)},
    )
    expected, sure = GradientCoherence(count=FROM_ZERO), PathwiseGradientCoherence(count=FROM_ZERO)
    for level in (Rational(1, 4), Rational(1, 2), Integer(1)):
        tried = replace(steady, constants={"s": Integer(2), "mu": level})
        assert tried.meets(expected) is tried.meets(sure)
    assert steady.meets(replace(sure, s=s + tau_max)) is None  # the window is not known
    flat = PiecewiseQuadratic(((Integer(0), Integer(0)),), 0, 0)
    assert replace(steady, function=flat).path.pathwise_coherence(2) == oo


# ------------------------------------------------------------------ the run that turns for ever


def turning(steps):
    """The rotation, followed step by step as stale SGD with complex numbers for points."""
    turn = Rotation(name="")
    points = [Integer(1)]
    points.append(points[0] - (points[0] + turn.first_noise) / 2)
    for k in range(1, steps):
        points.append((points[k] - turn.step * points[k - 1]).expand())
    return turn, points


def test_the_rotation_is_stale_sgd():
    turn, points = turning(12)
    assert turn.step == Rational(5, 4)
    for before, after in pairwise(points):
        squared = (after * after.conjugate()).expand()
        assert squared == turn.step * (before * before.conjugate()).expand()
        inner = (after * before.conjugate()).expand().as_real_imag()[0]
        assert inner == turn.coherence * squared


def test_the_rotation_says_what_it_is_and_no_more():
    turn = Rotation(name="")
    assert turn.coherence == Rational(2, 5)
    for assumption, answer in [
        (Smooth(Integer(1)), True),
        (Smooth(Rational(9, 10)), False),
        (Convex(), True),
        (StronglyConvex(Integer(1)), True),
        (PolyakLojasiewicz(Integer(2)), False),
        (BoundedVariance(Integer(2), FROM_ZERO), True),
        (BoundedVariance(Rational(19, 10), FROM_ZERO), False),
        (BoundedDelay(Integer(2), count=FROM_ZERO), True),
        (BoundedDelay(Integer(1), count=FROM_ZERO), False),
        (PathwiseGradientCoherence(Rational(2, 5), Integer(2), FROM_ZERO), True),
        (GradientCoherence(Rational(41, 100), Integer(2), count=FROM_ZERO), False),
        (GradientCoherence(Rational(2, 5), Integer(3), count=FROM_ZERO), None),
        (StaleSGD(count=FROM_ZERO), True),
        (StaleSGD(noisy=False, count=FROM_ZERO), False),
        (UnbiasedNoise(FROM_ZERO), True),
        (ExogenousDelays(FROM_ZERO), True),
        (ReadsThePast(), True),
        (BoundedGradient(), None),
        (VanishingGradient(), False),
    ]:
        assert turn.meets(assumption) is answer, assumption


def test_a_shorter_step_does_not_show_divergence():
    slow = Rotation(name="", z=Rational(1, 2) + I / 2)
    assert slow.step == Rational(1, 2)
    assert slow.meets(VanishingGradient()) is None
    with pytest.raises(ValueError, match="real part 1/2"):
        Rotation(name="", z=I)


def test_the_step_of_the_rotation_is_longer_than_the_theorem_allows():
    """Coherence 2/5 on a window of 2: the theorem for constant steps asks for at most 1/5."""
    turn = Rotation(name="")
    longest = dai2019.any_constant_step.largest_step(mu=turn.coherence, m=2, L=1)
    assert longest == Rational(1, 5) < turn.step


# ------------------------------------------------------------------ by theorem


def test_only_a_bound_that_vanishes_makes_the_gradient_vanish():
    with pytest.raises(StepError, match="tends to"):
        _ = by_theorem(huo2018.fixed_step, SufficientDirection).status
    with pytest.raises(StepError, match="is refuted"):
        _ = by_theorem(dai2019.published, GradientCoherence).status
    with pytest.raises(StepError, match="tends to"):
        _ = by_theorem(lian2015.nonconvex, BoundedVariance).status


def test_the_limit_of_the_step_is_that_of_the_theorem():
    one = arrow("gradient coherence", "vanishing gradient")
    assert one.because == "dai2019.constant_step, step <= mu/(L*m)"
    other = replace(one, theorem=huo2018.tuned_step, given=huo2018.tuned_step.assumptions)
    with pytest.raises(StepError, match="is not about"):
        _ = replace(other, premises=()).status
    limited = combine(one.short().claim, one.short(), under=[le(mu, 1)])
    with pytest.raises(StepError, match="does not limit the step"):
        _ = replace(one, short=lambda: limited).status
    equal = combine(le(one.theorem.step.expression, one.theorem.step.expression))
    assert replace(one, short=lambda: equal).status == "implied"  # a limit, if not a useful one


def test_a_theorem_needs_all_it_assumes():
    one = by_theorem(huo2018.tuned_step, SufficientDirection)
    assert one.status == "implied"
    with pytest.raises(StepError, match="assumes something else"):
        _ = replace(one, given=one.given[1:]).status


# ------------------------------------------------------------------ the records


def test_the_parts_of_the_map():
    parts = (functions.ARROWS, noise.ARROWS, delays.ARROWS, direction.ARROWS)
    assert ARROWS == sum(parts, ())
    assert str(ARROWS[0]) == "strongly convex => convex"
    assert Minimiser(count=FROM_ZERO) in arrow("strongly convex", "Polyak-Lojasiewicz").given
