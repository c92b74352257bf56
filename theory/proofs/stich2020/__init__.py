"""The proofs of `theory.results.stich2020`: the appendix of the paper's page.

`smooth` (convex functions, by the longest delay), `concurrency` (by the gradients in flight) and
`strong` (strongly convex functions; `strong_step` has their single step).
"""
