"""Figures of bounds, rates, steps and sweeps: what is drawn is what the record holds, and what is
infinite is shown."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import compare, exact, measures_for, plots, problems, rates, schedules, simulate
from empirics.sweep import Study, sweep
from empirics.tuning import After, Reach
from empirics.tuning import slowdown as cost
from theory import results

INFINITE = "infinite"


def words(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def infinite(ax):
    return [line for line in ax.lines if line.get_gid() == INFINITE]


def band(ax, place=0):
    return ax.collections[place].get_paths()[0].vertices


# ------------------------------------------------------------------ slack


@pytest.fixture(scope="module")
def verdict():
    problem = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
    runs = simulate(problem, schedules.Constant(2), step=0.1, steps=80, replicas=64)
    return compare(results.lian2015.nonconvex, runs)


def test_slack_is_bound_over_mean_with_the_power_above(verdict):
    ax = plots.slack(verdict, labels=["a"])
    assert np.array_equal(ax.lines[0].get_ydata(), verdict.bound / verdict.mean)
    assert np.array_equal(ax.lines[0].get_xdata(), verdict.iterates)
    assert min(ax.lines[0].get_ydata()) == verdict.slack
    assert (verdict.lower > 0).all()
    corners = band(ax)
    for limit in (verdict.lower, verdict.upper):
        for x, y in zip(verdict.iterates, verdict.bound / limit, strict=True):
            assert np.isclose(corners[corners[:, 0] == x][:, 1], y).any()
    assert words(ax) == ["a", "the bound itself", "limits of the mean"]
    assert not infinite(ax)
    low, high = ax.get_ylim()
    assert low < 1 < high


def test_a_bound_that_is_too_small_goes_below_one(verdict):
    wrong = replace(verdict, bound=verdict.bound / 10, outcome="violated")
    ax = plots.slack([verdict, wrong], labels=["a", "b"])
    assert ax.lines[1].get_ydata().min() < 1 <= ax.lines[0].get_ydata().min()
    assert ax.get_ylim()[0] < ax.lines[1].get_ydata().min()
    assert words(ax)[:2] == ["a", "b (violated)"]


def test_slack_shows_what_is_infinite_zero_or_unknown(verdict):
    mean, lower = verdict.mean.copy(), verdict.lower.copy()
    mean[[5, 6]], lower[[5, 6]] = 0.0, 0.0  # met exactly
    mean[[7]], lower[[8]] = np.inf, np.nan  # lost; iterates unrecorded
    lower[9] = -1.0
    odd = replace(verdict, mean=mean, lower=lower)
    ax = plots.slack(odd)
    top, bottom = infinite(ax)
    assert top.get_xdata().tolist() == verdict.iterates[[5, 6]].tolist()
    assert bottom.get_xdata().tolist() == verdict.iterates[[7]].tolist()
    assert set(top.get_ydata()) == {0.975}
    assert set(bottom.get_ydata()) == {0.025}  # of the axes: the edges
    corners, high = band(ax), ax.get_ylim()[1]
    assert corners[corners[:, 0] == verdict.iterates[9]][:, 1].max() == pytest.approx(high)
    known = corners[corners[:, 0] == verdict.iterates[8]][:, 1].max()
    assert known == pytest.approx(verdict.bound[8] / verdict.mean[8])
    ax.figure.draw_without_rendering()


def test_slack_of_a_verdict_without_a_horizon_is_in_the_legend(verdict):
    problem = problems.quadratic(dim=3, mu=0.2, L=1.0)
    runs = simulate(problem, schedules.Constant(1), step=0.1, steps=20, window=2)
    unknown = compare(results.coherence.any_delays, runs)
    ax = plots.slack([verdict, unknown], labels=["a", "b"])
    assert words(ax)[:2] == ["a", f"b ({unknown.outcome})"]
    assert not unknown.horizons.size
    plots.slack(unknown).figure.draw_without_rendering()


def test_certain_runs_have_a_band_of_no_width():
    problem = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
    theorem = results.lian2015.nonconvex
    runs = exact.exact_runs(
        problem, schedules.Constant(2), step=0.1, steps=80, measures=measures_for(theorem)
    )
    found = compare(theorem, runs)
    corners = band(plots.slack(found))
    at = corners[corners[:, 0] == found.iterates[20]][:, 1]
    assert np.ptp(at) < 1e-6 * at.max()


# ------------------------------------------------------------------ slowdown


@pytest.fixture(scope="module")
def found():
    problem = problems.quadratic(dim=2, mu=0.25, L=1.0, sigma=0.2)
    return cost(problem, [0, 1, 4], Reach(300, "gap", target=0.02), replicas=64)


def test_both_answers_are_drawn_and_what_is_never_reached_is_shown(found):
    assert np.isinf(found.fixed[-1])
    assert np.isfinite(found.tuned).all()
    ax = plots.slowdown(found)
    level, fixed, marks, tuned = ax.lines
    assert set(level.get_ydata()) == {1}
    assert np.array_equal(fixed.get_ydata(), found.fixed)
    assert np.array_equal(tuned.get_ydata(), found.tuned)
    assert np.array_equal(tuned.get_xdata(), found.staleness)
    never = found.staleness[np.isinf(found.fixed)]
    assert marks.get_gid() == INFINITE
    assert np.array_equal(marks.get_xdata(), never)
    assert fixed.get_linestyle() != tuned.get_linestyle()
    assert fixed.get_marker() != tuned.get_marker()
    corners = ax.collections[1].get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(found.tuned_interval.max())
    assert len(words(ax)) == 3
    assert "updates until gap < 0.02" in ax.get_ylabel()
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1", "4"]


def test_an_interval_that_is_open_goes_to_the_edge(found):
    open_ = found.tuned_interval.copy()
    open_[1, 1] = np.inf
    ax = plots.slowdown(replace(found, tuned_interval=open_))
    corners = ax.collections[1].get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(ax.get_ylim()[1])
    finite = plots.slowdown(found).collections[1].get_paths()[0].vertices
    assert finite[:, 1].max() < plots.slowdown(found).get_ylim()[1]  # negative control


def test_a_budget_is_another_axis():
    problem = problems.quadratic(dim=2, mu=0.25, L=1.0, sigma=0.2)
    ax = plots.slowdown(cost(problem, [2], After(30), replicas=64))
    assert ax.get_ylabel() == "gap after 30 updates,\nas a multiple of that at 2"
    assert not infinite(ax)
    ax.figure.draw_without_rendering()


# ------------------------------------------------------------------ rates


@pytest.fixture(scope="module")
def fitted():
    problem = problems.quadratic(dim=1, L=1.0, sigma=1.0)
    runs = simulate(problem, schedules.Constant(0), step=0.1, steps=300, replicas=64, each=True)
    return runs, [rates.fit(runs, form, window=(5, 100)) for form in ("exponential", "1/T")]


def test_a_fit_is_drawn_with_its_window(fitted):
    runs, fits = fitted
    whole = runs.times, runs.statistics.squared_norm.mean
    ax = plots.rate(fits, whole=whole)
    points, beyond, first, wide, second, _ = ax.lines
    assert np.array_equal(points.get_xdata(), fits[0].times)
    assert np.array_equal(points.get_ydata(), fits[0].mean)
    assert np.array_equal(beyond.get_ydata(), whole[1][1:])  # T = 0 has no place
    assert np.array_equal(first.get_ydata(), fits[0].fitted)
    assert np.array_equal(second.get_ydata(), fits[1].fitted)
    assert np.array_equal(wide.get_ydata(), fits[0](whole[0][1:]))
    (span,) = ax.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == fits[0].window
    assert words(ax)[0] == "mean"
    assert words(ax)[1] == "window 5..100"
    assert words(ax)[2].startswith(r"$a e^{-rT} + c$: misfit ")
    assert "$p$ = " in words(ax)[3]


def test_relative_errors_show_the_form(fitted):
    _, fits = fitted
    ax = plots.rate(fits, relative=True)
    assert ax.get_yscale() == "linear"
    assert np.array_equal(ax.lines[2].get_ydata(), fits[1].fitted / fits[1].mean)
    right, wrong = (abs(line.get_ydata() - 1).max() for line in ax.lines[1:3])
    assert wrong > 1.5 * right


def test_every_form_has_a_formula():
    assert set(rates.FORMS) == set(plots.fits.FORMULAS)


# ------------------------------------------------------------------ sweeps

AXES = {
    "problem": ["quadratic:dim=2,mu=0.5,sigma=0.1"],
    "schedule": ["constant:{s}", "uniform:{s}"],
    "s": [8, 0, 1],  # as they come: figures sort them
    "step": [0.02, 0.1, 1.0, 30.0],
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    study = Study(axes=AXES, steps=250, replicas=8)
    return sweep(study, tmp_path_factory.mktemp("sweep"))


def cells(ax, gid):
    """The values of the cells of a kind: a masked array, (steps, levels)."""
    (drawn,) = [c for c in ax.collections if c.get_gid() == gid]
    return drawn.get_array()


def test_the_map_holds_the_table_sorted(table):
    part = table.isel(schedule=0)
    limits = {"exact": [0.2, 2.0, 1.0], "theorem": [0.1, 0.5, 0.4]}
    ax = plots.heat_map(part, staleness="s", limits=limits)
    last = part["gap_mean"].isel(time=-1, problem=0).transpose("step", "s").values[:, [1, 2, 0]]
    first = part["gap_mean"].isel(time=0, problem=0).transpose("step", "s").values[:, [1, 2, 0]]
    lost = part["lost"].isel(problem=0).transpose("step", "s").values[:, [1, 2, 0]] > 0
    grown = ~lost & (last > first)
    good = ~lost & ~grown
    assert lost.any()
    assert grown.any()
    seen = np.ma.masked_invalid(cells(ax, "converges"))
    assert np.array_equal(~np.ma.getmaskarray(seen), good)
    assert np.array_equal(seen[good].data, last[good])
    for gid, where in (("diverges", lost), ("ends above its start", grown)):
        assert np.array_equal(~np.ma.getmaskarray(cells(ax, gid)), where)
        assert gid in words(ax)
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["exact"].get_ydata().tolist() == [2.0, 1.0, 0.2]
    assert lines["theorem"].get_ydata().tolist() == [0.5, 0.4, 0.1]
    score = np.where(good | grown, last, np.inf)
    steps = np.array(AXES["step"])
    assert lines["best step"].get_ydata().tolist() == steps[score.argmin(axis=0)].tolist()
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1", "8"]
    low, high = ax.get_ylim()
    assert low < 0.02
    assert high > 30
    ax.figure.draw_without_rendering()


def test_cells_that_have_not_run_are_empty(table):
    part = table.isel(schedule=0).copy(deep=True)
    for name in ("lost", "gap_mean", "gap_error"):
        part[name].loc[{"s": 0, "step": 0.1}] = np.nan
    ax = plots.heat_map(part, staleness="s")
    kinds = ("converges", "diverges", "ends above its start")
    masks = [~np.ma.getmaskarray(np.ma.masked_invalid(cells(ax, gid))) for gid in kinds]
    drawn = np.sum(masks, axis=0)
    assert drawn[1, 0] == 0
    assert drawn.sum() == 11
    assert drawn.max() == 1
    assert next(line for line in ax.lines if line.get_label() == "best step").get_ydata()[0] == 0.02


def test_a_map_of_divergence_alone_has_no_best_step(table):
    ax = plots.heat_map(table.isel(schedule=0).sel(step=[30.0]), staleness="s")
    (best,) = [line for line in ax.lines if line.get_label() == "best step"]
    assert len(best.get_ydata()) == 0
    assert not np.ma.getmaskarray(cells(ax, "diverges")).any()
    ax.figure.draw_without_rendering()


def test_a_page_has_every_curve_of_the_table(table):
    page = plots.small_multiples(table)
    assert len(page.axes) == 6
    titles = [ax.get_title() for ax in page.axes]
    assert titles[0] == "constant:8"
    assert titles[-1] == "uniform:1"
    for place, ax in enumerate(page.axes):
        one = table["gap_mean"].isel(problem=0, schedule=place // 3, s=place % 3)
        for k in range(4):
            mean = one.isel(step=k).values
            assert np.array_equal(ax.lines[k].get_ydata(), mean[np.isfinite(mean)])
        gone = [one.isel(step=k).values for k in range(4)]
        ends = [one["time"].values[np.isposinf(m)][0] for m in gone if np.isposinf(m).any()]
        assert [line.get_xdata()[0] for line in infinite(ax)] == ends
    assert infinite(page.axes[0])
    start = table["gap_mean"].isel(time=0).max()
    assert page.axes[0].get_ylim()[1] == pytest.approx(100 * float(start))
    (legend,) = page.legends
    assert [t.get_text() for t in legend.get_texts()] == [
        f"step = {s}" for s in (0.02, 0.1, 1.0, 30.0)
    ]
    page.draw_without_rendering()


def test_a_page_goes_over_the_axis_asked_for(table):
    page = plots.small_multiples(
        table.sel(step=[0.02, 0.1]), curves="s", measure="squared gradient"
    )
    assert [ax.get_title() for ax in page.axes] == [
        "constant:{s}, step = 0.02",
        "constant:{s}, step = 0.1",
        "uniform:{s}, step = 0.02",
        "uniform:{s}, step = 0.1",
    ]
    one = table["squared_norm_mean"].isel(problem=0, schedule=1, s=2).sel(step=0.1)
    assert np.array_equal(page.axes[-1].lines[2].get_ydata(), one.values)
    alone = plots.small_multiples(table.sel(s=0, step=0.1, schedule="constant:{s}"))
    assert len(alone.axes) == 1


def test_figures_read_back_what_was_written(table, tmp_path):
    import xarray

    from empirics.sweep.store import write

    with xarray.open_dataset(write(table, tmp_path)[0], engine="scipy") as again:
        page = plots.small_multiples(again)
        assert page.axes[0].get_title() == "constant:8"  # not b'constant...'
        plots.heat_map(again.isel(schedule=1), staleness="s").figure.draw_without_rendering()


@pytest.mark.parametrize("name", ["paper", "slides"])
def test_figures_take_axes_and_change_nothing_else(name, verdict, found, fitted, table):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with plots.style(name):
        for draw in (
            lambda ax: plots.slack(verdict, ax),
            lambda ax: plots.slowdown(found, ax),
            lambda ax: plots.rate(fitted[1], ax),
            lambda ax: plots.heat_map(table.isel(schedule=0), ax, staleness="s"),
        ):
            ax = plots.new_figure().axes[0]
            assert draw(ax) is ax
            ax.figure.draw_without_rendering()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda v, f, t: plots.slack([]), "slack needs at least one thing"),
        (lambda v, f, t: plots.slack(v, labels=["a", "b"]), "slack needs 1 labels, got 2"),
        (lambda v, f, t: plots.rate([]), "rate needs at least one thing"),
        (
            lambda v, f, t: plots.rate([f, replace(f, mean=2 * f.mean)]),
            "rate needs fits of one mean, got .* draw fits of different runs into axes of their",
        ),
        (lambda v, f, t: plots.rate(f, whole=([1, 2], [1])), "as many times as means, got"),
        (
            lambda v, f, t: plots.heat_map(t, staleness="s"),
            r"table of s and step alone, got schedule too; select one with table.sel\(schedule",
        ),
        (
            lambda v, f, t: plots.heat_map(t.isel(schedule=0, s=0)),
            "heat_map needs an axis among .*, got 'staleness'",
        ),
        (
            lambda v, f, t: plots.heat_map(t.isel(s=0), staleness="schedule"),
            "heat_map needs numbers along schedule, got 'constant",
        ),
        (
            lambda v, f, t: plots.heat_map(t.isel(schedule=0), staleness="s", measure="loss"),
            "heat_map needs a measure among squared gradient, gap, got 'loss'",
        ),
        (
            lambda v, f, t: plots.heat_map(t.isel(schedule=0), staleness="s", limits={"a": [1]}),
            "heat_map needs 3 limits > 0 for 'a'",
        ),
        (
            lambda v, f, t: plots.heat_map(
                t.isel(schedule=0), staleness="s", limits={"a": [1, np.nan, 1]}
            ),
            "heat_map needs 3 limits > 0",
        ),
        (lambda v, f, t: plots.small_multiples(v), "needs the table of a sweep, got Verdict"),
        (lambda v, f, t: plots.small_multiples(t, curves="x"), "needs curves among .* got 'x'"),
        (lambda v, f, t: plots.small_multiples(t, measure="x"), "needs a measure among"),
    ],
)
def test_bad_input_gets_one_sentence(draw, message, verdict, fitted, table):
    with pytest.raises(ValueError, match=message):
        draw(verdict, fitted[1][0], table)


def test_a_page_is_not_endless(table):
    import xarray

    long = xarray.concat([table.assign_coords(s=table["s"] + 10 * k) for k in range(9)], "s")
    with pytest.raises(ValueError, match=r"at most 48 panels, got 54; select a part, as in"):
        plots.small_multiples(long)
