"""Landscapes: nonconvex functions of few variables, to draw and to try a proof on."""

from empirics.problems.landscapes.factorisation import matrix_factorisation, scalar_factorisation
from empirics.problems.landscapes.line import robust_line
from empirics.problems.landscapes.phase import phase_retrieval
from empirics.problems.landscapes.saddles import saddle
from empirics.problems.landscapes.valley import rosenbrock
from empirics.problems.landscapes.waves import cosine, many_wells
from empirics.problems.landscapes.wells import double_well

__all__ = [
    "cosine",
    "double_well",
    "many_wells",
    "matrix_factorisation",
    "phase_retrieval",
    "robust_line",
    "rosenbrock",
    "saddle",
    "scalar_factorisation",
]
