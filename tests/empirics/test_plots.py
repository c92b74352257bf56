import matplotlib as mpl
import numpy as np
import pytest

from empirics import (
    compare,
    measure,
    measures_for,
    plots,
    problems,
    schedules,
    simulate,
    steps_for,
)
from theory import results
from theory.results import dai2019


@pytest.fixture(scope="module")
def judged():
    problem, schedule = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5), schedules.Constant(1)
    rule = steps_for(dai2019.sharp, problem, schedule, steps=60, mu=0.8)
    runs = simulate(problem, schedule, step=rule, steps=60, window=2)
    return compare(dai2019.sharp, runs), runs


def test_a_style_puts_back_what_it_changed_and_nothing_else():
    """A notebook shows figures from its first one on, also if that one is drawn in a style."""
    before = dict(mpl.rcParams)
    with plots.style("slides"):
        assert mpl.rcParams["font.size"] == 15
        mpl.rcParams["interactive"] = not before["interactive"]
    assert mpl.rcParams["interactive"] != before["interactive"]
    mpl.rcParams["interactive"] = before["interactive"]
    assert dict(mpl.rcParams) == before


def test_what_is_drawn_is_what_the_verdict_holds(judged):
    verdict, _ = judged
    ax = plots.bound_and_runs(verdict, labels=["s = 2"])
    mean, bound, legend = ax.lines
    assert np.array_equal(mean.get_ydata(), verdict.path[1])
    assert np.array_equal(mean.get_xdata(), verdict.path[0])
    assert np.array_equal(bound.get_ydata(), verdict.bound)
    assert np.array_equal(bound.get_xdata(), verdict.iterates)
    assert legend.get_label() == "bound"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["s = 2", "bound"]
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(verdict.upper.max())


def test_a_tuned_step_has_its_bound_at_one_horizon(judged):
    problem, schedule = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5), schedules.Constant(0)
    rule = steps_for(dai2019.constant_step, problem, schedule, steps=60, mu=0.8)
    runs = simulate(problem, schedule, step=rule, steps=60)
    verdict = compare(dai2019.constant_step, runs)
    mean, bound, _ = plots.bound_and_runs(verdict).lines
    assert len(mean.get_xdata()) == 61
    assert bound.get_xdata().tolist() == [61]


def test_an_outcome_that_is_not_consistent_is_in_the_legend(judged):
    verdict, runs = judged
    broken = compare(dai2019.sharp, runs, mu=1.5)
    ax = plots.bound_and_runs([verdict, broken], labels=["a", "b"])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "a",
        "b (not applicable)",
        "bound",
    ]


def test_the_axis_says_what_is_bounded():
    problem = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
    for theorem, words in [
        (results.lian2015.nonconvex, r"average $\mathbb{E}\,\|\nabla F(x_{t})\|^2$ so far"),
        (results.stich2020.convex, r"average $\mathbb{E}\,F(x_{t-\tau_t})-\inf F$ so far"),
        (results.stich2020.strong_distance, r"$\mathbb{E}\,\|x_{T}-x_*\|^2$"),
    ]:
        runs = simulate(
            problem, schedules.Constant(1), step=0.1, steps=20, measures=measures_for(theorem)
        )
        ax = plots.bound_and_runs(compare(theorem, runs))
        assert ax.get_ylabel() == words
        ax.figure.draw_without_rendering()  # the formula is mathtext


def test_a_verdict_without_a_horizon_has_no_curve_but_a_line_in_the_legend(judged):
    verdict, runs = judged
    unknown = compare(results.coherence.any_delays, runs)
    ax = plots.bound_and_runs([verdict, unknown], labels=["a", "b"])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "a",
        "b (not applicable)",
        "bound",
    ]
    assert ax.get_yscale() == "log"
    alone = plots.bound_and_runs(unknown)
    assert alone.get_yscale() == "linear"
    alone.figure.draw_without_rendering()


def test_runs_that_fall_far_below_the_bound_do_not_flatten_it():
    bowl, theorem = problems.quadratic(dim=2, mu=0.5), results.lian2015.gradient_descent
    last = results.stich2020.strong_distance
    runs = simulate(bowl, schedules.Constant(0), step=0.5, steps=300, measures=measures_for(last))
    assert runs.statistics.squared_distance.mean[-1] < 1e-30
    verdict = compare(theorem, runs)
    shallow = plots.bound_and_runs(verdict).get_ylim()[0]
    assert shallow > 1e-6 * verdict.bound.min() / 10
    deep = compare(results.free_staleness.convex, runs)
    assert plots.bound_and_runs(deep).get_ylim()[0] == pytest.approx(1e-6 * deep.bound.min())


def test_coherence_is_that_of_the_measure(judged):
    _, runs = judged
    ax = plots.coherence(runs, mu=[0.8])
    expected, lowest, level = ax.lines[:3]
    found = measure.coherence(runs)
    assert np.array_equal(expected.get_ydata(), found.expected)
    assert np.array_equal(lowest.get_ydata(), found.minimum)
    assert set(level.get_ydata()) == {0.8}


def test_axes_in_axes_out_and_nothing_global_changes(judged):
    verdict, runs = judged
    before = dict(mpl.rcParams)
    ax = plots.new_figure().axes[0]
    assert plots.bound_and_runs(verdict, ax) is ax
    assert plots.coherence(runs, ax) is ax
    assert dict(mpl.rcParams) == before
    with plots.style("slides"):
        assert mpl.rcParams["font.size"] == 15
    assert dict(mpl.rcParams) == before


def test_colours_and_markers_differ_together():
    assert len(set(plots.COLOURS)) == len(set(plots.MARKERS)) == len(plots.COLOURS)


@pytest.mark.parametrize(("panels", "grid"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3))])
def test_figures_have_the_panels_asked_for(panels, grid):
    figure = plots.new_figure(panels)
    assert len(figure.axes) == panels
    spec = figure.axes[0].get_subplotspec().get_gridspec()
    assert (spec.nrows, spec.ncols) == grid


def test_files_are_repeatable(judged, tmp_path):
    verdict, _ = judged
    for name in ("a", "b"):
        ax = plots.bound_and_runs(verdict)
        written = plots.save(ax.figure, str(tmp_path / name))
        assert [w.rsplit(".")[-1] for w in written] == ["png", "pdf"]
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda v, r: plots.bound_and_runs([]), "at least one"),
        (lambda v, r: plots.bound_and_runs(v, labels=["a", "b"]), "needs 1 labels, got 2"),
        (lambda v, r: plots.coherence([]), "at least one"),
        (lambda v, r: plots.coherence(r, mu=[1, 2]), "needs 1 levels mu, got 2"),
        (lambda v, r: plots.style("poster"), "style needs one of paper, slides"),
    ],
)
def test_bad_input_gets_one_sentence(judged, draw, message):
    with pytest.raises(ValueError, match=message):
        draw(*judged)


def test_runs_without_a_window_have_no_coherence_to_draw(judged):
    problem = problems.quadratic(dim=1, L=1.0)
    runs = simulate(problem, schedules.Constant(0), step=0.1, steps=5)
    with pytest.raises(ValueError, match="window"):
        plots.coherence(runs)


@pytest.fixture(scope="module")
def two():
    problem = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
    options = {"step": 0.2, "steps": 60, "replicas": 16, "measures": ("gap", "direction")}
    return [simulate(problem, s, **options) for s in (schedules.Constant(0), schedules.Uniform(4))]


def test_runs_are_drawn_as_they_are(two):
    ax = plots.runs(two, measure="gap", labels=["a", "b"])
    for line, band, one in zip(ax.lines, ax.collections, two, strict=False):
        gap = one.statistics.gap
        assert np.array_equal(line.get_xdata(), one.times)
        assert np.array_equal(line.get_ydata(), gap.mean)
        seen = set(band.get_paths()[0].vertices[:, 1].round(12))
        for side in (-2, 2):
            edge = gap.mean + side * gap.standard_error
            assert set(edge.round(12)) <= seen
    words = [t.get_text() for t in ax.get_legend().get_texts()]
    assert words == ["a", "b", r"$\pm$ 2 standard errors, 16 replicas"]
    assert ax.get_yscale() == "log"
    assert plots.runs(two[1], measure="direction").get_yscale() == "linear"


def test_runs_are_called_as_on_the_command_line(two):
    words = [t.get_text() for t in plots.runs(two).get_legend().get_texts()]
    assert words[:2] == ["constant:0", "uniform:4"]
    problem = problems.quadratic(dim=1, L=1.0)
    long = schedules.Cyclic([0, 1, 2] * 20)
    (name, _) = plots.runs(simulate(problem, long, step=0.1, steps=5)).get_legend().get_texts()
    assert name.get_text() == "Cyclic"
    trace = simulate(problem, schedules.Trace([0, 1, 0]), step=0.1, steps=3)
    assert plots.runs(trace).get_legend().get_texts()[0].get_text() == "Trace"


def test_a_direction_that_is_not_known_at_the_end_is_not_drawn(two):
    line = plots.runs(two[1], measure="direction").lines[0]
    assert line.get_xdata().tolist() == list(range(60))


def test_a_curve_ends_where_replicas_have_diverged():
    problem = problems.quadratic(dim=3, mu=0.2, L=1.0, sigma=0.5)
    lost = simulate(problem, schedules.Constant(4), step=2.0, steps=2000, replicas=8)
    ax = plots.runs(lost, labels=["fast"])
    assert ax.lines[0].get_xdata()[-1] == lost.first_divergence - 1
    assert ax.get_legend().get_texts()[0].get_text() == "fast (8 of 8 diverged)"


def test_runs_refuse_what_cannot_be_drawn(two):
    with pytest.raises(ValueError, match="runs of constant:0 have no time; ask `simulate` to me"):
        plots.runs(two[0], against="time")
    with pytest.raises(ValueError, match="have no squared distance; ask"):
        plots.runs(two[0], measure="squared distance")
    with pytest.raises(ValueError, match="runs need a measure among squared gradient, gap"):
        plots.runs(two[0], measure="loss")
    with pytest.raises(ValueError, match="against updates or time, got 'gap' against 'epochs'"):
        plots.runs(two[0], measure="gap", against="epochs")
    with pytest.raises(ValueError, match="runs needs 2 labels, got 1"):
        plots.runs(two, labels=["a"])
