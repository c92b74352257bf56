"""The map of the assumptions: rows of a table, plain data, boxes and arrows to draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from re import sub
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from empirics.maps import INK, Box, Link, Place, draw, heading, key
from theory.implications import ARROWS, Arrow, Implication

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FUNCTION, NOISE, DELAYS, DIRECTION, OUTCOME, STEPS = 0, 4, 2, 3, 6, 5  # numbers of colours

PLACES: dict[str, tuple[int, Place]] = {
    "strongly convex": (FUNCTION, (1.4, 7.9)),
    "convex": (FUNCTION, (3.2, 5.9)),
    "Polyak-Lojasiewicz": (FUNCTION, (5.0, 7.9)),
    "minimiser": (FUNCTION, (8.9, 5.95)),
    "smooth": (FUNCTION, (7.6, 7.9)),
    "initial gap": (FUNCTION, (11.0, 5.95)),
    "bounded gradient": (FUNCTION, (11.0, 7.9)),
    "bounded variance": (NOISE, (14.6, 7.9)),
    "bounded second moment": (NOISE, (12.9, 6.0)),
    "step limit": (STEPS, (4.1, 5.2)),
    "pathwise gradient coherence": (DIRECTION, (1.4, 3.9)),
    "gradient coherence": (DIRECTION, (5.6, 3.9)),
    "sufficient direction": (DIRECTION, (10.2, 4.9)),
    "vanishing gradient": (OUTCOME, (14.7, 3.9)),
    "multiplicity": (DELAYS, (1.4, 1.3)),
    "bounded delay": (DELAYS, (5.6, 1.3)),
    "concurrency": (DELAYS, (9.8, 1.3)),
    "average delay": (DELAYS, (14.0, 1.3)),
}
HEADINGS = (
    ("the function", FUNCTION, (0.4, 8.7)),
    ("the noise", NOISE, (13.6, 8.7)),
    ("the direction", DIRECTION, (0.4, 4.95)),
    ("the delays", DELAYS, (0.4, 2.0)),
)
PAIR = 0.18  # how far the two arrows between the same boxes bend apart


def table(arrows: Iterable[Arrow] = ARROWS) -> list[str]:
    """A line an arrow: premises, arrow, conclusion, and the proof or the witness.

    A second line says what else is assumed, if anything is.
    """
    several = list(arrows)
    rows = [
        (
            " and ".join(a.name for a in arrow.premises),
            "=> " if arrow.status == "implied" else "=/=>",
            arrow.conclusion.name,
            arrow.because if arrow.implied else f"witness: {arrow.because}",
        )
        for arrow in several
    ]
    wide = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = []
    for arrow, (ahead, sign, behind, why) in zip(several, rows, strict=True):
        lines.append(f"{ahead:<{wide[0]}}  {sign:<{wide[1]}}  {behind:<{wide[2]}}  {why}")
        if arrow.given:
            lines.append(f"    given {'; '.join(a.name for a in arrow.given)}")
    return lines


def plain(arrows: Iterable[Arrow] = ARROWS) -> list[dict[str, Any]]:
    """The map as plain data, for JSON."""
    return [
        {
            "premises": [str(a) for a in arrow.premises],
            "conclusion": str(arrow.conclusion),
            "status": arrow.status,
            "because": arrow.because,
            "steps": arrow.length if isinstance(arrow, Implication) else None,
            "given": [str(a) for a in arrow.given],
            "note": arrow.note,
        }
        for arrow in arrows
    ]


def assumption_map(ax: Axes | None = None, arrows: Iterable[Arrow] = ARROWS) -> Axes:
    """Draw the map; every arrow is replayed first, and is drawn as what that shows."""
    several = list(arrows)
    names = dict.fromkeys(a.name for b in several for a in (*b.premises, b.conclusion))
    boxes = {
        name: Box(words=_broken(name), at=PLACES[name][1], colour=PLACES[name][0]) for name in names
    }
    both_ways = {(a.premises[0].name, a.conclusion.name) for a in several if len(a.premises) == 1}
    links = [_link(arrow, both_ways) for arrow in several]
    ax = draw(boxes, links, ax)
    for words, colour, at in HEADINGS:
        heading(ax, at, words, colour)
    key(ax, (0.6, 0.25))
    ax.text(12.3, 0.25, "what else is given: the table", va="center", fontsize=13, color=INK)
    return ax


@dataclass(frozen=True, kw_only=True)
class Hint:
    """How one arrow is drawn where the rule is not good: straight, or bent apart in pairs.

    `width` is how many letters a line of its words may have.
    """

    bend: float | None = None
    meet: Place | None = None
    label: Place | None = None
    width: int = 22


HINTS: dict[tuple[str, str], Hint] = {
    ("strongly convex", "convex"): Hint(label=(1.75, 6.8)),
    ("Polyak-Lojasiewicz", "convex"): Hint(label=(3.15, 7.2), width=16),
    ("convex", "Polyak-Lojasiewicz"): Hint(label=(5.3, 6.75)),
    ("smooth and minimiser", "initial gap"): Hint(meet=(9.0, 6.9), label=(10.4, 6.7)),
    ("bounded gradient and bounded variance", "bounded second moment"): Hint(
        meet=(12.1, 7.2), label=(11.8, 6.75)
    ),
    ("bounded variance", "bounded second moment"): Hint(bend=-PAIR, label=(15.1, 6.6), width=12),
    ("bounded second moment", "bounded variance"): Hint(bend=-PAIR, label=(13.05, 7.05)),
    ("smooth", "gradient coherence"): Hint(label=(7.47, 6.05), width=16),
    ("smooth and step limit", "gradient coherence"): Hint(meet=(5.1, 4.8), label=(4.6, 4.6)),
    ("gradient coherence", "pathwise gradient coherence"): Hint(label=(3.1, 4.74), width=26),
    ("pathwise gradient coherence", "gradient coherence"): Hint(label=(3.5, 3.85)),
    ("gradient coherence", "sufficient direction"): Hint(label=(8.45, 4.5)),
    ("sufficient direction", "gradient coherence"): Hint(label=(7.25, 5.34), width=18),
    ("sufficient direction and bounded second moment", "vanishing gradient"): Hint(
        meet=(12.4, 4.75), label=(14.2, 4.75)
    ),
    ("pathwise gradient coherence", "vanishing gradient"): Hint(
        bend=0.18, label=(7.5, 3.12), width=60
    ),
    ("gradient coherence", "vanishing gradient"): Hint(bend=0.05, label=(10.65, 3.38)),
    ("concurrency", "bounded delay"): Hint(width=60),
    ("average delay", "concurrency"): Hint(width=60),
    ("multiplicity", "bounded delay"): Hint(label=(3.5, 0.61), width=60),
}


def _link(arrow: Arrow, both_ways: set[tuple[str, str]]) -> Link:
    ahead = " and ".join(a.name for a in arrow.premises)
    hint = HINTS.get((ahead, arrow.conclusion.name), Hint())
    bend = hint.bend
    if bend is None:
        bend = PAIR if (arrow.conclusion.name, ahead) in both_ways else 0.0
    return Link(
        tails=tuple(a.name for a in arrow.premises),
        head=arrow.conclusion.name,
        words=_broken(arrow.because, hint.width),
        struck=arrow.status == "not implied",
        bend=bend,
        meet=hint.meet,
        label=hint.label,
    )


def _broken(words: str, width: int = 16) -> str:
    """The words on as few lines as the width allows, all of about the same length."""
    lines = -(-len(words) // width)

    def wrapped(letters: int) -> list[str]:
        return wrap(words, letters, break_long_words=False)

    narrow = next(w for w in count(1 + len(words) // lines) if len(wrapped(w)) <= lines)
    broken = "\n".join(wrapped(narrow))
    return sub(r"\|?x\|?\^2/2|[xM]_[02]", r"$\g<0>$", broken)
