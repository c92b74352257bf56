"""How often an iterate is read, and what is in flight, against counting by hand."""

from collections import Counter as Tally

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirics import schedules
from empirics.schedules import multiplicity
from empirics.schedules.reads import Counter


def by_hand(delays, tau_max):
    """Largest number of warm reads of one iterate, and the cold reads of x_0."""
    read = [(t, t - tau) for t, tau in enumerate(delays)]
    cold = [t for t, k in read if k == 0 and t < tau_max]
    warm = Tally(k for t, k in read if not (k == 0 and t < tau_max))
    return max(warm.values(), default=0), len(cold)


def flying_by_hand(delays):
    """Largest number of updates t with t - tau_t <= j < t, over all j."""
    return max(sum(t - tau <= j < t for t, tau in enumerate(delays)) for j in range(len(delays)))


@given(
    st.integers(0, 6).flatmap(
        lambda tau_max: st.tuples(
            st.just(tau_max), st.lists(st.integers(0, tau_max), min_size=1, max_size=30)
        )
    ),
    st.integers(1, 30),
)
def test_counts_agree_with_counting_by_hand(case, cut):
    tau_max, raw = case
    delays = np.minimum(raw, np.arange(len(raw)))
    whole = multiplicity(delays, tau_max)
    assert (whole.reads, whole.cold_reads) == by_hand(delays, tau_max)
    assert whole.counts.tolist() == np.bincount(delays, minlength=tau_max + 1).tolist()
    assert whole.mean == pytest.approx(delays.mean())
    assert whole.flying == flying_by_hand(delays.tolist())
    averages = np.cumsum(delays) / np.arange(1, len(delays) + 1)
    assert whole.average == pytest.approx(averages.max())
    assert whole.longest == delays.max()
    counter = Counter(tau_max)  # block by block
    for start in range(0, len(delays), cut):
        counter.add(start, delays[start : start + cut])
    parts = counter.result()
    assert (parts.reads, parts.cold_reads) == (whole.reads, whole.cold_reads)
    assert (parts.flying, parts.average) == (whole.flying, whole.average)


@pytest.mark.parametrize("tau", [0, 1, 5])
def test_constant_delay_reads_every_iterate_once(tau):
    delays = schedules.Constant(tau).draw(np.random.default_rng(), 0, 50, 1)
    reads = multiplicity(delays)
    assert (reads.reads, reads.cold_reads) == (1, tau)  # x_0: tau + 1 in all


def test_a_block_reads_its_first_iterate_s_times():
    delays = schedules.Cyclic(range(6)).draw(np.random.default_rng(), 0, 60, 1)
    assert multiplicity(delays).reads == 6
    assert multiplicity(delays[:6]).reads == 1  # one block: all but one read are the cold start


def test_replicas_are_counted_apart():
    once = np.zeros((8, 1), dtype=int)
    often = np.minimum(np.arange(8) % 4, 3)[:, None]
    both = multiplicity(np.hstack([once, often]), tau_max=3)
    assert (both.reads, both.cold_reads) == (4, 3)
    assert (both.flying, both.average) == (3, 1.5)  # updates 1, 2, 3 are over j = 0
    merged = multiplicity(once, tau_max=3).merge(multiplicity(often, tau_max=3))
    assert (merged.reads, merged.flying, merged.average) == (4, 3, 1.5)


@pytest.mark.parametrize(
    ("delays", "tau_max", "sentence"),
    [
        ([], None, r"multiplicity needs whole delays of shape \(steps,\)"),
        ([0.0, 0.5], None, r"multiplicity needs whole delays .* got float64 of shape \(2,\)"),
        ([0, float("nan")], None, r"multiplicity needs whole delays"),
        ([[[0]]], None, r"multiplicity needs whole delays .* shape \(1, 1, 1\)"),
        (
            [0, 2],
            None,
            r"reads need delays 0 <= tau_t <= min\(t, tau_max = 2\), got one outside; clip",
        ),
        ([0, -1], None, r"0 <= tau_t"),
        ([0, 1, 2], 1, r"tau_max = 1\)"),
    ],
)
def test_bad_input_gets_one_sentence(delays, tau_max, sentence):
    with pytest.raises(ValueError, match=sentence):
        multiplicity(np.array(delays), tau_max)
