"""Replicas that diverge: which, by when, and that nobody else notices."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from empirics import compare, problems, schedules, simulate
from empirics.problems import Problem
from empirics.recorder import LOST
from empirics.tile import FAR, LOOK

STEPS, REPLICAS = 700, 61


@dataclass(frozen=True, eq=False, kw_only=True)
class Plateau(Problem):
    """A bowl on |x| < 1.2 and, beyond its rim, a force outwards: some replicas fall off, some not.

    `outwards` is its slope there, < 0; with 1 the bowl goes on. `log` notes the gradients taken.
    """

    outwards: float
    log: list

    def value(self, x):
        return np.zeros(x.shape[:-1])

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[...] = np.where(abs(x) < 1.2, x, self.outwards * x)
        return out

    def draw(self, generator, steps, lanes):
        return generator.standard_normal((steps, lanes, 1))

    def stochastic_gradient(self, x, sample, out):
        self.log.append(len(self.log))
        self.gradient(x, out)
        out += sample

    def noise_variance(self, x):
        return np.ones(x.shape[:-1])


def plateau(outwards=-30.0, lanes=8):
    return Plateau(
        name="plateau",
        dim=1,
        start=np.zeros(1),
        constants={},
        settings={},
        lanes=lanes,
        sample_size=1,
        outwards=outwards,
        log=[],
    )


def run(problem=None, schedule=None, **options):
    given = {"step": 0.2, "steps": STEPS, "replicas": REPLICAS, "seed": 2, "record": 100}
    return simulate(problem or plateau(), schedule or schedules.Uniform(3), **{**given, **options})


def twin(tile, outwards=-30.0, seed=2, eta=0.2):
    """x_0, ..., x_T of one tile, (T + 1, lanes), replica by replica, with nothing but numbers."""
    pair = np.random.SeedSequence(seed, spawn_key=(tile,)).spawn(2)
    noise, delays = (np.random.Generator(np.random.SFC64(sequence)) for sequence in pair)
    samples = noise.standard_normal((STEPS, 8))
    taus = schedules.Uniform(3).draw(delays, 0, STEPS, 8)
    paths = np.zeros((STEPS + 1, 8))
    with np.errstate(over="ignore", invalid="ignore"):
        for lane in range(8):
            for t in range(STEPS):
                y = paths[t - taus[t, lane], lane]
                slope = y if abs(y) < 1.2 else outwards * y
                paths[t + 1, lane] = paths[t, lane] - eta * (slope + samples[t, lane])
    return paths


@pytest.fixture(scope="module")
def paths():
    """Of all eight tiles, the last one cut short."""
    return np.concatenate([twin(tile) for tile in range(8)], axis=1)[:, :REPLICAS]


def seen(bad):
    """The first row of a (times, replicas) table that is true, -1 for none."""
    return np.where(bad.any(axis=0), bad.argmax(axis=0), -1)


def expected(paths, recorded):
    """What `simulate` promises: the first look, or recorded time, at which it shows."""
    far = ~(abs(paths) <= FAR)
    looks = np.zeros(STEPS + 1, dtype=bool)
    looks[::LOOK] = looks[STEPS] = True
    with np.errstate(over="ignore", invalid="ignore"):
        steep = ~(np.where(abs(paths) < 1.2, paths, -30.0 * paths) ** 2 <= LOST)
    records = np.zeros(STEPS + 1, dtype=bool)
    records[recorded] = True
    return seen((far & looks[:, None]) | (steep & records[:, None]))


@pytest.mark.parametrize("record", ["all", "log", 100, 7, [0], [STEPS], [0, 65, 130]], ids=str)
def test_each_replica_is_lost_when_the_twin_says_so(paths, record):
    runs = run(record=record)
    lost = runs.lost_at
    np.testing.assert_array_equal(lost, expected(paths, runs.times))
    assert 3 < (lost >= 0).sum() < REPLICAS - 3  # some fall off at various times, some do not
    assert len(set(lost)) > 3
    # right to within one look: not before it is so steep, not 64 updates after it is so far
    steep, far = seen(~(abs(paths) <= LOST**0.5 / 30)), seen(~(abs(paths) <= FAR))
    assert (lost[lost >= 0] >= steep[lost >= 0]).all()
    assert (steep[lost >= 0] > 0).all()
    assert (lost[far >= 0] < far[far >= 0] + LOOK).all()
    assert (lost[far >= 0] > 0).all()
    # and never after a time at which it is counted
    counted = [(lost[lost >= 0] <= t).sum() for t in runs.times]
    assert counted == runs.statistics.diverged.tolist()


def test_a_twin_of_another_seed_is_not_taken_for_the_same(paths):
    other = np.concatenate([twin(tile, seed=3) for tile in range(8)], axis=1)[:, :REPLICAS]
    assert (run().lost_at != expected(other, run().times)).any()


@pytest.mark.parametrize("block", [1, 9, 63, 65, 1000])
def test_blocks_leave_no_trace(block):
    for record in ([0], 100):
        reference, runs = run(record=record), run(record=record, block=block)
        np.testing.assert_array_equal(runs.lost_at, reference.lost_at)
        for name in ("diverged", "noise_mean"):
            one, other = getattr(runs.statistics, name), getattr(reference.statistics, name)
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(runs.reads.counts, reference.reads.counts)


def test_processes_and_the_number_of_replicas_leave_no_trace():
    bowl = problems.quadratic(dim=2, mu=0.5, sigma=0.1)
    options = {"schedule": schedules.Uniform(3), "step": 4.5, "replicas": 600, "record": [0]}
    reference = run(bowl, **options)
    assert len(set(reference.lost_at)) > 1
    np.testing.assert_array_equal(run(bowl, **options, processes=2).lost_at, reference.lost_at)
    for replicas in (1, 300, 512):
        runs = run(bowl, **{**options, "replicas": replicas})
        np.testing.assert_array_equal(runs.lost_at, reference.lost_at[:replicas])


def test_the_others_go_on_as_if_nothing_had_happened(iterates):
    """Bit by bit as in a bowl without a rim, from which nobody falls."""
    eta = np.full(STEPS, 0.2)
    rim, bowl = (iterates(plateau(o, 64), schedules.Uniform(3), eta, seed=2) for o in (-30.0, 1.0))
    safe, lost = (abs(bowl) < 1.2).all(axis=(0, 2)), np.isnan(rim[-1, :, 0])
    assert safe.any()
    assert lost.any()
    np.testing.assert_array_equal(rim[:, safe], bowl[:, safe])
    assert (rim[:, lost] != bowl[:, lost]).any(axis=0).all()


def test_a_lost_replica_stays_lost(iterates):
    x = iterates(plateau(), schedules.Uniform(3), np.full(STEPS, 0.2), seed=2)[:, :, 0]
    for lane, t in enumerate(run(replicas=8, record=[0]).lost_at):
        assert np.isnan(x[t:, lane]).all() == (t >= 0)
        assert np.isfinite(x[: t if t >= 0 else None, lane]).any()


@dataclass(frozen=True, eq=False, kw_only=True)
class Slope(Plateau):
    """f = x: a gradient that does not see that its point is not a number."""

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[...] = 1.0
        return out


def test_it_is_lost_even_where_the_gradient_does_not_show_it():
    slope = Slope(**vars(plateau()))
    runs = run(slope, step=1e160, record="all")
    assert set(runs.lost_at) == {LOOK}
    assert runs.first_divergence == LOOK
    assert (runs.statistics.diverged == np.where(runs.times < LOOK, 0, REPLICAS)).all()
    assert run(slope, step=1e140, record="all").divergence is None


def test_nothing_is_computed_for_a_tile_of_lost_replicas():
    """But its delays go on, and what is counted of them stays right."""
    slope = Slope(**vars(plateau()))
    runs = run(slope, step=1e160, steps=10 * LOOK, block=LOOK, replicas=5)
    assert len(slope.log) == LOOK
    assert runs.statistics.diverged.tolist() == [0, *[5] * (len(runs.times) - 1)]
    slope.log.clear()
    quiet = run(slope, step=0.0, steps=10 * LOOK, replicas=5)
    assert len(slope.log) == 10 * LOOK
    assert runs.reads.counts.tolist() == quiet.reads.counts.tolist()
    for name in ("reads", "cold_reads", "flying", "average"):
        assert getattr(runs.reads, name) == getattr(quiet.reads, name)
    shared = run(slope, schedules.Cyclic([2, 0]), step=1e160, steps=10 * LOOK, block=LOOK)
    assert shared.delays.tolist() == [0, 0, *[2, 0] * (5 * LOOK - 1)]


def test_it_is_said_in_one_sentence():
    runs = run()
    lost = runs.lost_at
    first = np.where(lost < 0, STEPS + 1, lost).argmin()
    assert runs.divergence == (
        f"replica {first} diverged by update {lost[first]}; {(lost >= 0).sum()} of {REPLICAS} "
        "replicas are lost"
    )
    for lost_at, sentence in (
        ([-1, -1, -1], None),
        ([-1, 320, -1], "replica 1 diverged by update 320; 1 of 3 replicas is lost"),
        ([64, 0, 64], "replica 1 diverged by update 0; all 3 replicas are lost"),
    ):
        assert replace(run(replicas=3), lost_at=np.array(lost_at)).divergence == sentence
    assert replace(run(replicas=1), lost_at=np.array([7])).divergence == (
        "replica 0 diverged by update 7"
    )


def test_a_verdict_names_the_replica():
    from theory.results import dai2019

    steep = problems.quadratic(dim=1, L=1.0, sigma=0.1)
    runs = simulate(steep, schedules.Constant(4), step=1.5, steps=900, replicas=20, window=5)
    verdict = compare(dai2019.any_constant_step, runs, mu=0.5)
    assert runs.divergence in verdict.reason
