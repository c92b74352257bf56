"""Convergence theorems for SGD with stale gradients, with proofs that are checked step by step.

SymPy only: exact arithmetic, no floats. `theory.results` holds the theorems, `theory.kernel` the
rules that check them.
"""
