"""Landscapes: nonconvex functions of few variables, to draw and to try a proof on."""

from empirics.problems.landscapes.factorisation import matrix_factorisation, scalar_factorisation
from empirics.problems.landscapes.saddles import saddle
from empirics.problems.landscapes.wells import double_well

__all__ = [
    "double_well",
    "matrix_factorisation",
    "saddle",
    "scalar_factorisation",
]
