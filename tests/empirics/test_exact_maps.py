"""Roots on their way and maps of stability: what is drawn is what was computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from empirics import exact, plots, schedules


def axes():
    return Figure().subplots()


@pytest.mark.parametrize(
    ("schedule", "order"),
    [
        (schedules.Constant(4), 5),
        (schedules.Uniform(3), 4),
        (schedules.Caches(3, schedules.Uniform(2)), 3),
        (schedules.Workers(4), 2),
        (schedules.Workers(service=[schedules.Exponential(m) for m in (1, 2)]), 3),
    ],
    ids=lambda case: type(case).__name__,
)
def test_roots_follow_their_equation_and_leave_at_the_limit(schedule, order):
    limit = exact.stability_limit(schedule, "mean")
    found = exact.locus(schedule, limit * np.linspace(0.002, 1.2, 300), label="a law")
    assert found.roots.shape == (300, order)
    assert found.limit == limit
    assert found.label == "a law"
    for k in (0, 140, 299):
        rate = exact.rate(schedule, float(found.steps[k]), "mean")
        assert np.abs(found.roots[k]).max() == pytest.approx(rate, rel=1e-9)
    inside = np.abs(found.roots).max(axis=1) < 1
    assert (inside == (found.steps < limit)).all()
    jumps = np.abs(np.diff(found.roots, axis=0)).max(axis=1)
    assert np.median(jumps) < 0.02  # the same root goes on, not another one


def test_the_drawn_roots_are_those_of_the_locus():
    found = exact.locus(schedules.Constant(2), np.linspace(0.01, 0.7, 120))
    ax = plots.roots(found, axes())
    segments = [np.array(part.get_segments()) for part in ax.collections]
    for path, drawn in zip(found.roots.T, segments, strict=True):
        np.testing.assert_array_equal(drawn[:, 0, 0] + 1j * drawn[:, 0, 1], path[:-1])
        np.testing.assert_array_equal(drawn[:, 1, 0] + 1j * drawn[:, 1, 1], path[1:])
    circle, first, last = ax.lines
    np.testing.assert_allclose(np.hypot(*circle.get_data()), 1)
    np.testing.assert_array_equal(first.get_xdata() + 1j * first.get_ydata(), found.roots[0])
    at = int(np.flatnonzero(found.steps <= found.limit)[-1])
    np.testing.assert_array_equal(last.get_xdata() + 1j * last.get_ydata(), found.roots[at])
    assert ax.get_title() == "Constant(tau=2)"
    assert len(ax.figure.axes) == 2
    assert len(plots.roots(found, axes(), bar=False).figure.axes) == 1


def test_a_map_has_the_rates_and_limits_of_its_law():
    given = {"momentum": 0.3, "relative": 0.1}
    found = exact.stability_map(schedules.Uniform, [0, 2, 5], label="uniform", **given)
    for j, size in enumerate((0, 2, 5)):
        law = schedules.Uniform(size)
        assert found.mean[j] == exact.stability_limit(law, "mean", **given)
        assert found.square[j] == exact.stability_limit(law, **given)
        for k in (0, 20, 40):
            rate = exact.rate(law, float(found.steps[k]), **given)
            assert found.rate[k, j] == pytest.approx(rate, rel=1e-12)
        stable = found.rate[:, j] < 1
        assert (stable == (found.steps < found.square[j])).all()
    ax = plots.stability_map(found, axes(), size="longest delay")
    parts = {part.get_gid(): part.get_array() for part in ax.collections}
    np.testing.assert_array_equal(parts["stable"].mask.reshape(48, 3), found.rate >= 1)
    drawn = parts["stable"].reshape(48, 3)
    known = np.clip(-1 / np.log(found.rate[:30]), 0.5, 1000)
    some = found.rate[:30] < 1
    np.testing.assert_allclose(drawn[:30][some], known[some])
    assert np.isinf(found.time[found.rate >= 1]).all()
    np.testing.assert_array_equal(parts["grows"].mask.reshape(48, 3), found.rate < 1)
    assert [line.get_label() for line in ax.lines] == [
        "limit of the mean square",
        "limit of the mean",
    ]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.square)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), found.mean)
    assert (ax.get_xlabel(), ax.get_title()) == ("longest delay", "uniform")
    other = exact.stability_map(schedules.Constant, [1], [0.1, 0.5])
    assert other.label == "Constant"
    assert {part.get_gid() for part in plots.stability_map(other, axes()).collections} == {"stable"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact.locus(schedules.Constant(1), [0.1]), "locus needs at least 2 finite steps"),
        (lambda: exact.locus(schedules.Constant(1), [0.1, np.nan]), "locus needs at least 2 fin"),
        (lambda: exact.locus(schedules.Constant(1), [0.0, 0.1]), "locus needs at least 2 finite"),
        (lambda: exact.locus(schedules.Constant(1), "fast"), "locus needs .*, got 'fast'"),
        (lambda: exact.locus(schedules.Constant(1), [0.2, 0.1]), "locus needs steps that grow"),
        (lambda: exact.locus(3, [0.1, 0.2]), "locus needs a Schedule"),
        (lambda: plots.roots(3), "roots need what exact.locus.* found, got 3"),
        (lambda: plots.stability_map("x"), "stability map needs what .* found, got 'x'"),
        (
            lambda: exact.locus(schedules.Cyclic([0, 1]), [0.1, 0.2]),
            "locus needs delays that are not a pattern, .* got Cyclic",
        ),
        (
            lambda: exact.stability_map(schedules.Constant, []),
            "stability map needs whole sizes, .* got ..",
        ),
        (
            lambda: exact.stability_map(schedules.Constant, [0.5]),
            "stability map needs whole sizes, .* got .0.5.",
        ),
        (
            lambda: exact.stability_map(schedules.Constant, [-1]),
            "constant delay needs a whole number tau >= 0, got -1",
        ),
        (
            lambda: exact.stability_map(schedules.Constant, [1], [-0.1]),
            "stability map needs at least 1 finite steps",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
