"""Figures: axes in, axes out. They draw what a record already holds and compute nothing.

Colours are those of Okabe and Ito, told apart by colour-blind readers, and every curve of a family
has a marker of its own as well, so that a figure survives a bad projector and a grey print. Text is
mathtext: no LaTeX is needed. What is infinite has no place on a scale and gets a mark at its edge.
"""

from empirics.plots.along import LETTERS, coherence, runs
from empirics.plots.contours import contours
from empirics.plots.costs import slowdown
from empirics.plots.fits import rate
from empirics.plots.heat import heat_map
from empirics.plots.looks import COLOURS, MARKERS, new_figure, save, several_labels, style
from empirics.plots.panels import small_multiples
from empirics.plots.stability import roots, stability_map
from empirics.plots.verdicts import bound_and_runs, slack

__all__ = [
    "COLOURS",
    "LETTERS",
    "MARKERS",
    "bound_and_runs",
    "coherence",
    "contours",
    "heat_map",
    "new_figure",
    "rate",
    "roots",
    "runs",
    "save",
    "several_labels",
    "slack",
    "slowdown",
    "small_multiples",
    "stability_map",
    "style",
]
