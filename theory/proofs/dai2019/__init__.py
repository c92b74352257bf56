"""The proofs of `theory.results.dai2019`: the appendix of the paper's page.

`fresh` (inequality (A)), `single_use` (C), `reuse`, `constant`, and `published` (where the printed
form follows from (A)).
"""
