"""Corrections: steps by hand through the simulator's own loop, and a slow twin of each."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from empirics import problems, schedules
from empirics.optimisers import (
    SGD,
    Adam,
    AdaptiveDelayCompensation,
    Correction,
    DelayAdaptive,
    DelayClipping,
    DelayCompensation,
    Momentum,
    Picky,
    PolynomialWeight,
    ScaledByDelay,
    WindowRule,
    weights,
)
from empirics.optimisers import window as window_module
from empirics.schedules.base import Block, Course, Law, SharedIterate, clip, settle

KINDS = [
    ScaledByDelay(),
    PolynomialWeight(),
    DelayAdaptive(0.2),
    DelayAdaptive(0.1, beyond=2),
    DelayClipping(3),
    WindowRule(0.5),
    WindowRule(0.6, share=0.25),
    DelayCompensation(0.5),
    AdaptiveDelayCompensation(0.5),
    AdaptiveDelayCompensation(0.5, decay=0, epsilon=0.01),
    Picky(0.3),
]
WEIGHTS = [kind for kind in KINDS if kind.weighs]
HALF_SQUARE = problems.quadratic(spectrum=[1.0], start=[1.0])  # f = x^2/2, g = y

# ------------------------------------------------------------------ by hand

# correction, constant delay, x_0, x_1, ... on f = x^2/2 from x_0 = 1
BY_HAND = [
    # with eta = 1/2, delay 1: 1, then 1 - 1/2, then 1/2 - g/2 with a gradient of x_0 = 1
    (ScaledByDelay(), 1, [1, 1 / 2, 0]),
    # delay 2: x_0 is read three times, at delays 0, 1, 2; the last one counts half
    (ScaledByDelay(), 2, [1, 1 / 2, 0, -1 / 4]),
    # weights 1, 1/2 and 1/3 of x_0, then 1/3 of x_1 = 1/2
    (PolynomialWeight(1), 2, [1, 1 / 2, 1 / 4, 1 / 12, 0]),
    # steps 1/2, min(1/2, 3/4), (3/4)/2 = 3/8
    (DelayAdaptive(3 / 4), 2, [1, 1 / 2, 0, -3 / 8]),
    # steps 1/2, 1/2 (not beyond), (1/2)/2
    (DelayAdaptive(1 / 2, beyond=1), 2, [1, 1 / 2, 0, -1 / 4]),
    # the gradients of delay 2 are ignored
    (DelayClipping(2), 2, [1, 1 / 2, 0, 0, 0]),
    (DelayClipping(3), 2, [1, 1 / 2, 0, -1 / 2]),
    # steps min(1/2, 3/4), 3/4 - 1/2, 3/4 - 3/4, 3/4 - 1/4 (x_1 is read at 3: steps 1 and 2)
    (WindowRule(3 / 4), 2, [1, 1 / 2, 1 / 4, 1 / 4, 1 / 4 - 1 / 4]),
    # half of the room: 3/4, of which eta takes 1/2; (3/2 - 1/2)/2; (3/2 - 1)/2 = 1/4
    (WindowRule(3 / 2, share=1 / 2), 2, [1, 1 / 2, 0, -1 / 4]),
    # 1 + (1/2)(1/2 - 1) = 3/4 for the gradient of x_0, moved to x_1: 1/2 - 3/8;
    # then x_1 = 1/2, moved to x_2: 1/2 + (1/2)(1/4)(1/8 - 1/2) = 29/64
    (DelayCompensation(1 / 2), 1, [1, 1 / 2, 1 / 8, 1 / 8 - 29 / 128]),
    # with delay 2 the second and the third gradient are both of x_0, moved to x_1 and x_2:
    # 1 + (1/2)(1/8 - 1) = 9/16
    (DelayCompensation(1 / 2), 2, [1, 1 / 2, 1 / 8, 1 / 8 - 9 / 32]),
    # V = 1/4, then 1/4 + 3/16: lambda = 1/2 over sqrt(7/16 + 9/16) = 1, as above
    (
        AdaptiveDelayCompensation(1 / 2, decay=3 / 4, epsilon=9 / 16),
        1,
        [1, 1 / 2, 1 / 8],
    ),
    # without memory V = 1: lambda = 1 over sqrt(1 + 3)
    (AdaptiveDelayCompensation(1, decay=0, epsilon=3), 1, [1, 1 / 2, 1 / 8]),
    # |x_1 - x_0| = 1/2 is near enough, |x_2 - x_1| = 1/2 too; then x_3 = -1/4 and x_2 = 0
    (Picky(1 / 2), 1, [1, 1 / 2, 0, -1 / 4]),
    # |x_1 - x_0| = 1/2 is too far; nothing moves, so that x_1 is read next and is near
    (Picky(1 / 4), 1, [1, 1 / 2, 1 / 2, 1 / 4]),
]


@pytest.mark.parametrize(("correction", "tau", "expected"), BY_HAND)
def test_steps_by_hand(correction, tau, expected, iterates):
    eta = np.full(len(expected) - 1, 0.5)
    x = iterates(HALF_SQUARE, schedules.Constant(tau), eta, correction=correction)
    np.testing.assert_allclose(x[:, 0, 0], expected, rtol=1e-15, atol=1e-16)
    assert (x == x[:, :1]).all()


# ------------------------------------------------------------------ a slow twin


@dataclass(frozen=True)
class Lanewise(Law):
    """Delays of all kinds, different in every replica, up to tau_max."""

    def __init__(self, tau_max):
        settle(self, tau_max=tau_max)

    def draw(self, generator, start, steps, lanes):
        return clip(generator.integers(0, self.tau_max + 1, (steps, lanes)), start)


@dataclass(frozen=True)
class Pairs(SharedIterate):
    """An update applies the mean of two gradients, of different delays."""

    def __init__(self, tau_max):
        settle(self, tau_max=tau_max)

    @property
    def gradients(self):
        return 2

    def course(self, generator, lanes):
        return PairsCourse(self, generator, lanes)


class PairsCourse(Course):
    def __init__(self, schedule, generator, lanes):
        self.schedule, self.generator, self.lanes, self.start = schedule, generator, lanes, 0

    def draw(self, steps):
        delays = self.generator.integers(0, self.schedule.tau_max + 1, (2 * steps, self.lanes))
        t = np.repeat(np.arange(self.start, self.start + steps), 2)
        self.start += steps
        return Block(delays=np.minimum(delays, t[:, None]))


def twin(problem, delays, eta, correction, lane):
    """x_0, ..., x_T of one replica: all is kept, and every rule is written as its paper has it.

    delays: those of the gradients of each update, a list of lists.
    """
    x, steps, mean = [problem.start.copy()], [], np.zeros(problem.dim)
    for t, (taus, e) in enumerate(zip(delays, eta, strict=True)):
        total, taken = 0.0, 0.0
        for tau in taus:
            y = x[t - tau]
            g, step = problem.gradient(y), e
            match correction:
                case ScaledByDelay():
                    step = e / tau if tau >= 1 else e
                case PolynomialWeight(power=a):
                    step = e / (1 + tau) ** a
                case DelayAdaptive(limit=limit, beyond=beyond):
                    step = e if tau <= beyond else min(e, limit / tau)
                case DelayClipping(threshold=R):
                    step = 0 if tau >= R else e
                case WindowRule(limit=c, share=share):
                    step = min(e, share * max(0, c - sum(steps[t - tau : t])))
                case DelayCompensation(lam=lam):
                    g = g + lam * g * g * (x[t] - y)
                case AdaptiveDelayCompensation(lam=lam, decay=m, epsilon=epsilon):
                    mean = m * mean + (1 - m) * g * g
                    g = g + lam / np.sqrt(mean + epsilon) * g * g * (x[t] - y)
                case Picky(radius=radius):
                    step = e if np.linalg.norm(x[t] - y) <= radius else 0
            total = total + step * g / len(taus)
            taken += step / len(taus)
        x.append(x[t] - total)
        steps.append(taken)
    return np.array(x)


# workers hold what they have read: the backup that matters is the one of the gradient's own worker


def delays_of(schedule, steps, lanes, seed=0):
    """As the tile draws them."""
    stream = np.random.SeedSequence(seed, spawn_key=(0,)).spawn(2)[1]
    course = schedule.course(np.random.Generator(np.random.SFC64(stream)), lanes)
    return course.draw(steps).delays.reshape(steps, -1, lanes)


@pytest.mark.parametrize(
    "schedule",
    [Lanewise(5), Pairs(5), schedules.Workers(5), schedules.Workers(6, buffer=2)],
    ids=["one gradient", "two", "workers", "a buffer"],
)
@pytest.mark.parametrize("correction", KINDS, ids=str)
def test_it_is_its_slow_twin(correction, schedule, iterates):
    problem = problems.quadratic(spectrum=[1.0, 0.3, 0.1], start=[1.0, -1.0, 0.5])
    eta = 0.3 / np.sqrt(np.arange(1, 41))
    x = iterates(problem, schedule, eta, correction=correction)
    delays = delays_of(schedule, len(eta), problem.lanes)
    for lane in (0, 100, 255):
        expected = twin(problem, delays[:, :, lane].tolist(), eta, correction, lane)
        np.testing.assert_allclose(x[:, lane], expected, rtol=1e-12, atol=1e-14)
    plain = iterates(problem, schedule, eta)
    assert np.abs(x - plain).max() > 1e-3  # negative control: the correction does something


# ------------------------------------------------------------------ what all promise


@dataclass(frozen=True)
class Own(Law):
    """Replica j has the constant delay j mod 7."""

    def __init__(self):
        settle(self, tau_max=6)

    def draw(self, generator, start, steps, lanes):
        return clip(np.tile(np.arange(lanes) % 7, (steps, 1)), start)


@pytest.mark.parametrize("correction", KINDS, ids=str)
def test_delays_of_its_own_are_as_good_as_delays_of_all(correction, iterates):
    """A replica whose delays nobody shares has the bits that it has when all share them."""
    problem = problems.quadratic(dim=3, mu=0.1)
    eta = 0.3 / np.sqrt(np.arange(1, 31))
    own = iterates(problem, Own(), eta, correction=correction)
    for tau in (0, 1, 3, 6):
        shared = iterates(problem, schedules.Constant(tau), eta, correction=correction)
        assert (own[:, tau] == shared[:, tau]).all()


@pytest.mark.parametrize("optimiser", [SGD(), Momentum(), Adam()], ids=str)
@pytest.mark.parametrize("correction", KINDS, ids=str)
def test_without_delay_nothing_is_corrected(correction, optimiser, iterates):
    problem = problems.quadratic(dim=3, mu=0.1, sigma=0.5)
    eta = np.full(30, 0.1)
    one = iterates(problem, schedules.Constant(0), eta, optimiser=optimiser, correction=correction)
    assert (one == iterates(problem, schedules.Constant(0), eta, optimiser=optimiser)).all()


@pytest.mark.parametrize("correction", KINDS, ids=str)
def test_blocks_leave_no_trace(correction, iterates):
    problem = problems.quadratic(dim=3, mu=0.1, sigma=0.5)
    eta = np.full(150, 0.1)
    one = iterates(problem, Lanewise(5), eta, correction=correction, block=7)
    assert (one == iterates(problem, Lanewise(5), eta, correction=correction, block=150)).all()


@pytest.mark.parametrize("correction", KINDS, ids=str)
def test_every_number_in_it_changes_something(correction, iterates):
    problem = problems.quadratic(spectrum=[1.0, 0.3, 0.1], start=[1.0, -1.0, 0.5])
    eta = np.full(30, 0.25)
    one = iterates(problem, Lanewise(5), eta, correction=correction)
    for field in fields(correction):
        value = getattr(correction, field.name)
        other = value + 1 if isinstance(value, int) else 0.8 * value + 0.01
        changed = replace(correction, **{field.name: other})
        assert (one != iterates(problem, Lanewise(5), eta, correction=changed)).any(), field.name


def test_an_optimiser_with_memory_goes_on_when_a_gradient_is_dropped(iterates):
    """v = 1, then half of it: 1 - 1/2 - 1/4, the gradient of delay 1 being ignored."""
    eta, clip_at_1 = np.full(2, 0.5), DelayClipping(1)
    x = iterates(
        HALF_SQUARE,
        schedules.Constant(1),
        eta,
        optimiser=Momentum(0.5),
        correction=clip_at_1,
    )
    assert x[:, 0, 0].tolist() == [1, 0.5, 0.25]


@pytest.mark.parametrize("correction", KINDS, ids=str)
def test_points_are_left_alone(correction):
    x, y = np.ones((4, 2)), np.full((4, 2), 0.5)
    for point in (x, y):
        point.flags.writeable = False
    corrector = correction.begin((4, 2), np.array([0.1, 0.1]))
    for t, delay in enumerate((np.int64(0), np.array([0, 1, 1, 0]))):
        corrector.correct(np.ones((4, 2)), t, delay, x, y)


# ------------------------------------------------------------------ weights


@pytest.mark.parametrize("correction", WEIGHTS, ids=str)
def test_weights_are_other_step_sizes(correction, iterates):
    problem, schedule = problems.quadratic(dim=3, mu=0.1, sigma=0.5), schedules.Cyclic([0, 4, 1, 3])
    eta = 0.2 / np.sqrt(np.arange(1, 41))
    w = weights(correction, eta, delays_of(schedule, 40, 1)[:, 0, 0])
    one = iterates(problem, schedule, eta, correction=correction)
    np.testing.assert_allclose(one, iterates(problem, schedule, w * eta), rtol=1e-12, atol=1e-14)
    assert ((w >= 0) & (w <= 1)).all()
    assert (w < 1).any()


def test_what_looks_at_points_has_no_weights():
    with pytest.raises(ValueError, match=r"weights need a correction that only weighs, got Picky"):
        weights(Picky(1.0), np.ones(2), np.zeros(2, dtype=np.int64))


# ------------------------------------------------------------------ the memory of windows


def window_twin(rule, eta, delays):
    """The steps of one replica, from all steps before."""
    steps = []
    for t, (e, tau) in enumerate(zip(eta, delays, strict=True)):
        steps.append(min(e, rule.share * max(0, rule.limit - sum(steps[t - tau : t]))))
    return np.array(steps)


@pytest.mark.parametrize("rule", [WindowRule(0.5), WindowRule(0.5, share=0.3)])
@pytest.mark.parametrize("size", [0.4, 0.05, 0.001])
@pytest.mark.parametrize("seed", range(3))
def test_windows_of_any_length_are_remembered_well_enough(rule, size, seed):
    """Sudden delays, far longer than any before and than what is kept; some lanes, some alike."""
    generator = np.random.default_rng(seed)
    steps, lanes = 1200, 3
    eta = size * generator.random(steps)
    longest = np.where(generator.random((steps, lanes)) < 0.02, steps, 6)
    delays = np.minimum(generator.integers(0, longest), np.arange(steps)[:, None])
    delays[:, 2] = delays[:, 1]
    corrector = rule.begin((lanes, 1), eta)
    taken = np.empty((steps, lanes))
    for t in range(steps):
        g = np.ones((lanes, 1))
        corrector.correct(g, t, delays[t], g, g)
        taken[t] = g[:, 0] * eta[t]
    for lane in range(lanes):
        expected = window_twin(rule, eta, delays[:, lane].tolist())
        np.testing.assert_allclose(taken[:, lane], expected, rtol=0, atol=1e-13)
    assert (taken[:, 1] == taken[:, 2]).all()


@pytest.mark.parametrize(("size", "lanes"), [(0.0148, 1), (0.02, 1), (0.02, 2)])
def test_nothing_is_forgotten_before_every_replica_can_spare_it(size, lanes):
    """When the memory is full, half of it holds 0.46 or 0.62 in replica 0, where the limit is 0.5.

    Replica 1 has taken 0.5 in its first steps and nothing since, so half of its memory holds none.
    """
    steps = window_module.ROWS + 1
    eta = np.full(steps, size)
    delays = np.stack([np.zeros(steps, dtype=int), np.arange(steps)], axis=1)
    delays[-1] = steps - 1
    corrector = WindowRule(0.5).begin((lanes, 1), eta)
    for t in range(steps):
        g = np.ones((lanes, 1))
        corrector.correct(g, t, delays[t, :lanes], g, g)
    assert window_twin(WindowRule(0.5), eta, delays[:, 0].tolist())[-1] == 0
    np.testing.assert_allclose(g[:, 0], 0, atol=1e-14)


def test_the_memory_of_windows_goes_with_limit_over_step_not_with_time():
    rows = {}
    for steps in (2000, 20000):
        for limit in (1.0, 10.0):
            corrector = WindowRule(limit).begin((1, 1), np.full(steps, 0.02))
            for t in range(steps):
                g = np.ones((1, 1))
                corrector.correct(g, t, np.int64(min(t, 3)), g, g)
            rows[steps, limit] = len(corrector._totals)
            assert corrector._totals.max() <= 0.02 * rows[steps, limit]  # begun anew: no drift
    assert rows[2000, 1.0] == rows[20000, 1.0] == 2 * window_module.ROWS
    assert rows[2000, 10.0] == rows[20000, 10.0] == 16 * window_module.ROWS


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize("correction", KINDS, ids=str)
@pytest.mark.parametrize("bad", [np.nan, -1, np.inf, "late", None, [0.9], True])
def test_every_number_is_checked(correction, bad):
    for field in fields(correction):
        sentence = rf" needs a (whole )?number {field.name} .*, got "
        with pytest.raises(ValueError, match=sentence):
            replace(correction, **{field.name: bad})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: DelayAdaptive(0), r"delay-adaptive step needs a number limit with limit > 0"),
        (lambda: DelayAdaptive(1, 0.5), r"needs a whole number beyond >= 0, got 0\.5"),
        (lambda: DelayClipping(0), r"delay clipping needs a whole number threshold >= 1, got 0"),
        (lambda: WindowRule(1, share=0), r"a number share with 0 < share <= 1, got 0"),
        (lambda: AdaptiveDelayCompensation(decay=1), r"decay with 0 <= decay < 1, got 1"),
    ],
)
def test_bad_numbers_get_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_correction_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Correction()
