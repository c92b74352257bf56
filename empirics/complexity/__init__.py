"""Does a more complex model bear less staleness? It depends on what is kept the same.

One step for all depths: deeper fails earlier. The same step times sharpness, or the best step of
each staleness without noise: depth does not matter. The best step with noise: the noise decides.
`staleness depth` prints these tables.
"""

from empirics.complexity.fixed import Fixed, Same, fixed_step, same_share
from empirics.complexity.limits import simulated_delay, simulated_limit
from empirics.complexity.noisy import Noisy, updates_to, with_noise
from empirics.complexity.shapes import Sparse, Width, sparse_limit, sparsity, widths
from empirics.complexity.tuned import Condition, Tuned, conditions, slowest_two, without_noise

__all__ = [
    "Condition",
    "Fixed",
    "Noisy",
    "Same",
    "Sparse",
    "Tuned",
    "Width",
    "conditions",
    "fixed_step",
    "same_share",
    "simulated_delay",
    "simulated_limit",
    "slowest_two",
    "sparse_limit",
    "sparsity",
    "updates_to",
    "widths",
    "with_noise",
    "without_noise",
]
