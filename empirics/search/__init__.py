r"""A companion for proofs: multipliers that nobody wrote down, found in numbers, checked exactly.

>>> from theory.assumptions import F, x, x_star
>>> from theory.claims import le
>>> from theory.hilbert import grad, squared_norm, value
>>> from theory.kernel import axiom
>>> from theory.symbols import mu_sc
>>> curved = axiom("strong_convexity", F, mu_sc, x(0), x_star, label="strong convexity")
>>> gap = value(F, x(0)) - value(F, x_star)
>>> found = propose(le(2*mu_sc*gap, squared_norm(grad(F, x(0)))), curved)
>>> [(str(weight), premise.label) for premise, weight in found.parts]
[('2*mu_sc', 'strong convexity')]
>>> found.squares
((mu_sc*x_star - mu_sc*x[0] + grad F(x[0]), 1),)
>>> print(found.fact)
2*mu_sc*(F(x[0]) - F(x_star)) <= |grad F(x[0])|^2

Nothing here is trusted: what is proposed has passed the kernel, and `Proposal.fact` is its fact.
"""

from empirics.search.proposal import Proposal, SearchError, propose

__all__ = ["Proposal", "SearchError", "propose"]
