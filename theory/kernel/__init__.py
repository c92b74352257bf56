r"""The kernel: the rules by which facts are made, each of which checks.

Each rule raises `StepError` unless all it needs is *proved*: what SymPy or `theory.sign` cannot
decide is unknown, and unknown is a failure. There is no `assert` in `theory`, so ``python -O``
changes nothing.

>>> from theory.claims import le
>>> from theory.symbols import L, h
>>> small = given(le(h, 1/L))
>>> print(combine(le(L*h**2, h), (small, L*h)))
L*h^2 <= h, if h <= 1/L
>>> combine(le(2*L*h**2, h), (small, L*h))
Traceback (most recent call last):
theory.kernel.facts.StepError: combine: 2*L*h^2 <= h does not follow: after subtracting the premises
-L*h^2 is left and should be 0; at L = 3, h = 1/4: 2*L*h^2 <= h fails, since its right side minus
its left side is -1/8

Trusted: this folder, `theory.axioms`, and what they read (`hilbert`, `algebra`, `enclosure`,
`sign`, `claims`), with SymPy's expand, together and factor. All else in `theory` goes through it.
"""

from theory.kernel.cases import cases, either
from theory.kernel.combining import combine, combine_vectors, pair, reciprocal, rewrite
from theory.kernel.facts import Conclusion, Fact, StepError, relabel, replay, steps
from theory.kernel.induction import earlier, induct, induct_strongly
from theory.kernel.instances import discharge, substitute
from theory.kernel.ranges import least_at_least, minimum, sum_over, when
from theory.kernel.starting import axiom, given, nonnegative_by_sign, suppose

__all__ = [
    "Conclusion",
    "Fact",
    "StepError",
    "axiom",
    "cases",
    "combine",
    "combine_vectors",
    "discharge",
    "earlier",
    "either",
    "given",
    "induct",
    "induct_strongly",
    "least_at_least",
    "minimum",
    "nonnegative_by_sign",
    "pair",
    "reciprocal",
    "relabel",
    "replay",
    "rewrite",
    "steps",
    "substitute",
    "sum_over",
    "suppose",
    "when",
]
