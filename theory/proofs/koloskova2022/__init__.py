"""The proofs of `theory.results.koloskova2022`: the appendix of the paper's page.

`concurrency` (bounded delays, concurrency and average delay); for bounded gradients and any delays
`in_flight` (what has been read and not applied), `virtual` (the iterate that every gradient moves
as soon as it is read) and `bounded_gradient`.
"""
