"""A map of statements: boxes, arrows between them, struck arrows. Axes in, axes out.

A solid arrow says "implies"; a dotted one with a stroke across it says "does not imply". Several
tails meet in a dot before the head. Colours are those of Okabe and Ito, and nothing is told by
colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any

from empirics.plots import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Place = tuple[float, float]

BLUE, RED = COLOURS[0], COLOURS[1]
INK = "#222222"
POINT = 1 / 72  # inches


@dataclass(frozen=True, kw_only=True)
class Box:
    """A statement: what is written in it, its middle, and the number of its colour."""

    words: str
    at: Place
    colour: int = 6


@dataclass(frozen=True, kw_only=True)
class Link:
    """An arrow from the boxes `tails`, by name, to the box `head`.

    `bend` curves it (to the right of its way if positive), `meet` is where several tails meet, and
    `label` is where the middle of the words goes: beside the middle of the arrow if not given.
    """

    tails: tuple[str, ...]
    head: str
    words: str
    struck: bool = False
    bend: float = 0.0
    meet: Place | None = None
    label: Place | None = None


def new_map(width: float = 16, height: float = 9) -> Figure:
    """A figure whose one axes counts in inches from the lower left corner, without a frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    return figure


def draw(
    boxes: Mapping[str, Box], links: Sequence[Link], ax: Axes | None = None, *, size: float = 14
) -> Axes:
    """The boxes and the arrows between them; `size` is that of the words in the boxes, in points.

    Raises ValueError if an arrow goes from or to a box that is not there, or if several tails have
    no place to meet.

    >>> boxes = {"a": Box(words="a", at=(1, 1)), "b": Box(words="b", at=(4, 1))}
    >>> ax = draw(boxes, [Link(tails=("a",), head="b", words="why")])
    >>> [text.get_text() for text in ax.texts]
    ['a', 'b', 'why']
    """
    if ax is None:
        ax = new_map().axes[0]
    for link in links:
        for name in (*link.tails, link.head):
            if name not in boxes:
                raise ValueError(f"draw needs a box for {name!r}, got {', '.join(boxes)}")
        if len(link.tails) > 1 and link.meet is None:
            raise ValueError(f"draw needs a place where {' and '.join(link.tails)} meet, got none")
    frames = {name: _box(ax, box, size) for name, box in boxes.items()}
    for link in links:
        _link(ax, link, boxes, frames, 0.86 * size)
    return ax


def key(ax: Axes, at: Place, *, size: float = 13) -> None:
    """What the two kinds of arrow mean, side by side."""
    x, y = at
    for struck, words, wide in (
        (False, "implies: proved, in so many steps or by that theorem", 7.0),
        (True, "does not imply: an exact witness", 0.0),
    ):
        _arrow(ax, (x, y), (x + 1.1, y), struck)
        ax.text(x + 1.3, y, words, va="center", fontsize=size, color=INK)
        x += wide


def heading(ax: Axes, at: Place, words: str, colour: int, *, size: float = 15) -> None:
    """The name of a group of boxes, in its colour."""
    ax.text(*at, words, va="center", fontsize=size, color=COLOURS[colour], weight="bold")


def _box(ax: Axes, box: Box, size: float) -> Any:
    from matplotlib.patches import FancyBboxPatch

    wide, high = _extent(box.words, size)
    wide, high = wide + 0.3, high + 0.22
    (x, y), colour = box.at, COLOURS[box.colour]
    frame = FancyBboxPatch(
        (x - wide / 2, y - high / 2),
        wide,
        high,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor="white",
        edgecolor=colour,
        linewidth=2.6,
        zorder=3,
    )
    ax.add_patch(frame)
    ax.text(
        x,
        y,
        box.words,
        ha="center",
        va="center",
        fontsize=size,
        color=INK,
        linespacing=1.1,
        zorder=4,
    )
    return frame


def _extent(words: str, size: float) -> Place:
    """About how wide and high words are, in inches."""
    lines = [line.replace("$", "") for line in words.split("\n")]
    return 0.58 * size * POINT * max(map(len, lines)), 1.25 * size * POINT * len(lines)


def _link(
    ax: Axes, link: Link, boxes: Mapping[str, Box], frames: Mapping[str, Any], size: float
) -> None:
    head, there = boxes[link.head].at, frames[link.head]
    if link.meet is None:
        (tail,) = link.tails
        start, own = boxes[tail].at, frames[tail]
    else:
        for tail in link.tails:
            _line(ax, boxes[tail].at, link.meet, link.struck, frames[tail])
        ax.plot(*link.meet, "o", ms=8, color=RED if link.struck else BLUE, zorder=2)
        start, own = link.meet, None
    beside = _arrow(ax, start, head, link.struck, link.bend, (own, there))
    wide, high = _extent(link.words, size)
    (x, y), (right, up) = beside
    gap = 0.3 if link.struck else 0.1
    off = abs(right) * wide / 2 + abs(up) * high / 2 + gap
    ax.text(
        *(link.label or (x + off * right, y + off * up)),
        link.words,
        ha="center",
        va="center",
        fontsize=size,
        style="italic" if link.struck else "normal",
        color=RED if link.struck else BLUE,
        linespacing=1.1,
        zorder=4,
    )


def _look(struck: bool) -> dict[str, Any]:
    style = {"color": RED, "linestyle": (0, (1.2, 1.2))} if struck else {"color": BLUE}
    return {**style, "linewidth": 2.4}


def _line(ax: Axes, start: Place, end: Place, struck: bool, frame: Any) -> None:
    from matplotlib.patches import FancyArrowPatch

    line = FancyArrowPatch(
        start, end, arrowstyle="-", patchA=frame, shrinkA=0, shrinkB=0, zorder=1, **_look(struck)
    )
    ax.add_patch(line)


def _arrow(
    ax: Axes,
    start: Place,
    end: Place,
    struck: bool,
    bend: float = 0.0,
    frames: tuple[Any, Any] = (None, None),
) -> tuple[Place, Place]:
    """Draw an arrow; the middle of its curve, and the direction away from it on its outer side."""
    from matplotlib.patches import FancyArrowPatch

    shared: dict[str, Any] = {
        "connectionstyle": f"arc3,rad={bend}",
        "patchA": frames[0],
        "patchB": frames[1],
        "shrinkA": 0,
        "zorder": 1,
    }
    look = _look(struck)
    # the head apart from the shaft, or its edge would be dotted too
    shaft = FancyArrowPatch(start, end, arrowstyle="-", shrinkB=12, **shared, **look)
    style = "-|>,head_length=0.5,head_width=0.28"
    tip = {"color": look["color"], "linewidth": 0}
    head = FancyArrowPatch(
        start, end, arrowstyle=style, mutation_scale=28, shrinkB=2, **shared, **tip
    )
    ax.add_patch(shaft)
    ax.add_patch(head)
    (x0, y0), (x1, y1) = start, end
    across, up = x1 - x0, y1 - y0
    long = hypot(across, up)
    middle = ((x0 + x1) / 2 + bend * up / 2, (y0 + y1) / 2 - bend * across / 2)
    side = -1 if bend > 0 else 1
    outward = (-side * up / long, side * across / long)
    if struck:
        lean = (0.13 * across / long, 0.13 * up / long)
        high = (-0.22 * up / long, 0.22 * across / long)
        ax.plot(
            [middle[0] - lean[0] - high[0], middle[0] + lean[0] + high[0]],
            [middle[1] - lean[1] - high[1], middle[1] + lean[1] + high[1]],
            color=RED,
            linewidth=3.4,
            solid_capstyle="round",
            zorder=2,
        )
    return middle, outward
