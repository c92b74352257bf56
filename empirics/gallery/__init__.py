"""A gallery of counterexamples: small runs that show what a theorem or its reader may overlook.

Each is a problem with schedule, steps and start, its exact coherence, and what it shows; `show`
runs it and measures every fact that it is said to show.
"""

from empirics.gallery.catalogue import COUNTEREXAMPLES, find
from empirics.gallery.drawing import draw
from empirics.gallery.record import Case, Counterexample, Fact, Finding, Refutes
from empirics.gallery.running import Shown, Tried, show

__all__ = [
    "COUNTEREXAMPLES",
    "Case",
    "Counterexample",
    "Fact",
    "Finding",
    "Refutes",
    "Shown",
    "Tried",
    "draw",
    "find",
    "show",
]
