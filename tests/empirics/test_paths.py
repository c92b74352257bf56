"""Paths are the iterates that `simulate` measures, and contours draw them."""

import numpy as np
import pytest

from empirics import optimisers, paths, plots, problems, schedules, simulate

WELL = problems.double_well(2, sigma=0.4)
STEP = {"step": 0.05, "steps": 90}


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Constant(3),
        schedules.Uniform(4),
        schedules.Workers(count=3),
        schedules.Caches(3, schedules.Uniform(2), evaluate="mean"),
    ],
    ids=["constant", "uniform", "workers", "caches"],
)
def test_they_are_the_iterates_of_simulate(schedule):
    kept = paths(WELL, schedule, **STEP, replicas=300)
    runs = simulate(WELL, schedule, **STEP, replicas=300, measures="gap", each=True)
    assert kept.points.shape == (91, 300, 2)
    np.testing.assert_array_equal(kept.times, runs.times)
    np.testing.assert_allclose(WELL.value(kept.points), runs.each["gap"], rtol=1e-12)
    np.testing.assert_array_equal(kept.left_at, runs.left_at)
    few = paths(WELL, schedule, **STEP, replicas=2, record=[0, 7, 90])
    np.testing.assert_array_equal(few.points, kept.points[[0, 7, 90], :2])


def test_every_option_does_something():
    kept = paths(WELL, schedules.Constant(3), **STEP)
    for more in (
        {"seed": 1},
        {"reuse": True},
        {"optimiser": optimisers.Momentum(0.5)},
        {"correction": optimisers.PolynomialWeight(1.0)},
    ):
        other = paths(WELL, schedules.Constant(3), **STEP, **more)
        assert (other.points[-1] != kept.points[-1]).all()


def test_a_plain_loop_gives_the_same():
    quiet = problems.double_well(2)
    kept = paths(quiet, schedules.Constant(2), **STEP).points[:, 0]
    x = [quiet.start]
    for t in range(90):
        x.append(x[t] - 0.05 * quiet.gradient(x[max(t - 2, 0)]))
    np.testing.assert_array_equal(kept, x)


def test_what_diverges_is_no_number_and_has_left():
    kept = paths(problems.double_well(2), schedules.Constant(3), step=5.0, steps=200)
    assert np.isfinite(kept.points[0]).all()
    assert np.isnan(kept.points[-1]).all()
    assert kept.left_at[0] > 0


def test_bad_input_gets_one_sentence():
    with pytest.raises(ValueError, match="paths need at most 67108864 numbers, got 20001 times x"):
        paths(WELL, schedules.Constant(0), step=0.1, steps=20_000, replicas=2000)
    with pytest.raises(ValueError, match="needs a whole number replicas >= 1, got 0"):
        paths(WELL, schedules.Constant(0), **STEP, replicas=0)
    with pytest.raises(ValueError, match="needs a Problem"):
        paths("well", schedules.Constant(0), **STEP)


# contours


def drawn(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def test_contours_draw_the_paths_that_they_are_given():
    several = [paths(WELL, schedules.Constant(tau), **STEP, replicas=2) for tau in (0, 9)]
    ax = plots.contours(WELL, several, labels=["none", "nine"])
    lines = [line for line in ax.lines if line.get_gid() == "path"]
    for k, (one, replica) in enumerate((one, r) for one in several for r in (0, 1)):
        np.testing.assert_array_equal(lines[k].get_xydata(), one.points[:, replica])
    assert [line.get_color() for line in lines] == [plots.COLOURS[k] for k in (0, 0, 1, 1)]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["none", "nine"]
    assert drawn(ax, "start")[0].get_xydata().tolist() == [WELL.start.tolist()]
    assert drawn(ax, "minimiser")[0].get_xydata().tolist() == [[1.0, 0.0]]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < -2 < 2 < right  # the whole region
    assert bottom < -2 < 2 < top


def test_contours_alone_and_of_other_coordinates():
    matrix = problems.matrix_factorisation()
    ax = plots.contours(matrix, coordinates=(3, 0), window=((-1, 1), (0, 2)))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_{4}$", "$x_{1}$")
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 2))
    assert ax.get_legend() is None
    assert drawn(ax, "start")[0].get_xydata().tolist() == [[matrix.start[3], matrix.start[0]]]
    saddle = problems.saddle()
    one = paths(saddle, schedules.Constant(0), step=0.1, steps=40)
    ax = plots.contours(saddle, one)
    assert not drawn(ax, "minimiser")  # there is none
    assert ax.get_ylim()[1] > one.points[-1, 0, 1]


def test_the_region_is_drawn_where_it_ends():
    well = problems.double_well(2, radius=1.5)
    edge = drawn(plots.contours(well), "region")[0].get_xydata()
    np.testing.assert_allclose(np.linalg.norm(edge, axis=1), 1.5)
    ax = plots.contours(problems.matrix_factorisation(), coordinates=(0, 1))
    edge = drawn(ax, "region")[0].get_xydata()
    matrix = problems.matrix_factorisation()
    for x, y in edge[::60]:  # a slice through the minimiser, whose other coordinates count
        point = matrix.minimiser.copy()
        for scale, there in ((1 - 1e-9, True), (1 + 1e-9, False)):
            point[:2] = scale * x, scale * y
            assert matrix.region.contains(point) == there
    box = drawn(plots.contours(problems.rosenbrock()), "region")[0].get_xydata()
    assert sorted({tuple(corner) for corner in box.tolist()}) == [
        (-2, -1),
        (-2, 3),
        (2, -1),
        (2, 3),
    ]
    assert not drawn(plots.contours(problems.saddle()), "region")


def test_a_path_that_ends_outside_has_a_hollow_mark():
    one = paths(problems.saddle(), schedules.Constant(0), step=0.1, steps=90)
    for window, filled in ((((-1, 2), (-1, 1)), "white"), (((-1, 2), (-1, 99)), plots.COLOURS[0])):
        ax = plots.contours(problems.saddle(), one, window=window)
        assert drawn(ax, "path")[0].get_markerfacecolor() == filled
    wild = paths(problems.double_well(2), schedules.Constant(3), step=5.0, steps=200)
    ax = plots.contours(problems.double_well(2), wild)
    assert np.isfinite(drawn(ax, "path")[0].get_xydata()).all()
    assert drawn(ax, "path")[0].get_markerfacecolor() == "white"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"problem": problems.double_well(1)}, "two coordinates or more, got double well"),
        ({"coordinates": (0, 2)}, "contours needs a whole number coordinate <= 1, got 2"),
        ({"coordinates": (1, 1)}, "contours need two coordinates, got 1 twice"),
        ({"coordinates": 3}, "contours need two coordinates, got 3"),
        ({"window": ((0, 0), (0, 1))}, r"contours need a window \(\(left, right\), \(bottom, top"),
        ({"window": ((0, np.nan), (0, 1))}, "contours need a window"),
        ({"window": (0, 1)}, "contours need a window"),
        ({"labels": ["a", "b"]}, "contours needs 1 labels, got 2"),
        (
            {"problem": problems.matrix_factorisation()},
            "paths of dim = 12, as matrix factorisation",
        ),
    ],
)
def test_contours_refuse_in_one_sentence(arguments, sentence):
    one = paths(WELL, schedules.Constant(0), step=0.1, steps=3)
    with pytest.raises(ValueError, match=sentence):
        plots.contours(**{"problem": WELL, "paths": one, **arguments})
