"""Exact formulas under random delays: broken on purpose, and held against numbers."""

import numpy as np
import pytest
from scipy.optimize import brentq
from sympy import Integer, Rational, Symbol, floor, lambdify, sin, sqrt, symbols

from empirics import problems, schedules, simulate
from empirics.compare import formulas
from empirics.exact import cache_disagreement, stability_limit, stationary_variance
from empirics.optimisers import DelayCompensation
from theory import linear
from theory.kernel import StepError
from theory.linear import cache_outcomes, independent
from theory.linear.steps import (
    Enumeration,
    Identity,
    Lemma,
    Limit,
    Outcome,
    SecondMoments,
    SumIdentity,
)
from theory.symbols import h, n, theta


def number(formula, name, **values):
    """An expression of a formula in floating point; values that it has no symbol for are left."""
    found = linear.find(formula)
    known = {s.name for s in found[name].free_symbols}
    return float(formulas.number(found, name, **{a: values[a] for a in known}))


def at_angle(size, angle):
    """Step and T of uniform delays."""
    product = np.tan(angle / 2) * np.tan(size * angle / 2)
    return 2 * size * np.sin(angle / 2) ** 2, product


# -------------------------------------------------------------------------- new kinds of steps

half = Rational(1, 2)
FRESH = Outcome(chance=1, matrix=[[1 - h]], noise=[[1]])
COIN = {"shows": "coins", "run": sum, "draws": ((0, half), (1, half)), "case": "coins"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (SumIdentity(shows="s", left=n, right=n + 1), "s: a difference of -1 is left"),
        (Limit(shows="s", expression=sin(theta), variable=theta, to=0, value=1), "tends to 0, not"),
        (Enumeration(**COIN, length=2, value=2), "all 4 sequences together give 1, not 2"),
        (Enumeration(**COIN, length=20, value=10), "1048576 sequences are none or too many"),
        (Enumeration(**COIN, length=0, value=0), "none or too many"),
        (
            Enumeration(**{**COIN, "draws": ((0, half), (1, 1))}, length=2, value=1),
            "chances do not sum to 1",
        ),
        (
            SecondMoments(shows="s", outcomes=(FRESH,), claimed=(), variance=1, case=""),
            "there is nothing to compare",
        ),
        (
            SecondMoments(
                shows="s",
                outcomes=(Outcome(chance=half, matrix=[[0]], noise=[[1]]),),
                claimed=(((1,), (1,), 1),),
                variance=1,
                case="",
            ),
            "chances do not sum to 1",
        ),
        (
            SecondMoments(
                shows="s",
                outcomes=(Outcome(chance=1, matrix=[[1]], noise=[[0]]),),
                claimed=(((1,), (1,), 1),),
                variance=1,
                case="",
            ),
            "not just one solution",
        ),
        (
            SecondMoments(
                shows="s",
                outcomes=(FRESH,),
                claimed=(((1,), (1,), 1 / h),),
                variance=1,
                case="tau = 0",
            ),
            r"the equations give .*, not 1/h \(tau = 0\)",
        ),
    ],
)
def test_a_step_that_does_not_follow_says_why(step, message):
    with pytest.raises(StepError, match=message):
        step.check()


def test_an_angle_that_cannot_be_read_is_no_identity():
    with pytest.raises(StepError, match=r"the angle .* is not read"):
        Identity(shows="s", left=sin(1 / (floor(h / n) * 2 + 1)), right=0).check()


def test_a_formula_that_is_not_proved_is_no_lemma():
    formula = linear.find("uniform.mean_limit")
    Lemma(shows="the limit", formula=formula).check()
    half_checked = linear.Formula(
        name="here.checked",
        title="",
        model="",
        reading="",
        expressions=formula.expressions,
        symbols=formula.symbols,
        instances=lambda f: (Enumeration(**COIN, length=1, value=half),),
    )
    with pytest.raises(StepError, match=r"here.checked is checked, not proved"):
        Lemma(shows="the limit", formula=half_checked).check()
    wrong = formula.changed(limit=2 * formula["limit"])
    with pytest.raises(StepError, match="the limit is the step of the first of them"):
        Lemma(shows="the limit", formula=wrong).check()


def test_new_kinds_of_steps_have_a_page():
    zero = SumIdentity(shows="s", left=h, right=n, given=((1, h - n),))
    assert zero.latex == r"h = n,\quad h - n = 0"
    assert zero.statement == "h = n, if h - n = 0"
    short = Limit(shows="s", expression=sin(theta), variable=theta, to=0, value=0)
    assert short.latex.endswith(r"\to 0 \quad (\theta \to 0)")
    assert short.statement == "sin(theta) -> 0 as theta -> 0"
    lemma = Lemma(shows="s", formula=linear.find("uniform_square.two_delays"))
    assert lemma.latex == r"\sqrt{5} - 1"
    assert lemma.statement.startswith("uniform_square.two_delays: limit: ")
    coins = Enumeration(**COIN, length=2, value=1)
    assert coins.statement == "4 sequences together give 1"
    assert coins.reach == "coins"
    moments = SecondMoments(
        shows="s", outcomes=(FRESH,), claimed=(((1,), (1,), h),), variance=1, case="tau = 0"
    )
    assert moments.statement == "1 outcome of an update gives h"


def test_an_outcome_has_a_square_matrix():
    with pytest.raises(ValueError, match=r"needs a square matrix and noise with as many rows"):
        Outcome(chance=1, matrix=[[1, 0]], noise=[[1]])
    with pytest.raises(ValueError, match=r"needs a square matrix and noise with as many rows"):
        Outcome(chance=1, matrix=[[1]], noise=[[1], [1]])


# ----------------------------------------------------------------- off by one, in each symbol


OFF = ("s", "P", "M", "j", "n", "m")
SAME = "decay"  # sqrt(2/M) and sqrt(2/(M + 1)) are the same for large M


def shifted():
    for formula in linear.formulas().values():
        for name in formula.expressions:
            for symbol in sorted(formula[name].free_symbols, key=str):
                if symbol.name in OFF and name != SAME:
                    yield pytest.param(formula, name, symbol, id=f"{formula}-{name}-{symbol}")


@pytest.mark.parametrize(("formula", "name", "symbol"), list(shifted()))
def test_an_index_off_by_one_is_noticed(formula, name, symbol):
    moved = formula[name].subs(symbol, symbol + 1)
    with pytest.raises(StepError, match=formula.name):
        formula.changed(**{name: moved}).verify()


# ------------------------------------------------------------------------- independent delays


@pytest.mark.parametrize("law", [(0.2, 0.5, 0.3), (0.1, 0, 0, 0.9), (0.25,) * 4], ids=str)
def test_independent_delays_against_the_oracle(law):
    exact = tuple(Rational(str(p)) for p in law)
    a = Symbol("a", positive=True)
    sums = independent.sums(exact, a)
    schedule = schedules.Pmf(law)
    formula = linear.find("independent.mean_square")
    variance = lambdify(a, formula["variance"].subs({**sums, independent.v: 1}))
    kernel = lambdify(a, formula["kernel"].subs(sums))
    limit = stability_limit(schedule)
    assert kernel(limit) == pytest.approx(1, abs=1e-9)
    for share in (0.1, 0.5, 0.9):
        expected = stationary_variance(schedule, share * limit)
        assert variance(share * limit) == pytest.approx(expected, rel=1e-9)
        assert kernel(share * limit) < 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_uniform_delays_against_the_oracle(size):
    schedule = schedules.Uniform(size - 1)
    limit = number("uniform.mean_limit", "limit", s=size)
    assert limit == pytest.approx(stability_limit(schedule, "mean"), rel=1e-9)

    def boundary(angle):
        a, T = at_angle(size, angle)
        return number("uniform_square.mean_square", "boundary", s=size, a=a, T=T)

    if size > 1:  # else mean and mean square have the same limit, at the end of the range
        angle = brentq(boundary, 1e-6, np.pi / size * (1 - 1e-9), xtol=1e-15)
        assert at_angle(size, angle)[0] == pytest.approx(stability_limit(schedule), rel=1e-9)
    a, T = at_angle(size, 0.5 * np.pi / size)
    found = number("uniform_square.mean_square", "variance", s=size, a=a, T=T, v=1)
    assert found == pytest.approx(stationary_variance(schedule, a), rel=1e-9)


def test_many_uniform_delays_are_as_good_in_the_mean_square():
    """At half of the angle a share of 1/4 of the limit of the mean, where the kernel vanishes."""
    kernels = []
    for size in (10, 100, 1000):
        a, T = at_angle(size, np.pi / 2 / size)
        share = number("uniform_square.many_delays", "share", u=np.pi / 4)
        limit = number("uniform.mean_limit", "limit", s=size)
        assert a / limit == pytest.approx(share, rel=3 / size)
        kernels.append(number("uniform_square.mean_square", "kernel", s=size, a=a, T=T))
    assert kernels[0] > 5 * kernels[1] > 25 * kernels[2] > 0


def test_two_delays():
    limit = number("uniform_square.two_delays", "limit")
    assert limit == pytest.approx(stability_limit(schedules.Uniform(1)), rel=1e-10)
    assert linear.find("uniform_square.two_delays")["limit"] == sqrt(5) - 1


@pytest.mark.parametrize("mean", [1.5, 3, 6])
def test_geometric_delays_against_the_oracle(mean):
    """Cut where the chances left are below 1e-9, which the limits hardly feel."""
    cut = int(np.ceil(np.log(1e-9) / np.log(1 - 1 / mean)))
    schedule = schedules.Geometric(p=1 / mean, tau_max=cut)
    limit = number("geometric.mean_square", "limit", M=mean)
    assert limit == pytest.approx(stability_limit(schedule), rel=1e-6)
    found = number("geometric.mean_square", "variance", M=mean, a=0.6 * limit, v=1)
    assert found == pytest.approx(stationary_variance(schedule, 0.6 * limit), rel=1e-6)
    bound = number("geometric.mean_limit", "limit", M=mean)
    roots = [np.roots([1, -(2 - (1 + f * bound) / mean), 1 - 1 / mean]) for f in (0.999, 1.001)]
    assert (np.abs(roots[0]) < 1).all()
    assert (np.abs(roots[1]) > 1).any()


# ------------------------------------------------------------------------------ worker caches


@pytest.mark.parametrize(("workers", "longest"), [(2, 1), (4, 3), (16, 8)])
@pytest.mark.parametrize("destinations", ["independent", "shared"])
def test_caches_against_the_oracle(workers, longest, destinations):
    schedule = schedules.Caches(workers, schedules.Uniform(longest), destinations=destinations)
    size = longest + 1
    mean = number("caches.mean_limit", "limit", s=size, P=workers)
    assert mean == pytest.approx(stability_limit(schedule, "mean"), rel=1e-9)

    def sums(angle):
        A, T = at_angle(size, angle)
        return {"a": A / workers, "P": workers, "Gamma_0": (1 + size * T) / (2 * A), "Q": T / A**2}

    which = "caches.shared_delays" if destinations == "shared" else "caches.mean_square"
    apart = number("uniform_caches.kernel", "apart", s=size)

    def kernel(angle):
        return number(which, "kernel", **sums(angle), E_r=apart)

    angle = brentq(lambda b: kernel(b) - 1, 1e-6, np.pi / size * (1 - 1e-9), xtol=1e-15)
    assert sums(angle)["a"] == pytest.approx(stability_limit(schedule), rel=1e-9)
    angle *= 0.6
    known = {**sums(angle), "E_r": apart, "v": 1}
    variance = number(which, "variance", **known)
    assert variance == pytest.approx(stationary_variance(schedule, known["a"]), rel=1e-9)
    gap = cache_disagreement(schedule, known["a"])
    if destinations == "shared":
        assert gap == 0
        return
    assert number(which, "disagreement", **known) == pytest.approx(gap, rel=1e-9)
    A, T = at_angle(size, angle)
    closed = number("uniform_caches.kernel", "kernel", P=workers, s=size, A=A, T=T)
    assert closed == pytest.approx(kernel(angle), rel=1e-12)


@pytest.mark.parametrize("law", [(), (half,), (half, half, half), (half, h)], ids=str)
def test_a_law_has_chances_that_sum_to_1(law):
    with pytest.raises(ValueError, match="autocovariances need chances that sum to 1, got"):
        independent.autocovariances(law, h)
    with pytest.raises(ValueError, match="need a worker and chances that sum to 1, got 2 and"):
        cache_outcomes.iterations(law, 2, shared=False)


def test_caches_have_a_worker():
    with pytest.raises(ValueError, match="need a worker and chances that sum to 1, got 0 and"):
        cache_outcomes.iterations((half, half), 0, shared=False)


def test_outcomes_of_an_iteration_of_caches():
    """All draws of the messages of 2 workers; a cache is everything minus what is on its way."""
    q = symbols("q", positive=True)
    outcomes = cache_outcomes.iterations((q, 1 - q), 2, shared=False)
    assert len(outcomes) == 16
    assert sum(o.chance for o in outcomes).expand() == 1
    immediate = next(o for o in outcomes if o.chance == q**4)
    rows = cache_outcomes.cached(1, 2)
    assert (rows * immediate.noise).tolist() == [[-1, -1], [-1, -1]]
    late = next(o for o in outcomes if o.chance == (1 - q) ** 4)
    assert (rows * late.noise).tolist() == [[Integer(0)] * 2] * 2


# -------------------------------------------------------------------------- memoryless workers


@pytest.mark.parametrize("held", [1, 2, 5, 30])
def test_memoryless_workers_against_the_oracle(held):
    schedule = schedules.Workers(held, schedules.Exponential())
    limit = number("asynchrony.mean_square", "limit", M=held)
    assert limit == pytest.approx(stability_limit(schedule), rel=1e-9)
    mean = number("asynchrony.momentum", "limit", M=held)
    assert mean == pytest.approx(stability_limit(schedule, "mean"), rel=1e-9)
    assert (mean > limit) == (held > 1)
    found = number("asynchrony.mean_square", "variance", M=held, a=0.7 * limit, v=1)
    assert found == pytest.approx(stationary_variance(schedule, 0.7 * limit), rel=1e-9)
    if held > 1:  # successive delays depend on each other, which the same delays drawn anew do not
        drawn = number("geometric.mean_square", "limit", M=held)
        assert abs(drawn - limit) > 0.01 * limit
    assert number("asynchrony.mean_square", "room", M=held, a=limit) == pytest.approx(0, abs=1e-12)


# ----------------------------------------------------------- relative noise and sparse updates


def radius(delay, step, nu):
    """Spectral radius of the map of second moments, written out with Kronecker products."""
    mean, touched = np.eye(delay + 1, k=-1), np.zeros((delay + 1, delay + 1))
    mean[0, 0] = 1
    mean[0, delay] -= step
    touched[0, delay] = step
    return np.abs(np.linalg.eigvals(np.kron(mean, mean) + nu * np.kron(touched, touched))).max()


def energy(delay, theta):
    """The sum of h_n^2 at a = 2 sin(theta/2)."""
    alpha = (2 * delay + 1) * theta / 2
    return number("stationary.variance", "variance", v=1, theta=theta, alpha=alpha)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_relative_noise_against_the_kronecker_operator(delay):
    def kernel(theta, nu=0.7):
        a = 2 * np.sin(theta / 2)
        return number("relative_noise.noise", "kernel", a=a, nu=nu, Gamma_0=energy(delay, theta))

    end = np.pi / (2 * delay + 1) * (1 - 1e-9)
    theta = brentq(lambda b: kernel(b) - 1, 1e-9, end, xtol=1e-15)
    limit = 2 * np.sin(theta / 2)
    assert radius(delay, limit, 0.7) == pytest.approx(1, abs=1e-9)
    assert radius(delay, 1.01 * limit, 0.7) > 1 > radius(delay, 0.99 * limit, 0.7)
    expected = stability_limit(schedules.Constant(delay), relative=0.7)
    assert limit == pytest.approx(expected, rel=1e-9)
    known = {"a": 0.5 * limit, "nu": 0.7, "v": 1}
    known["Gamma_0"] = energy(delay, 2 * np.arcsin(known["a"] / 2))
    found = number("relative_noise.noise", "variance", **known)
    schedule = schedules.Constant(delay)
    expected = stationary_variance(schedule, known["a"], relative=0.7)
    assert found == pytest.approx(expected, rel=1e-9)


def sparse_limit(every, delay):
    def kernel(theta):
        a = 2 * np.sin(theta / 2) * every
        known = {"a": a, "n": every, "Gamma_0": energy(delay, theta)}
        return number("sparse.touched", "kernel", **known)

    end = np.pi / (2 * delay + 1) * (1 - 1e-9)
    return 2 * np.sin(brentq(lambda b: kernel(b) - 1, 1e-9, end, xtol=1e-15) / 2) * every


@pytest.mark.parametrize(("every", "delay"), [(2, 0), (3, 2), (5, 6)])
def test_sparse_updates_against_the_kronecker_operator(every, delay):
    limit = sparse_limit(every, delay)
    assert radius(delay, limit / every, every - 1) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("delta", "slowdown"), [(0.125, 1.23), (1, 2.48)])
def test_very_sparse_updates_are_a_limit(delta, slowdown):
    def kernel(a):
        return number("sparse.very_sparse", "kernel", a=a, delta=delta)

    limit = brentq(lambda a: kernel(a) - 1, 1e-9, np.pi / 2 / delta * (1 - 1e-9))
    assert round(2 / limit, 2) == slowdown
    gaps = [abs(sparse_limit(n, round(delta * n)) - limit) for n in (80, 800)]
    assert gaps[1] < 0.15 * gaps[0] < 0.1


@pytest.mark.parametrize(("every", "delay"), [(3, 7), (4, 3), (2, 8)])
def test_round_robin_is_a_shorter_constant_delay(every, delay):
    touches = delay // every
    limit = number("sparse.round_robin", "limit", d=touches)
    ends = []
    for step in (0.98 * limit, 1.02 * limit):
        x = np.ones(3000)
        for k in range(2999):
            x[k + 1] = x[k] - step * x[max(k - delay, 0)] * (k % every == 0)
        ends.append(np.abs(x[-300:]).max())
    assert ends[0] < 0.1
    assert ends[1] > 10


# --------------------------------------------------------------------------- delay compensation


def compensated(delay, share, step):
    tail = np.zeros(delay + 2)
    tail[0], tail[1] = 1, -(1 - step * share)
    tail[-1] += step * (1 - share)
    return np.abs(np.roots(tail)).max()


@pytest.mark.parametrize("delay", [1, 2, 3, 8])
@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
def test_a_share_of_the_curvature_against_roots(delay, place):
    first, last = np.pi / (2 * delay + 1), np.pi / (delay + 1)
    phi = first + place * (last - first)
    share = number("compensation.up_to_half", "share", phi=phi, tau=delay)
    limit = number("compensation.up_to_half", "limit", phi=phi, tau=delay)
    assert -1e-12 <= share <= 0.5 + 1e-12
    assert compensated(delay, share, limit) == pytest.approx(1, abs=1e-7)
    assert compensated(delay, share, 0.999 * limit) < 1 < compensated(delay, share, 1.001 * limit)


@pytest.mark.parametrize("delay", [1, 2, 5, 8])
def test_half_of_the_curvature_is_enough(delay):
    rng = np.random.default_rng(delay)
    for share in rng.uniform(0.5, 1, 20):
        assert compensated(delay, share, rng.uniform(0, 1.999)) < 1
        if delay % 2 == 0:
            assert compensated(delay, share, 2.001) > 1
    if delay == 1:
        assert compensated(1, 0.75, 3.99) < 1 < compensated(1, 0.75, 4.01)


@pytest.mark.parametrize("delay", [1, 3, 5, 9])
def test_odd_delays_bear_more_with_more_than_half(delay):
    best = number("odd_delays.limit", "best share", tau=delay)
    for share in (best, (best + 1) / 2, 1.0):
        limit = number("odd_delays.limit", "limit", c=share)
        assert (
            compensated(delay, share, 0.999 * limit) < 1 < compensated(delay, share, 1.001 * limit)
        )
    least = number("odd_delays.limit", "best limit", tau=delay)
    assert number("odd_delays.limit", "limit", c=best) == pytest.approx(least)
    for share in np.linspace(0, 1, 60):  # no other share bears as much
        assert compensated(delay, share, 1.001 * least) > 1


@pytest.mark.parametrize("share", [0.3, 0.75, 0.9, 1.5])
def test_compensation_of_one_update(share):
    ends = {
        name: number("odd_delays.one_update_old", name, c=share)
        for name, there in (("first", share < 1), ("second", share > 0.5))
        if there
    }
    limit = min(ends.values())
    assert compensated(1, share, 0.999 * limit) < 1 < compensated(1, share, 1.001 * limit)


def test_squares_of_gradients_are_a_share_of_the_curvature():
    """What the correction of the optimisers adds, on average over two-point noise."""
    lam, sigma, curvature = 0.3, 2.0, 1.7
    known = {"lambda": lam, "sigma": sigma, "h": curvature}
    e = linear.find("gradient_squares.share")["share"]
    share = float(e.subs({s: known[s.name] for s in e.free_symbols}))
    x, y = np.array([[1e-4], [1e-4]]), np.array([[-2e-4], [-2e-4]])
    g = curvature * y + np.array([[sigma], [-sigma]])
    rule = DelayCompensation(lam).begin(g.shape, np.array([0.1]))
    rule.correct(g, 0, np.int64(1), x, y)
    expected = curvature * (y[0, 0] + share * (x[0, 0] - y[0, 0]))
    assert g.mean() == pytest.approx(expected, rel=1e-5)
    assert abs(g.mean() - curvature * y[0, 0]) > 0.1 * abs(expected)


def test_squares_do_not_move_the_limit_without_noise():
    limit = number("constant_delay.stability_limit", "limit", tau=2)
    problem = problems.quadratic(dim=1, mu=1, L=1, sigma=0.0, start=np.array([0.01]))
    for step, falls in ((0.97 * limit, True), (1.03 * limit, False)):
        runs = simulate(
            problem,
            schedules.Constant(2),
            correction=DelayCompensation(20.0),
            step=step,
            steps=400,
            replicas=1,
            seed=0,
        )
        gap = runs.statistics.gap.mean
        assert (gap[-1] < 1e-2 * gap[0]) == falls


# -------------------------------------------------------------------------- delays that vary


@pytest.mark.parametrize("delay", [1, 2, 3, 4, 5, 7, 12, 25])
def test_words_against_the_oracle(delay):
    found = {}
    for more in range(delay + 1):
        if (delay + 1 + more) ** 2 >= 4 * more * (more + 1):
            found[more] = number("varying.threshold", "threshold", tau=delay, m=more)
    best = min(found, key=found.__getitem__)
    word = [*range(delay + 1), *[delay] * best]
    assert found[best] == pytest.approx(stability_limit(schedules.Cyclic(word)), rel=1e-9)
    low, high = (number("varying.between", name, tau=delay) for name in ("low", "high"))
    constant = number("constant_delay.stability_limit", "limit", tau=delay)
    assert low < found[best] <= high * (1 + 1e-12) <= constant * (1 + 1e-11)
    assert (high < constant * (1 - 1e-4)) == (delay > 1)
    known = {1: 1, 2: 0.585786, 3: 0.422650, 4: 1 / 3, 5: 0.271286}
    assert delay not in known or round(found[best], 6) == pytest.approx(known[delay], abs=1e-6)
