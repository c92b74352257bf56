"""The proofs of `theory.results.lian2015`: the appendix of the paper's page.

`constant` (one gradient an update, constant steps); for M gradients an update `moves` (from read to
write), `several` (variable steps) and `tuned` (constant steps, and the one of the corollary).
"""
