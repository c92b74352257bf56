"""The few numbers about runs and histories, held against what is counted elsewhere."""

import math

import numpy as np
import pytest

from empirics import named, problems, schedules, simulate, summary

PROBLEM = problems.quadratic(dim=2, mu=0.5, L=1.0, sigma=0.5)


@pytest.mark.parametrize(
    "text",
    [
        "constant:3",
        "uniform:6",
        "cyclic:0,1,2",
        "pareto:shape=1.2,mean=3,tau_max=60",
        "workers:5",
        "straggler:4,6",
        "workers:6,buffer=3",
        "workers:6,rule=barrier,buffer=3",
        "workers:4,rule=bounded_staleness:2",
        "workers:6,oldest=2",
    ],
)
def test_a_history_tells_what_the_simulator_counted(text):
    schedule, steps = named.schedule(text), 400
    counted = simulate(PROBLEM, schedule, step=0.01, steps=steps, replicas=1, seed=5).reads
    seen = summary.reads_of(schedules.history(schedule, steps, seed=5))
    assert np.array_equal(seen.counts, counted.counts[: len(seen.counts)])
    assert counted.counts[len(seen.counts) :].sum() == 0
    assert seen.reads == counted.reads
    # gradients that are still in flight at the end have no row: at most the last ones are missed
    assert seen.flying <= counted.flying
    assert seen.flying == counted.flying or schedule.workers
    assert abs(seen.discarded - counted.discarded) <= max(schedule.workers, 0)
    assert (seen.discarded > 0) is ("oldest" in text)


def test_places_of_delays_by_sorting(tmp_path):
    past = schedules.history(schedules.Workers(5), steps=333, seed=2)
    told, late = summary.of_history(past), np.sort(past.delays)
    assert told.mean == pytest.approx(late.mean())
    assert told.median == late[math.ceil(0.5 * len(late)) - 1]
    assert told.p99 == late[math.ceil(0.99 * len(late)) - 1]
    assert told.longest == late[-1]
    assert told.time_per_update == past.ended[past.applied >= 0].max() / 333


def test_messages_by_sorting():
    sent = schedules.messages(schedules.Caches(3, schedules.Uniform(4)), steps=50)
    told, took = summary.of_messages(sent), np.sort(sent.arrives - sent.sent)
    assert told.mean == pytest.approx(took.mean())
    assert told.median == took[math.ceil(0.5 * len(took)) - 1]
    assert (told.longest, told.flying, told.time_per_update) == (5, None, None)


def test_first_last_and_least():
    runs = simulate(PROBLEM, schedules.Uniform(4), step=0.3, steps=50, replicas=20, record=7)
    gap, told = runs.statistics.gap, summary.of_runs(runs)["measures"]["gap"]
    k = int(np.argmin(gap.mean))
    for name, place in (("first", 0), ("last", -1), ("least", k)):
        assert told[name] == {
            "t": runs.times[place],
            "mean": gap.mean[place],
            "standard error": gap.standard_error[place],
        }
    assert "average" not in told


def test_coherence_and_noise_are_told_as_they_were_measured():
    options = {"step": 0.3, "steps": 50, "replicas": 20, "window": 3, "noise": True}
    runs = simulate(PROBLEM, schedules.Constant(2), **options)
    told = summary.of_runs(runs)
    inner, norm = runs.statistics.inner.mean, runs.statistics.squared_norm.mean
    assert told["coherence"]["expected"] == (inner.min(axis=1) / norm).min()
    assert told["coherence"]["replica"] == runs.statistics.coherence_min.min()
    assert told["noise"] == {"mean": 0.25, "largest": 0.25, "infinite": False}
    text = "\n".join(summary.lines(told))
    assert f"coherence over 3 gradients: at least {told['coherence']['expected']:.4g}" in text
    assert "noise E|xi|^2: at most 0.25 in the mean" in text


def test_the_end_of_what_diverges():
    wild = simulate(PROBLEM, schedules.Constant(4), step=2.0, steps=3000, replicas=4)
    told = summary.of_runs(wild)
    assert told["diverged"] == {"replicas": 4, "first": int(wild.lost_at.min())}
    assert told["measures"]["gap"]["last"]["mean"] is None
    assert told["measures"]["gap"]["average"] is None
    text = "\n".join(summary.lines(told))
    assert f"4 of 4 replicas diverged, the first by update {wild.lost_at.min()}" in text
    assert "times as large" not in text


def test_growth_has_a_sentence_from_ten_times_on():
    def ends(last):
        end = {"t": 0, "mean": 1.0, "standard error": None}
        measures = {"squared gradient": {"first": end, "last": end | {"mean": last}, "least": end}}
        delays = {"mean": 0.0, "median": 0, "p99": 0, "longest": 0}
        none = {"replicas": 0, "first": None}
        return "\n".join(summary.lines({"measures": measures, "delays": delays, "diverged": none}))

    assert "ends 11 times as large as it began" in ends(11.0)
    assert "as large as it began" not in ends(9.9)
