"""The drawn map: what is in it, that nothing hides anything else, and what is refused."""

from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from empirics import maps
from empirics.compare import assumptions
from theory.implications import ARROWS

BOXES = {name: maps.Box(words=name, at=at) for name, at in (("a", (2, 2)), ("b", (8, 2)))}


@pytest.fixture(scope="module")
def drawn():
    figure = maps.new_map()
    ax = assumptions.assumption_map(figure.axes[0])
    FigureCanvasAgg(figure).draw()
    return ax


def labels(ax):
    inside = {name.replace("\n", " ").replace("- ", "-") for name in assumptions.PLACES}
    return [t for t in ax.texts if t.get_text().replace("\n", " ").replace("- ", "-") not in inside]


def test_every_assumption_of_the_map_has_a_place_and_no_other():
    names = {a.name for arrow in ARROWS for a in (*arrow.premises, arrow.conclusion)}
    assert names == set(assumptions.PLACES)
    said = {(" and ".join(a.name for a in b.premises), b.conclusion.name) for b in ARROWS}
    assert set(assumptions.HINTS) <= said


def test_every_arrow_is_drawn_as_what_it_is(drawn):
    shafts = [p for p in drawn.patches if isinstance(p, FancyArrowPatch) and p.get_linewidth() > 0]
    struck = [p for p in shafts if to_hex(p.get_edgecolor()) == to_hex(maps.RED)]
    assert len(struck) == sum(not arrow.implied for arrow in ARROWS) + 1  # and one in the key
    joined = sum(len(arrow.premises) for arrow in ARROWS if len(arrow.premises) > 1)
    assert len(shafts) == len(ARROWS) + joined + 2
    assert all(p.get_linestyle() != "solid" for p in struck)  # told apart without colour too


def test_the_witnesses_are_named(drawn):
    words = " ".join(t.get_text().replace("\n", " ").replace("$", "") for t in drawn.texts)
    for arrow in ARROWS:
        assert arrow.because in words, arrow


def test_nothing_hides_anything(drawn):
    boxes = [p.get_window_extent() for p in drawn.patches if isinstance(p, FancyBboxPatch)]
    written = [t.get_window_extent() for t in labels(drawn)]
    assert len(boxes) == len(assumptions.PLACES)
    for one, other in (*combinations(boxes, 2), *combinations(written, 2)):
        assert not one.overlaps(other)
    for text in labels(drawn):
        assert not any(text.get_window_extent().overlaps(box) for box in boxes), text.get_text()
    frame = drawn.figure.bbox
    for place in (*boxes, *written):
        assert frame.containsx(place.x0)
        assert frame.containsx(place.x1)
        assert frame.containsy(place.y0)
        assert frame.containsy(place.y1)


def test_words_fit_their_boxes(drawn):
    frames = [p for p in drawn.patches if isinstance(p, FancyBboxPatch)]
    for text in drawn.texts[: len(frames)]:
        inside = text.get_window_extent()
        for frame in frames:
            box = frame.get_window_extent()
            if box.overlaps(inside):
                assert box.x0 < inside.x0 < inside.x1 < box.x1, text.get_text()


def test_axes_in_axes_out_and_nothing_global_changes():
    before = dict(mpl.rcParams)
    ax = maps.new_map(10, 4).axes[0]
    link = maps.Link(tails=("a",), head="b", words="why", struck=True, bend=0.2)
    assert maps.draw(BOXES, [link], ax) is ax
    assert dict(mpl.rcParams) == before


def test_a_bend_moves_the_words_to_its_outer_side():
    places = []
    for bend in (0.3, -0.3):
        ax = maps.draw(BOXES, [maps.Link(tails=("a",), head="b", words="why", bend=bend)])
        places.append(ax.texts[-1].get_position()[1])
    assert places[0] < 2 < places[1]  # to the right of its way is down


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (maps.Link(tails=("a",), head="c", words=""), "needs a box for 'c', got a, b"),
        (maps.Link(tails=("c",), head="b", words=""), "needs a box for 'c', got a, b"),
        (maps.Link(tails=("a", "b"), head="b", words=""), "where a and b meet, got none"),
    ],
)
def test_bad_input_gets_one_sentence(link, message):
    with pytest.raises(ValueError, match=message):
        maps.draw(BOXES, [link])
