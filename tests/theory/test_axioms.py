"""Every axiom is tried on exact instances: functions of one variable, explicit sums, numbers."""

import random
from itertools import pairwise

import pytest
from sympy import Add, Integer, Min, Rational, log

from theory import axioms
from theory.algebra import Within, normal
from theory.claims import le
from theory.enclosure import sign_of_constant
from theory.evaluation import with_sequences
from theory.hilbert import Gradient, Inner, Value, fixed, iterate
from theory.symbols import j, k, sequence
from theory.witness import PiecewiseQuadratic, quadratic

SMOOTH = ["descent", "ascent", "lipschitz_gradient", "gradient_below_gap"]
CONVEX = ["convexity", "convex_smooth", "strong_convexity", "gradient_above_gap"]
MINIMISER = ["stationary", "least_value", "above_infimum"]
SUMS = ["telescope", "split", "exchange", "sift", "bracket_count"]
BRACKETS = ["bracket_inside", "bracket_before", "bracket_after", "bracket_at_most_one"]
NUMBERS = [
    "log_tangent",
    "exp_tangent",
    "least_below",
    "least_is_one",
    "largest_above",
    "largest_is_one",
]
POWERS = ["power_decreases"]
PRODUCTS = ["product_last", "product_empty"]
NOISE = ["unbiased"]
STOPPING = [  # tried in test_stopping.py
    "running_once",
    "potential_step",
    "potential_nonnegative",
    "potential_tangent",
    "potential_slope",
    "potential_pull",
]
LIPSCHITZ = ["gradient_bounded"]
OUTCOMES = ["monotone_expectation"]  # tried in test_outcomes.py
BLOCKS = ["block_sum", "blocks_orthogonal", "lipschitz_partial"]  # tried in test_blocks.py


def holds(claim) -> bool:
    sign = sign_of_constant(claim.expression)
    return (
        sign == 0 if claim.relation == "==" else sign in ((1,) if claim.relation == "<" else (0, 1))
    )


def random_function(chance: random.Random) -> PiecewiseQuadratic:
    """A nonconvex function, bounded below, with random knots and slopes."""
    places = sorted(chance.sample(range(-6, 7), 4))
    knots = tuple((Integer(p), Rational(chance.randint(-8, 8), 2)) for p in places)
    return PiecewiseQuadratic(knots, Integer(chance.randint(1, 3)), Integer(chance.randint(1, 3)))


def at_points(claim, function, points):
    """The claim with vectors replaced by numbers: one dimension, no noise."""

    def number(vector):
        return normal(vector).xreplace({name: points[name] for name in points})

    table = {}
    for e in claim.expression.atoms(Value):
        table[e] = function.value(number(e.args[1]))
    for e in claim.expression.atoms(Inner):
        factors = [
            function.derivative(number(a.args[1])) if isinstance(a, Gradient) else points[a]
            for a in e.args
        ]
        table[e] = factors[0] * factors[1]
    return type(claim)(Integer(0), claim.relation, claim.expression.xreplace(table))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions(name, seed):
    chance = random.Random(seed)
    function = random_function(chance)
    x, y = fixed("x"), fixed("y")
    points = {x: Rational(chance.randint(-40, 40), 5), y: Rational(chance.randint(-40, 40), 5)}
    L, low = function.smoothness, function.infimum
    if name == "gradient_below_gap":
        instance = axioms.AXIOMS[name].instantiate("F", L, low, x)
    else:
        instance = axioms.AXIOMS[name].instantiate("F", L, x, y)
    assert holds(at_points(instance.claim, function, points))


def test_smooth_functions_with_a_constant_too_small_are_caught():
    """Negative control: half the smoothness constant breaks each of them."""
    parabola, x, y = quadratic(Integer(1)), fixed("x"), fixed("y")
    points = {x: Integer(1), y: Integer(-1)}
    half = Rational(1, 2)
    for name, arguments in (
        ("descent", (half, x, y)),
        ("lipschitz_gradient", (half, x, y)),
        ("gradient_below_gap", (half, Integer(0), x)),
    ):
        claim = axioms.AXIOMS[name].instantiate("F", *arguments).claim
        assert not holds(at_points(claim, parabola, points))
    cap = quadratic(Integer(-1))
    claim = axioms.AXIOMS["ascent"].instantiate("F", half, x, y).claim
    assert not holds(at_points(claim, cap, points))


def convex_function(chance: random.Random) -> PiecewiseQuadratic:
    """A strongly convex function with random curvatures and its minimum at a random place."""
    place = Integer(chance.randint(-3, 3))
    slopes = [Rational(chance.randint(1, 6), 2) for _ in range(4)]
    knots = ((place - 2, -2 * slopes[1]), (place, Integer(0)), (place + 3, 3 * slopes[2]))
    return PiecewiseQuadratic(knots, slopes[0], slopes[3])


def convex_instance(name, function, x, y, *, scale=1):
    """The axiom for the sharpest constants of the function, or for `scale` times them."""
    inner = [(q - p) / (b - a) for (a, p), (b, q) in pairwise(function.knots)]
    curvature = Min(function.left, function.right, *inner)
    arguments = {
        "convexity": (x, y),
        "convex_smooth": (function.smoothness / scale, x, y),
        "strong_convexity": (curvature * scale, x, y),
        "gradient_above_gap": (curvature * scale, function.infimum, x),
    }[name]
    return axioms.AXIOMS[name].instantiate("F", *arguments).claim


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", CONVEX)
def test_convex_functions(name, seed):
    chance = random.Random(seed)
    function = convex_function(chance)
    x, y = fixed("x"), fixed("y")
    points = {x: Rational(chance.randint(-40, 40), 5), y: Rational(chance.randint(-40, 40), 5)}
    assert holds(at_points(convex_instance(name, function, x, y), function, points))


def test_convex_functions_with_a_wrong_constant_are_caught():
    """Negative control: half the smoothness, twice the curvature, a function that is not convex."""
    x, y = fixed("x"), fixed("y")
    points = {x: Integer(1), y: Integer(-1)}
    parabola = quadratic(Integer(1))
    for name in ("convex_smooth", "strong_convexity", "gradient_above_gap"):
        claim = convex_instance(name, parabola, x, y, scale=Integer(2))
        assert not holds(at_points(claim, parabola, points)), name
    claim = axioms.AXIOMS["convexity"].instantiate("F", x, y).claim
    assert not holds(at_points(claim, quadratic(Integer(-1)), points))


@pytest.mark.parametrize("seed", range(20))
def test_bounded_gradients(seed):
    chance = random.Random(seed)
    knots = tuple((Integer(p), Rational(chance.randint(-8, 8), 3)) for p in (-2, 0, 1, 5))
    function, x = PiecewiseQuadratic(knots, 0, 0), fixed("x")
    at = {x: Rational(chance.randint(-40, 40), 5)}
    (name,) = LIPSCHITZ
    claim = axioms.AXIOMS[name].instantiate("F", function.lipschitz, x).claim
    assert holds(at_points(claim, function, at))
    steepest = max(knots, key=lambda knot: abs(knot[1]))[0]
    less = axioms.AXIOMS[name].instantiate("F", function.lipschitz * Rational(9, 10), x).claim
    assert not holds(at_points(less, function, {x: steepest}))  # negative control


def test_a_minimiser_has_gradient_zero_and_the_least_value():
    function = PiecewiseQuadratic(
        ((Integer(0), Integer(-2)), (Integer(2), Integer(0)), (Integer(4), Integer(1))), 1, 1
    )
    star, x = fixed("x_star"), fixed("x")
    low = function.infimum
    claims = [
        axioms.AXIOMS["least_value"].instantiate("F", star, low).claim,
        axioms.AXIOMS["above_infimum"].instantiate("F", star, low, x).claim,
    ]
    still = axioms.AXIOMS["stationary"].instantiate("F", star, low).claim
    claims.append(type(still)(Inner(still.left, still.left), "==", Integer(0)))
    for claim in claims:
        assert holds(at_points(claim, function, {star: Integer(2), x: Rational(7, 3)}))
    for claim in (claims[0], claims[2]):  # negative control: 3 is not the minimiser
        assert not holds(at_points(claim, function, {star: Integer(3), x: Integer(0)}))


u = sequence("u")


def values(chance, claim):
    """Random values for the sequence u wherever the claim mentions it."""
    from sympy.core.function import AppliedUndef

    e = claim.expression
    table = {a: Rational(chance.randint(-9, 9), 4) for a in e.atoms(AppliedUndef)}
    return type(claim)(Integer(0), claim.relation, normal(e.xreplace(table)))


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("name", SUMS)
def test_finite_sums(name, seed):
    chance = random.Random(seed)
    low = Integer(chance.randint(-3, 3))
    high = low + chance.randint(0, 5)
    first = low + chance.randint(0, int(high - low))
    last = first + chance.randint(-1, int(high - first))
    arguments = {
        "telescope": (u(k), k, low, high),
        "split": (u(k), k, low, Integer(chance.randint(-6, 6)), high),
        "exchange": (u(k) * u(j + k) + u(j), (j, low, high), (k, first, high)),
        "sift": (u(k), k, low, high, (first, last)),
        "bracket_count": (k, low, high, (first, last)),
    }[name]
    instance = axioms.AXIOMS[name].instantiate(*arguments)
    assert all(need.expression >= 0 for need in instance.needs)
    assert holds(values(chance, instance.claim))


def test_sums_of_vectors_are_sums_of_their_products():
    """Paired with any vector, an equation between sums of vectors is one between numbers."""
    vectors = {
        "telescope": (iterate("x")(k), k, Integer(1), Integer(4)),
        "split": (u(k) * iterate("x")(k), k, Integer(1), Integer(2), Integer(4)),
        "sift": (u(k) * iterate("x")(k), k, Integer(1), Integer(4), (Integer(2), Integer(3))),
    }
    for name, arguments in vectors.items():
        claim = axioms.AXIOMS[name].instantiate(*arguments).claim
        assert claim.is_vector
        for place in range(1, 6):
            other = iterate("x")(Integer(place))
            assert normal(Inner(claim.left, other) - Inner(claim.right, other)) == 0, name


def test_sift_outside_its_range_is_false():
    """Negative control: what the side conditions exclude does fail."""
    instance = axioms.AXIOMS["sift"].instantiate(
        Integer(1), k, Integer(1), Integer(3), (Integer(2), Integer(5))
    )
    assert any(need.expression < 0 for need in instance.needs)
    assert not holds(instance.claim)


@pytest.mark.parametrize("length", range(-2, 8))
def test_finite_products(length):
    """Exactly where the side conditions allow it the product is what is said."""
    low, high = Integer(2), Integer(2 + length - 1)
    terms = {"u": [Rational(p, p + 1) for p in range(1, 20)]}
    for name, allowed in (("product_last", length >= 0), ("product_empty", length <= 0)):
        instance = axioms.AXIOMS[name].instantiate(u(k), k, low, high)
        assert all(need.expression >= 0 for need in instance.needs) == allowed
        difference = with_sequences(instance.claim.expression, terms, -10)
        assert (difference == 0) == allowed


def test_a_product_may_not_end_at_its_own_index():
    with pytest.raises(TypeError, match="depends on k itself"):
        axioms.AXIOMS["product_last"].instantiate(u(k), k, Integer(0), k)


@pytest.mark.parametrize("position", range(-2, 7))
def test_brackets(position):
    low, high, at = Integer(1), Integer(4), Integer(position)
    names = BRACKETS[:3]
    applicable = {
        name
        for name in names
        if all(n.expression >= 0 for n in axioms.AXIOMS[name].instantiate(at, low, high).needs)
    }
    assert len(applicable) == 1
    for name in applicable | {"bracket_at_most_one"}:
        assert holds(axioms.AXIOMS[name].instantiate(at, low, high).claim)
    assert Within(at, low, high) in (0, 1)


@pytest.mark.parametrize("seed", range(30))
def test_numbers(seed):
    chance = random.Random(seed)
    a, b = (Rational(chance.randint(1, 50), chance.randint(1, 9)) for _ in range(2))
    for name in NUMBERS:
        claim = axioms.AXIOMS[name].instantiate(a, b).claim
        if name == "exp_tangent":  # exact signs of exp are out of reach; floats will do here
            assert float(claim.expression) >= -1e-9
            continue
        assert holds(claim) or normal(claim.expression) == 0
    assert not holds(le(log(b), log(a) + (b - a) / b)) or a == b  # the wrong tangent


@pytest.mark.parametrize("seed", range(20))
def test_powers(seed):
    chance = random.Random(seed)
    x = Rational(chance.randint(1, 9), 9)
    a, b = sorted(Rational(chance.randint(-6, 6), 3) for _ in range(2))
    instance = axioms.AXIOMS["power_decreases"].instantiate(x, a, b)
    assert all(need.expression >= 0 for need in instance.needs)
    assert float(instance.claim.expression) >= -1e-12
    wrong = axioms.AXIOMS["power_decreases"].instantiate(x + 1, a, b)  # a base above 1
    assert float(wrong.claim.expression) < 0 or a == b
    assert any(need.expression < 0 for need in wrong.needs)


def test_unbiasedness_over_all_outcomes():
    """E<xi_k, v> = 0 for v a function of earlier signs, by enumeration; and not for later ones."""
    outcomes = [(a, b) for a in (-1, 1) for b in (-1, 1)]  # signs drawn at times 1 and 2
    earlier = Add(*(Integer(b) * (3 * a + 2) for a, b in outcomes)) / 4
    later = Add(*(Integer(a) * (3 * b * a + a + 2) for a, b in outcomes)) / 4
    assert earlier == 0
    assert later != 0


def test_every_axiom_has_been_tried_and_has_a_source():
    tried = {*SMOOTH, *CONVEX, *MINIMISER, *SUMS, *BRACKETS, *NUMBERS, *POWERS, *NOISE, *BLOCKS}
    tried |= {*STOPPING, *PRODUCTS}
    tried |= {*LIPSCHITZ, *OUTCOMES}
    assert set(axioms.AXIOMS) == tried
    for axiom in axioms.AXIOMS.values():
        assert axiom.source
        assert axiom.reason
    assert "descent" in axioms.trust_base()
