"""Grids of runs: described in one file, checked before anything runs, stored cell by cell."""

from empirics.sweep.run import sweep
from empirics.sweep.study import Cell, Study

__all__ = ["Cell", "Study", "sweep"]
