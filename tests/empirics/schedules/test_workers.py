"""Workers against a heap of events, and against what is exactly true of them."""

import itertools
import json
from dataclasses import dataclass

import numpy as np
import pytest
from heap import MIXED, Lane, Listed, every_case, generator, laws, twin
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from empirics import schedules
from empirics.schedules import (
    Asynchronous,
    Barrier,
    BoundedStaleness,
    Deterministic,
    Exponential,
    Lognormal,
    ParetoService,
    Workers,
)

ALPHA = 1e-6


# ---- the twin ----


def lane_of(block, j, K):
    """The same log of a block of ours that holds all."""
    part = [block.workers, block.delays, block.times, block.discarded]
    columns = [column if column.ndim == 1 else column[:, j] for column in part]
    starts = block.starts
    mine = slice(None) if starts.lane is None else starts.lane == j
    before = starts.before[mine]
    begun = (before, starts.worker[mine], starts.times[mine], before // K)
    used = list(zip(*(column.tolist() for column in columns), strict=True))
    return Lane(used, list(zip(*(column.tolist() for column in begun), strict=True)))


@every_case
def test_the_heap_agrees_to_the_last_bit(schedule):
    steps, lanes, K = 60, 7, schedule.buffer
    block = schedule.course(generator(), lanes).draw(steps)
    expected = twin(schedule, steps, lanes, generator())
    for j in range(lanes):
        ours = lane_of(block, j, K)
        assert ours.used == expected[j].used
        assert ours.begun == [b for b in expected[j].begun if b[0] < steps * K]
    if not all(law.deterministic for law in schedule.laws):
        assert twin(schedule, steps, lanes, generator(1))[0].used != expected[0].used


rules = st.one_of(
    st.just(Asynchronous()), st.just(Barrier()), st.integers(0, 3).map(BoundedStaleness)
)


@st.composite
def schedules_of_workers(draw):
    W = draw(st.integers(1, 5))
    rule = draw(rules)
    divisors = [K for K in range(1, W + 1) if W % K == 0]
    buffer = draw(st.sampled_from(divisors) if rule == Barrier() else st.integers(1, 7))
    free = rule == Asynchronous()
    oldest = draw(st.one_of(st.none(), st.integers(0, 6))) if free else None
    service = draw(st.lists(laws, min_size=W, max_size=W))
    return Workers(service=service, rule=rule, buffer=buffer, oldest=oldest)


@settings(max_examples=100, deadline=None)
@given(schedule=schedules_of_workers(), seed=st.integers(0, 2**32))
def test_the_heap_agrees_for_any_workers_and_nothing_ever_stops(schedule, seed):
    steps, lanes, K = 12, 3, schedule.buffer
    block = schedule.course(generator(seed), lanes).draw(steps)
    expected = twin(schedule, steps, lanes, generator(seed))
    assert [lane_of(block, j, K).used for j in range(lanes)] == [lane.used for lane in expected]
    if schedule.tau_max is not None:
        assert block.delays.max() <= schedule.tau_max


@every_case
@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_blocks_do_not_matter(schedule, cuts):
    edges = [0, *sorted(cuts), 200]
    course, K = schedule.course(generator(), 3), schedule.buffer
    whole = schedule.course(generator(), 3).draw(200)
    spans = [(a, b) for a, b in itertools.pairwise(edges) if b > a]
    parts = [course.draw(b - a) for a, b in spans]
    for name in ("delays", "workers", "times", "discarded"):
        together = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(together, getattr(whole, name))
    before = np.concatenate(
        [p.starts.before + a * K for p, (a, _) in zip(parts, spans, strict=True)]
    )
    np.testing.assert_array_equal(before, whole.starts.before)
    for name in ("worker", "times") if whole.starts.lane is None else ("worker", "lane", "times"):
        together = np.concatenate([getattr(part.starts, name) for part in parts])
        np.testing.assert_array_equal(together, getattr(whole.starts, name))


# ---- exact facts ----


@settings(max_examples=100, deadline=None)
@given(
    service=st.lists(laws, min_size=1, max_size=6),
    steps=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
def test_the_mean_delay_is_conserved(service, steps, seed):
    """sum(tau) + sum(age in flight) = (W - 1) T for all service times, at every T."""
    W, lanes = len(service), 3
    block = Workers(service=service).course(generator(seed), lanes).draw(steps)
    for j in range(lanes):
        read, total = [0] * W, 0
        for t in range(steps):
            worker = block.workers[t, j]
            assert block.delays[t, j] == t - read[worker]
            total += t - read[worker]
            read[worker] = t + 1
            ages = sum(t + 1 - version for version in read)
            assert total + ages == (W - 1) * (t + 1)


@pytest.mark.parametrize("W", [1, 2, 5])
def test_equal_service_times_give_a_constant_delay(W):
    block = Workers(W, Deterministic(2)).course(generator(), 9).draw(3 * W)
    assert block.delays.tolist() == [min(t, W - 1) for t in range(3 * W)]
    assert block.workers.tolist() == [t % W for t in range(3 * W)]
    assert block.times.tolist() == [2.0 * (t // W + 1) for t in range(3 * W)]
    assert block.starts.lane is None


def geometric(delays, W):
    """p-value that thinned delays have P(tau = k) = (1/W) (1 - 1/W)^k."""
    most = 6 * W
    law = (1 / W) * (1 - 1 / W) ** np.arange(most)
    counts = np.bincount(np.minimum(delays.ravel(), most), minlength=most + 1)
    expected = np.append(law, 1 - law.sum()) * delays.size
    return stats.chisquare(counts, expected).pvalue


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("W", [2, 5])
def test_exponential_service_gives_the_geometric_law(W, seed):
    """Thinned, as successive delays depend on each other; whatever the mean of the law."""
    delays = Workers(W, Exponential(3)).course(generator(seed), 256).draw(40 * W * 12).delays
    thin = delays[20 * W :: 10 * W]
    assert geometric(thin, W) > ALPHA
    assert geometric(thin, W + 1) < ALPHA
    other = Workers(W, Deterministic()).course(generator(seed), 1).draw(4000).delays[20 * W :]
    assert geometric(other, W) < ALPHA


def clocks(block, W):
    """Gradients that have arrived of every worker, after each arrival, (n, W, lanes)."""
    return (block.workers[:, None] == np.arange(W)[:, None]).cumsum(axis=0)


ERRATIC = Listed((0.001, 0.001, 1.0, 1000.0))


@pytest.mark.parametrize(("W", "slack"), [(2, 0), (2, 1), (3, 1), (3, 2), (4, 0)])
def test_clocks_and_delays_stay_within_the_slack_and_reach_it(W, slack):
    schedule = Workers(W, ERRATIC, rule=BoundedStaleness(slack))
    block = schedule.course(generator(), 256).draw(3000)
    clock = clocks(block, W)
    spread = clock.max(axis=1) - clock.min(axis=1)
    assert spread.max() == slack + 1
    assert schedule.tau_max == (W - 1) * (2 * slack + 1)
    assert block.delays.max() == schedule.tau_max
    free = clocks(Workers(W, ERRATIC).course(generator(), 256).draw(3000), W)
    assert (free.max(axis=1) - free.min(axis=1)).max() > slack + 1


def same_blocks(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("delays", "workers", "times")
    )


def test_slack_leads_from_the_barrier_to_no_waiting():
    def drawn(rule):
        return Workers(service=MIXED, rule=rule).course(generator(), 4).draw(300)

    assert same_blocks(drawn(BoundedStaleness(0)), drawn(Barrier()))
    assert same_blocks(drawn(BoundedStaleness(300)), drawn(Asynchronous()))
    assert not same_blocks(drawn(BoundedStaleness(1)), drawn(Barrier()))
    assert not same_blocks(drawn(BoundedStaleness(1)), drawn(Asynchronous()))
    ends = [drawn(rule).times[-1] for rule in (Barrier(), BoundedStaleness(2), Asynchronous())]
    assert (ends[0] > ends[1]).all()  # who waits takes longer
    assert (ends[1] > ends[2]).all()


def test_at_a_barrier_all_read_the_same_iterate():
    W, block = 4, Workers(4, rule=Barrier()).course(generator(), 6).draw(80)
    rounds = block.workers.reshape(20, W, 6)
    np.testing.assert_array_equal(
        np.sort(rounds, axis=1), np.tile(np.arange(W)[:, None], (20, 1, 6))
    )
    np.testing.assert_array_equal(block.delays, np.tile(np.arange(W)[:, None], (20, 6)))
    assert (block.starts.before % W == 0).all()
    mean = Workers(4, rule=Barrier(), buffer=4).course(generator(), 6).draw(20)
    assert (mean.delays == 0).all()
    np.testing.assert_array_equal(mean.times, block.times)


@pytest.mark.parametrize("oldest", [0, 1, 5])
def test_what_is_too_old_is_thrown_away(oldest):
    W, free = 5, Workers(5)
    schedule = replace_oldest(free, oldest)
    block = schedule.course(generator(), 64).draw(1000)
    assert schedule.tau_max == block.delays.max() == oldest
    assert 0 < block.discarded.sum()
    assert block.discarded.max() <= W - 1  # nobody is thrown away twice at one version
    assert free.course(generator(), 64).draw(1000).delays.max() > oldest
    begun = len(block.starts.before)  # all that begun: used, thrown away, or still in flight
    in_flight = begun - block.delays.size - block.discarded.sum()
    assert in_flight == (W - 1) * 64  # those that begin after the last gradient are not in it
    never = replace_oldest(free, 10_000).course(generator(), 64).draw(1000)
    assert same_blocks(never, free.course(generator(), 64).draw(1000))
    assert never.discarded.sum() == 0


def test_a_buffer_of_fresh_gradients_only():
    """Rennala SGD: a mean of K gradients at x_t; what was read before x_t is thrown away."""
    schedule = Workers(service=MIXED, buffer=3, oldest=0)
    block = schedule.course(generator(), 8).draw(100)
    assert (block.delays == 0).all()
    assert block.discarded.sum() > 100
    barrier = Workers(service=MIXED, rule=Barrier(), buffer=4).course(generator(), 8).draw(75)
    assert (block.times[-1] < barrier.times[-1]).all()  # as many gradients, and none waited for


@pytest.mark.parametrize(("W", "K"), [(4, 1), (4, 2), (4, 4), (6, 2), (6, 3)])
def test_the_bound_at_a_barrier_is_attained(W, K):
    schedule = Workers(W, rule=Barrier(), buffer=K)
    delays = schedule.course(generator(), 3).draw(60).delays
    assert schedule.tau_max == delays.max() == (W - 1) // K


def replace_oldest(schedule, oldest):
    return Workers(schedule.count, schedule.service, buffer=schedule.buffer, oldest=oldest)


def test_workers_of_a_buffer_go_on_at_once():
    """The order and the times of arrivals are those without a buffer; only the versions differ."""
    plain = Workers(4).course(generator(), 8).draw(300)
    mean = Workers(4, buffer=3).course(generator(), 8).draw(100)
    np.testing.assert_array_equal(plain.workers, mean.workers)
    np.testing.assert_array_equal(plain.times, mean.times)
    a = np.arange(300)[:, None]
    np.testing.assert_array_equal(mean.delays, a // 3 - (a - plain.delays) // 3)


# ---- options, settings ----


OPTIONS = {
    "count": {"count": 5},
    "service": {"service": Exponential(2)},
    "other law": {"service": ParetoService(1, 1.5)},
    "one slow": {"service": [Exponential()] * 3 + [Exponential(10)]},
    "rule": {"rule": BoundedStaleness(1)},
    "slack": {"rule": BoundedStaleness(2)},
    "barrier": {"rule": Barrier()},
    "buffer": {"buffer": 2},
    "oldest": {"oldest": 2},
}


def test_every_option_changes_something():
    seen = [Workers(4)]
    for change in OPTIONS.values():
        seen.append(Workers(**{"count": 4, **change}))
    facts = []
    for schedule in seen:
        block = schedule.course(generator(), 4).draw(300 // schedule.buffer)
        facts.append((block.delays.tolist(), block.times.tolist()))
    for one, other in itertools.combinations(range(len(seen)), 2):
        assert facts[one] != facts[other], (seen[one], seen[other])
        assert seen[one].settings != seen[other].settings


def rebuilt(settings):
    def value(v):
        if isinstance(v, dict):
            return rebuilt(v)
        return [value(w) for w in v] if isinstance(v, list) else v

    given = dict(settings)
    return getattr(schedules, given.pop("kind"))(**{k: value(v) for k, v in given.items()})


def replace_law(schedule, kind, law):
    """The same workers, with another law for those of one kind."""
    service = [law if isinstance(old, kind) else old for old in schedule.laws]
    options = {name: getattr(schedule, name) for name in ("rule", "buffer", "oldest")}
    return Workers(service=service, **options)


@every_case
def test_a_schedule_can_be_rebuilt_from_its_settings(schedule):
    schedule = replace_law(schedule, Listed, Lognormal(2, 0.5))
    assert rebuilt(json.loads(json.dumps(schedule.settings))) == schedule


def test_what_is_the_same_is_equal():
    assert Workers(3) == Workers(service=[Exponential()] * 3) == Workers(3, [Exponential()] * 3)
    assert Workers(3).tau_max is None
    assert (Workers(3).workers, Workers(3, buffer=2).gradients, Workers(3).timed) == (3, 2, True)


# ---- bad input ----


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Workers(), r"workers needs a whole number count >= 1, got None"),
        (lambda: Workers(0), r"workers needs a whole number count >= 1, got 0"),
        (lambda: Workers(2.5), r"workers needs a whole number count >= 1, got 2\.5"),
        (lambda: Workers(float("nan")), r"workers needs a whole number count >= 1, got nan"),
        (lambda: Workers(4, service=1.0), r"workers need a law of service times .* got 1\.0"),
        (lambda: Workers(service=[]), r"workers need a law of service times .* got \[\]"),
        (lambda: Workers(service="ab"), r"workers need a law of service times .* got 'ab'"),
        (lambda: Workers(service=[Exponential(), 2]), r"workers need a law .* sequence of them"),
        (lambda: Workers(3, [Exponential()] * 2), r"workers need one law each, got 2 laws for 3"),
        (lambda: Workers(3, rule="bsp"), r"workers need a rule such as .* got 'bsp'"),
        (lambda: Workers(3, rule=Barrier), r"workers need a rule such as"),
        (lambda: Workers(3, buffer=0), r"workers needs a whole number buffer >= 1, got 0"),
        (lambda: Workers(3, oldest=-1), r"workers needs a whole number oldest >= 0, got -1"),
        (lambda: Workers(3, oldest=1.5), r"workers needs a whole number oldest >= 0, got 1\.5"),
        (
            lambda: Workers(4, rule=Barrier(), buffer=3),
            r"workers with a barrier need a buffer that divides their number 4, got 3; an update",
        ),
        (
            lambda: Workers(4, rule=BoundedStaleness(2), oldest=3),
            r"workers that throw gradients away need the rule Asynchronous\(\), got Bounded",
        ),
        (lambda: BoundedStaleness(-1), r"bounded staleness needs a whole number slack >= 0"),
        (lambda: BoundedStaleness(None), r"bounded staleness needs .* got None"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@dataclass(frozen=True)
class Flat(Listed):
    """A law that forgets the shape of its numbers."""

    def quantile(self, u):
        return super().quantile(u).ravel()


@pytest.mark.parametrize("make", [Listed, Flat], ids=["values", "shape"])
@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_a_law_of_ones_own_with_impossible_times_is_refused(make, bad):
    with pytest.raises(
        ValueError, match=r"workers need finite service times >= 0 of shape \(64, 9"
    ):
        Workers(2, make((1.0, bad if make is Listed else 1.0))).course(generator(), 9)
