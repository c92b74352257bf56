r"""Every symbol once: its letter, what is assumed of it, what it means.

Two symbols of one name and different assumptions are different to SymPy, so nothing in `theory`
makes a symbol of its own where one of these will do. A scalar function (``eta(k)``, ``tau(k)``)
carries no sign: that steps are positive or delays bounded is a hypothesis, which a proof has to
name before it may use it.

>>> from theory.symbols import MEANING, mu
>>> MEANING[mu]
'gradient coherence: <grad F(x_k), grad F(x_t)> >= mu |grad F(x_k)|^2 on the window'
"""

from typing import Any

from sympy import Function, Symbol

# constants of the problem
L = Symbol("L", positive=True)
sigma = Symbol("sigma", positive=True)  # a bound may always be taken > 0; 0 is its limit
Delta = Symbol("Delta", positive=True)
F_star = Symbol("F_star", real=True)

# constants of the method and of the run
mu = Symbol("mu", positive=True)
s = Symbol("s", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
h = Symbol("h", positive=True)
gamma = Symbol("gamma", positive=True)
c = Symbol("c", nonnegative=True)

# horizons
n = Symbol("n", integer=True, nonnegative=True)
T = Symbol("T", integer=True, positive=True)

# indices; their ranges are conditions of each statement
i = Symbol("i", integer=True)
j = Symbol("j", integer=True)
k = Symbol("k", integer=True)


def sequence(name: str) -> Any:
    """A real sequence, written ``name(k)``; nothing is assumed of its sign."""
    return Function(name, real=True)


def index_sequence(name: str) -> Any:
    """An integer sequence, such as the index ``tau(k)`` of the iterate read at step k.

    It is a function of the step alone: delays that depend on the noise cannot be written.
    """
    return Function(name, integer=True)


eta = sequence("eta")
tau = index_sequence("tau")

MEANING: dict[Any, str] = {
    L: "smoothness: grad F is L-Lipschitz",
    sigma: "noise level: E|xi_k|^2 <= sigma^2 for the whole gradient vector",
    Delta: "initial gap: F(x_1) - inf F <= Delta",
    F_star: "inf F",
    mu: "gradient coherence: <grad F(x_k), grad F(x_t)> >= mu |grad F(x_k)|^2 on the window",
    s: "staleness: the window of iterates that may be read; s = 1 is synchronous, s = tau + 1",
    m: "multiplicity: how often one iterate may be read",
    h: "step size in units of 1/L",
    gamma: "constant step size",
    c: "a constant >= 0",
    n: "number of steps",
    T: "horizon",
    i: "index of a step",
    j: "index of a step",
    k: "index of a step",
    eta: "step size eta_k",
    tau: "index of the iterate read at step k",
}
