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
eta0 = Symbol("eta", positive=True)  # a constant step size
c = Symbol("c", nonnegative=True)

# further constants of the catalogue
tau_max = Symbol("tau", integer=True, nonnegative=True)
N = Symbol("N", integer=True, nonnegative=True)
tau_avg = Symbol("tau_avg", nonnegative=True)
R = Symbol("R", positive=True)
G = Symbol("G", positive=True)
M2 = Symbol("M_2", positive=True)
sigma_d = Symbol("sigma_d", positive=True)
e0 = Symbol("e_0", positive=True)
W = Symbol("W", integer=True, positive=True)
mu_sc = Symbol("mu_sc", positive=True)
M = Symbol("M", nonnegative=True)
rho = Symbol("rho", positive=True)
beta = Symbol("beta", positive=True)
b = Symbol("b", integer=True, positive=True)
eps = Symbol("eps", positive=True)
D = Symbol("D", positive=True)
alpha = Symbol("alpha", positive=True)
noise_max = Symbol("xi_max", positive=True)
delta = Symbol("delta", positive=True)
Z = Symbol("Z", real=True)
B = Symbol("B", integer=True, positive=True)
theta = Symbol("theta", positive=True)
q = Symbol("q", positive=True)
R_d = Symbol("R_d", integer=True, positive=True)
P = Symbol("P", integer=True, positive=True)
C = Symbol("C", integer=True, positive=True)
behind = Symbol("s_c", integer=True, nonnegative=True)
ahead = Symbol("a_c", integer=True, positive=True)
tau_eff = Symbol("tau_eff", nonnegative=True)
z = Symbol("z", positive=True)
lag = Symbol("ell", integer=True, positive=True)
level = Symbol("kappa", real=True)

# horizons
n = Symbol("n", integer=True, nonnegative=True)
T = Symbol("T", integer=True, positive=True)

# indices; their ranges are conditions of each statement
i = Symbol("i", integer=True)
j = Symbol("j", integer=True)
k = Symbol("k", integer=True)
p = Symbol("p", integer=True)
l = Symbol("l", integer=True)
t = Symbol("t", integer=True)


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
r = index_sequence("r")
f = sequence("f")  # names the losses: a function for each index
nu = index_sequence("nu")
alive = sequence("S")  # survival
seen = sequence("seen")  # of two indices: whether the first update sees the second
upto = index_sequence("upto")  # of an update and a worker
ell = sequence("ell")
d = index_sequence("d")

MEANING: dict[Any, str] = {
    L: "smoothness: grad F is L-Lipschitz",
    sigma: "noise level: E|xi_k|^2 <= sigma^2 for the whole gradient vector",
    Delta: "initial gap: F(x_1) - inf F <= Delta",
    F_star: "inf F",
    mu: "gradient coherence: <grad F(x_k), grad F(x_t)> >= mu |grad F(x_k)|^2 on the window",
    s: "staleness: the window of iterates that may be read; s = 1 is synchronous, s = tau + 1",
    m: "multiplicity: how often one iterate may be read",
    h: "step size in units of 1/L",
    eta0: "constant step size eta",
    tau_max: "largest delay tau: 0 <= tau_t <= min(t, tau)",
    N: "concurrency: at most N gradients are in flight over an update (workers minus one)",
    tau_avg: "average delay: (1/T) sum_t tau_t",
    R: "initial distance: |x_0 - x*| <= R",
    G: "gradient bound: E|g_t|^2 <= G^2, with or without the noise, as the theorem says",
    M2: "second moment: E|g_t|^2 <= M_2",
    sigma_d: "sufficient direction: <grad F(x_t), E g_t> >= sigma_d |grad F(x_t)|^2",
    W: "a delay that is not exceptional: W >= 2 tau_avg",
    e0: "factor of a step tuned to the horizon",
    mu_sc: "strong convexity, or the constant of the Polyak-Lojasiewicz inequality",
    M: "multiplicative noise: E|xi_t|^2 <= M E|grad F(y_t)|^2 + sigma^2",
    beta: "reserve of a step below its limit: 1/eta = L (tau + 1)^2 + beta",
    b: "mini-batch size: samples in one stochastic gradient",
    rho: "weight in Young's inequality: 2 <u, v> <= rho |u|^2 + |v|^2/rho",
    eps: "accuracy asked for",
    D: "diameter: |x_t - x*| <= D along the run",
    alpha: "scale of decreasing steps, such as eta_t = alpha/sqrt(t + 1)",
    R_d: "delay threshold: only gradients with a delay below it are applied",
    tau_eff: "effective delay of blocks: sum_i L_i^2 d_i^2 <= L^2 tau_eff^2",
    B: "how many: gradients summed in one update, or blocks of coordinates",
    theta: "a share, 0 < theta <= 1: of the new point in x_{t+1}, or of a step",
    q: "contraction factor of a distance or a gap, q <= 1",
    noise_max: "bound of the noise on every path: |xi_t| <= xi_max",
    delta: "probability of failure",
    Z: "what the noise adds along a path, or a bound of it",
    P: "number of workers",
    C: "number of clocks, each with one update of every worker",
    behind: "staleness in clocks: updates of others older than that are seen",
    ahead: "clocks by which others may be ahead, the present one included",
    z: "shrinkage: over an update the gradient shrinks by at most the factor 1 + z",
    lag: "lag: how many updates lie between two gradients that are compared",
    level: "a level of coherence, perhaps negative",
    c: "a constant >= 0",
    n: "number of steps",
    T: "horizon",
    i: "index of a step",
    j: "index of a step",
    k: "index of a step, or of a clock",
    p: "index of a worker",
    l: "index of a worker",
    eta: "step size eta_k",
    tau: "index of the iterate read at step k, counted from 1 (Dai et al.)",
    r: "index of the iterate read at update t, r_t = t - tau_t",
    ell: "smoothness of blocks: the partial gradient of block i is L_i-Lipschitz",
    d: "longest delay of block i",
    nu: "index of the iterate read at update t for part i of it, nu_(t,i) = t - tau_(t,i)",
    t: "index of an update, counted from 0",
    f: "loss f_t of a round: a convex function for each t",
    upto: "how many updates of a worker, the first so many, are in the view of another update",
    alive: "survival S_t = P(1_t = 1): the chance that the run has not stopped by update t",
    seen: "1 if an update is in the view that another is computed from, else 0",
}
