"""The gallery: every fact again in exact arithmetic, and what is no counterexample is not shown."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from empirics import compare, gallery, problems, schedules
from empirics.cli import main
from empirics.gallery.record import Refutes
from theory import results

NAMES = [one.name for one in gallery.COUNTEREXAMPLES]


def descend(curvatures, steps, delay, start):
    """Gradients of stale gradient descent in rational numbers, reads before 0 being of x_0."""
    points = [[Fraction(x) for x in start]]
    for t, step in enumerate(steps):
        read = points[max(t - delay, 0)]
        new = [x - step * h * y for x, h, y in zip(points[-1], curvatures, read, strict=True)]
        points.append(new)
    return [[h * x for h, x in zip(curvatures, point, strict=True)] for point in points]


def coherence(gradients, window):
    """The least ratio over the window at each index, None where the gradient is 0."""
    found = []
    for k, g in enumerate(gradients):
        norm = sum(a * a for a in g)
        past = [gradients[max(k - j, 0)] for j in range(window)]
        ratios = [sum(a * b for a, b in zip(g, old, strict=True)) / norm for old in past if norm]
        found.append(min(ratios) if norm else None)
    return found


# ------------------------------------------------------------------------- they show what they say


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_shown(name):
    shown = gallery.show(gallery.find(name))
    assert shown.ok, str(shown)
    assert all(one.findings for one in shown.tried)


@pytest.mark.parametrize("name", ["turning", "noisy-first-step", "pathwise-coherence"])
def test_noise_of_another_seed_shows_the_same(name):
    assert gallery.show(gallery.find(name), seed=20261125).ok


def test_the_alias_among_the_problems():
    assert problems.counterexamples is gallery
    with pytest.raises(AttributeError, match="no attribute 'counterexample'"):
        _ = problems.counterexample


# ------------------------------------------------------------------------- exact arithmetic


def test_vanishing_gradient_exactly():
    found = coherence(descend([1], [Fraction(1, 2)] * 20, 1, [1]), 2)
    assert [k for k, level in enumerate(found) if level is None] == [2, 6, 10, 14, 18]
    assert found[3] == 0


def test_never_coherent_exactly():
    assert set(coherence(descend([1], [Fraction(3, 2)] * 20, 0, [1]), 2)[1:]) == {-2}


@pytest.mark.parametrize(
    ("c", "level"), [(4, Fraction(14, 25)), (3, Fraction(0)), (1, Fraction(-8, 5))]
)
def test_two_curvatures_exactly(c, level):
    assert set(coherence(descend([3, 1], [Fraction(1, 2)] * 20, 0, [1, c]), 2)[1:]) == {level}


@pytest.mark.parametrize(
    ("eta", "failures"),
    [(Fraction(9, 10), [51, 54, 57, 60]), (Fraction(3, 5), [2, 6]), (Fraction(1, 4), [])],
    ids=str,
)
def test_two_modes_exactly(eta, failures):
    found = coherence(descend([1, Fraction(1, 10)], [eta] * 60, 1, [1, 1]), 2)
    assert [k for k, level in enumerate(found) if level < 0][-4:] == failures


def test_saddle_escape_exactly():
    steps = [Fraction(1, 2)] + [Fraction(3, 4)] * 20
    assert set(coherence(descend([-1], steps, 1, [1]), 2)[1:]) == {Fraction(2, 3)}
    assert set(coherence(descend([-1], steps, 1, [1]), 3)[2:]) == {Fraction(4, 9)}
    constant = coherence(descend([-1], [Fraction(3, 4)] * 20, 1, [1]), 2)  # from a constant past
    assert Fraction(2, 3) not in constant[1:]
    assert abs(constant[-1] - Fraction(2, 3)) < Fraction(1, 10**6)


@pytest.mark.parametrize(
    ("q", "two", "three"),
    [
        (Fraction(3, 2), Fraction(8, 13), Fraction(-80, 169)),
        (Fraction(2), Fraction(2, 5), Fraction(-12, 25)),
    ],
    ids=str,
)
def test_turning_exactly(q, two, three):
    """x_{k+1} = z x_k with z = (1 + i q)/2, as pairs of rational numbers."""
    x = [(Fraction(1), Fraction(0))]
    for _ in range(8):
        a, b = x[-1]
        x.append((a / 2 - q * b / 2, q * a / 2 + b / 2))
    a = (1 + q * q) / 4
    for k in range(2, 8):  # it solves x_{k+1} = x_k - a x_{k-1}
        assert all(x[k + 1][i] == x[k][i] - a * x[k - 1][i] for i in (0, 1))
    assert set(coherence(x, 2)[1:]) == {two}
    assert set(coherence(x, 3)[2:]) == {three}


def test_varying_delay_exactly():
    h = Fraction(3, 5)
    x = [Fraction(1)]
    for t in range(8):
        x.append(x[-1] - h * x[t - (0, 1, 2, 2)[t % 4]])
    assert x[4] == 1 - 4 * h + h * h
    assert x[8] / x[4] == x[4] < -1


# ------------------------------------------------------------------------- negative controls


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("vanishing-gradient", {"schedule": schedules.Constant(2)}),
        ("never-coherent", {"step": 1.4}),
        ("two-curvatures", {"step": 0.49}),
        ("turning", {"schedule": schedules.Constant(1)}),
        ("two-modes", {"schedule": schedules.Constant(0)}),
        ("varying-delay", {"step": 0.585}),
        ("saddle-escape", {"step": 0.75}),
        ("two-wells", {"schedule": schedules.Constant(4)}),
        ("two-factors", {"problem": problems.scalar_factorisation(start=[1.0, 1.0])}),
        ("two-iterates", {"problem": problems.quadratic(spectrum=[1.0], start=[0.5])}),
        ("noisy-first-step", {"problem": problems.quadratic(spectrum=[1.0], sigma=0.1)}),
        ("pathwise-coherence", {"problem": problems.quadratic(spectrum=[1.0], start=[1.0])}),
        ("one-iterate", {"problem": problems.quadratic(spectrum=[0.4], start=[1.0])}),
        ("reused-gradient", {"reuse": False}),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_another_setting_does_not_show_it(name, change):
    found = gallery.find(name)
    changed = replace(found, cases=(replace(found.cases[0], **change),))
    shown = gallery.show(changed)
    assert not shown.ok
    assert "NOT SHOWN" in str(shown)


@pytest.mark.parametrize("name", [n for n in NAMES if n.endswith(("iterate", "iterates", "step"))])
def test_repaired_theorems_stand_on_the_same_runs(name):
    case = gallery.find(name).cases[0]
    assert any(isinstance(fact, Refutes) for fact in case.facts)
    assert compare(results.dai2019.sharp, case.run(), mu=1.0).outcome == "consistent"


def test_a_fact_is_not_shown_by_what_is_not_a_number():
    fact = gallery.find("never-coherent").cases[0].facts[0]
    assert not fact.holds(np.nan)
    assert fact.holds(-2.0)
    assert not fact.holds(-2.0 + 1e-6)


# ------------------------------------------------------------------------- the problem that turns


def test_turning_plane_is_noisy_on_its_circle_only():
    plane = problems.turning_plane(0.5, 2.0)
    x = np.array([[0.5, 0.0], [0.3, 0.4], [1.0, 0.0], [0.5 + 1e-6, 0.0]])
    assert plane.noise_variance(x).tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    sample = plane.draw(np.random.default_rng(0), 1, 4)[0]
    g = np.empty_like(x)
    plane.stochastic_gradient(x, sample, g)
    noise = g - x
    assert np.vecdot(noise, x) == pytest.approx(np.zeros(4))
    assert np.vecdot(noise, noise) == pytest.approx(plane.noise_variance(x))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0, 1), "turning plane needs a number radius with radius > 0, got 0"),
        ((1, np.nan), "turning plane needs a number push with push > 0, got nan"),
        (("1", 1), "turning plane needs a number radius"),
    ],
)
def test_turning_plane_refuses(arguments, match):
    with pytest.raises(ValueError, match=match):
        problems.turning_plane(*arguments)


# ------------------------------------------------------------------------- the command


def command(*arguments):
    """The command in this process; its exit code."""
    with pytest.raises(SystemExit) as left:
        main(["gallery", *arguments])
    return left.value.code


def test_one_in_full_with_a_figure(tmp_path, capsys):
    assert command("turning", "--figure", str(tmp_path / "turning.svg")) == 0
    out = capsys.readouterr().out
    assert out.startswith("turning: a run in the plane")
    assert "shown: coherence in a window of 2 is 8/13 at every k >= 2: 0.615385 = 0.615385" in out
    assert (tmp_path / "turning.svg").stat().st_size > 10_000


def test_json(capsys):
    assert command("one-iterate", "--json") == 0
    (page,) = json.loads(capsys.readouterr().out)
    assert page["shown"] is True
    assert page["cases"][0]["findings"][0]["measured"].startswith("violated")


def test_all_of_them_a_line_each_and_one_that_fails(capsys, monkeypatch):
    found = gallery.find("never-coherent")
    broken = replace(found, cases=(replace(found.cases[0], step=1.25),))
    monkeypatch.setattr(gallery, "COUNTEREXAMPLES", (found, broken))
    assert command() == 1
    lines = capsys.readouterr().out.splitlines()
    assert ["NOT SHOWN" in line for line in lines] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "there is no counterexample 'nothing'; there are vanishing-gradient, "),
        (["--figure", "a.png"], "gallery needs the name of one counterexample to draw"),
        (["turning", "--figure", "a.txt"], "--figure needs a file name that ends in .png or"),
    ],
    ids=["unknown", "unnamed", "suffix"],
)
def test_wrong_usage(arguments, words, capsys):
    assert command(*arguments) == 2
    assert words in capsys.readouterr().err
