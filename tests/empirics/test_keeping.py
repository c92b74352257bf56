"""Results that are kept: the same ones are, and no others."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import keeping, optimisers, problems, schedules, stepsizes
from empirics.runs import Runs

PROBLEM = problems.quadratic(dim=2, mu=0.5, L=1.0, sigma=0.5)


def once(path, schedule=schedules.Uniform(3), **more):  # noqa: B008  # it is immutable
    given = {"step": 0.1, "steps": 20, "replicas": 4} | more
    return keeping.simulate_once(path, PROBLEM, schedule, **given)


def test_the_same_runs_are_kept_bit_for_bit(tmp_path):
    first = once(tmp_path / "new" / "r.nc")
    again = once(tmp_path / "new" / "r.nc")
    assert (first.kept, again.kept) == (False, True)
    assert np.array_equal(first.runs.statistics.gap.mean, again.runs.statistics.gap.mean)
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"r.nc", "r.key"}


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"step": stepsizes.constant(0.1)}, True),  # the same numbers, written otherwise
        ({"step": np.full(20, 0.1)}, True),
        ({"processes": 2}, True),
        ({"step": stepsizes.inverse(0.1)}, False),
        ({"step": np.linspace(0.1, 0.1 + 1e-15, 20)}, False),
        ({"steps": 21}, False),
        ({"replicas": 5}, False),
        ({"schedule": schedules.Uniform(4)}, False),
        ({"seed": 1}, False),
        ({"optimiser": optimisers.Momentum(0.5)}, False),
        ({"correction": optimisers.ScaledByDelay()}, False),
        ({"record": 3}, False),
        ({"record": np.arange(5)}, False),
        ({"record": ("random", 3)}, False),
        ({"measures": ("direction",)}, False),
        ({"window": 2}, False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_what_is_kept_is_what_would_come_out_again(more, kept, tmp_path):
    once(tmp_path / "r.nc")
    assert once(tmp_path / "r.nc", **more).kept is kept
    assert once(tmp_path / "r.nc", **more).kept  # in the place of the others


@pytest.mark.parametrize("damage", ["", "{}", "[1]", "not json", '{"key": 3}'])
def test_a_damaged_mark_keeps_nothing(damage, tmp_path):
    once(tmp_path / "r.nc")
    (tmp_path / "r.key").write_text(damage)
    assert not once(tmp_path / "r.nc").kept


def test_a_lost_file_is_made_again(tmp_path):
    once(tmp_path / "r.nc")
    (tmp_path / "r.nc").unlink()
    assert not once(tmp_path / "r.nc").kept
    assert once(tmp_path / "r.nc").kept


def test_interrupted_runs_are_saved_and_not_kept(tmp_path, monkeypatch):
    whole = once(tmp_path / "r.nc").runs
    (tmp_path / "r.nc").write_bytes(b"damaged")  # its mark is still there
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "simulate", lambda *_, **__: replace(whole, complete=False))
        assert not once(tmp_path / "r.nc").runs.complete
    assert not Runs.load(tmp_path / "r.nc").complete
    again = once(tmp_path / "r.nc")
    assert (again.kept, again.runs.complete) == (False, True)


def test_marks_hold_facts(tmp_path):
    keeping.write_mark(tmp_path / "m", "k", mu=0.5)
    assert keeping.read_mark(tmp_path / "m", "k") == {"key": "k", "mu": 0.5}
    assert keeping.read_mark(tmp_path / "m", "other") is None
    assert keeping.read_mark(tmp_path / "none", "k") is None


def test_half_a_file_never_has_the_name(tmp_path, monkeypatch):
    whole = once(tmp_path / "r.nc").runs
    before = (tmp_path / "r.nc").read_bytes()

    def break_off(runs, path):
        path.write_bytes(before[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Runs, "save", break_off)
    with pytest.raises(KeyboardInterrupt):
        keeping.save_whole(whole, tmp_path / "r.nc")
    assert (tmp_path / "r.nc").read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"r.nc", "r.key"}


def test_what_simulate_refuses_leaves_nothing_behind(tmp_path):
    once(tmp_path / "r.nc")
    with pytest.raises(ValueError, match="replicas >= 1, got 0"):
        once(tmp_path / "r.nc", replicas=0)
    with pytest.raises(ValueError, match="steps >= 1, got 0"):
        once(tmp_path / "r.nc", steps=0)
    assert once(tmp_path / "r.nc").kept


def test_two_that_write_one_file_leave_it_whole(tmp_path):
    """The other one begins and ends while this one writes, where it would hurt most."""
    runs, path = once(tmp_path / "r.nc").runs, tmp_path / "r.nc"

    class Slow:
        def save(self, part):
            runs.save(part)
            keeping.save_whole(runs, path)

    keeping.save_whole(Slow(), path)
    assert np.array_equal(Runs.load(path).statistics.gap.mean, runs.statistics.gap.mean)
    assert {p.name for p in tmp_path.iterdir()} == {"r.nc", "r.key"}
