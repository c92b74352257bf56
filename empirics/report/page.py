"""One self-contained page: elements that escape what they are given, and figures within it.

The tree is made with xml.etree, so that no text can become markup. Figures are SVG in data URIs:
each is a document of its own, in which nothing runs, and identifiers of two figures cannot clash.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BROAD = 10  # inches: a figure that is not shrunk to a phone, but scrolled
# nothing is loaded from anywhere, and nothing runs
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
CSS = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --line: #d5d5d5;
  --soft: #f4f4f2; --bad: #b3400a; --good: #00694c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #16181a; --line: #3a3d40;
  --soft: #202326; --bad: #ff9350; --good: #35c79b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem 1.2rem 3rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0;
  border-bottom: 1px solid var(--line); }
pre { background: var(--soft); padding: .7rem .9rem; border-radius: .3rem; overflow-x: auto;
  font-size: .85rem; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
img { display: block; max-width: 100%; height: auto; background: #ffffff; border-radius: .3rem; }
.consistent, .violated { font-weight: 600; } .consistent { color: var(--good); }
.violated { color: var(--bad); }
figure.broad { overflow-x: auto; }
figure.broad img { min-width: 56rem; max-width: none; width: 100%; }
@media print { :root { --ink: #000; --paper: #fff; --line: #bbb; --soft: #f4f4f2; --bad: #b3400a;
  --good: #00694c; } body { max-width: none; padding: 0; font-size: 10pt; }
  figure, tr, pre { break-inside: avoid; } h2 { break-after: avoid; }
  pre { white-space: pre-wrap; } figure.broad img { min-width: 0; max-width: 100%; } }
"""


class Page:
    """A page that grows from top to bottom."""

    def __init__(self, title: str) -> None:
        self._root = ElementTree.Element("html", lang="en")
        head = ElementTree.SubElement(self._root, "head")
        ElementTree.SubElement(head, "meta", charset="utf-8")
        policy = {"http-equiv": "Content-Security-Policy", "content": POLICY}
        ElementTree.SubElement(head, "meta", policy)
        size = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
        ElementTree.SubElement(head, "meta", size)
        ElementTree.SubElement(head, "title").text = _plain(title)
        ElementTree.SubElement(head, "style").text = CSS
        self._body = ElementTree.SubElement(ElementTree.SubElement(self._root, "body"), "main")
        self._add("h1", title)

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._add("h2", text)

    def say(self, text: str, kind: str = "") -> None:
        """A paragraph."""
        self._add("p", text, **({"class": kind} if kind else {}))

    def code(self, text: str) -> None:
        """What is typed, or a file."""
        ElementTree.SubElement(self._add("pre"), "code").text = _plain(text)

    def table(self, rows: Sequence[Sequence[str]], *, marked: int | None = None) -> None:
        """Rows, the first of which says what is in the columns; a cell of column `marked` has its
        own text as its class, for its colour."""
        wide = self._add("div", **{"class": "wide"})
        table = ElementTree.SubElement(wide, "table")
        for number, row in enumerate(rows):
            line = ElementTree.SubElement(table, "tr")
            for place, text in enumerate(row):
                cell = ElementTree.SubElement(line, "td" if number else "th")
                cell.text = _plain(text)
                if number and place == marked:
                    cell.set("class", _plain(text))

    def figure(self, figure: Figure, caption: str) -> None:
        """A figure, whose caption is also read aloud in its place."""
        import matplotlib as mpl

        file = io.BytesIO()
        salt = mpl.rcParams["svg.hashsalt"]
        mpl.rcParams["svg.hashsalt"] = "staleness"  # the same figure is the same file
        try:
            figure.savefig(file, format="svg", metadata={"Date": None})
        finally:
            mpl.rcParams["svg.hashsalt"] = salt
        data = base64.b64encode(file.getvalue()).decode()
        broad = figure.get_figwidth() > BROAD
        frame = self._add("figure", **({"class": "broad"} if broad else {}))
        source = {"src": f"data:image/svg+xml;base64,{data}", "alt": _plain(caption)}
        ElementTree.SubElement(frame, "img", source)
        ElementTree.SubElement(frame, "figcaption").text = _plain(caption)

    def html(self) -> str:
        """The page."""
        text = ElementTree.tostring(self._root, encoding="unicode", method="html")
        return f"<!doctype html>\n{text}\n"

    def _add(self, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
        element = ElementTree.SubElement(self._body, tag, attributes)
        element.text = _plain(text)
        return element


def _plain(text: str) -> str:
    """Text without control characters, which no page may hold."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
