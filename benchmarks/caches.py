"""Workers with caches: worker updates a second, beside a plain loop, and the delivery alone.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python benchmarks/caches.py [--rounds 7] [--only delivery]

An update is one gradient of one worker, which goes to all P caches as P messages. The row of numba
needs numba (`pip install numba`), which the project itself never does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
from side_by_side import Contestant, rates, show
from simulator import perceptron_gradient

from empirics import problems, schedules, simulate
from empirics.pending import Pending
from empirics.problems.base import Problem
from empirics.problems.logistic import Logistic
from empirics.problems.network import Perceptron
from empirics.problems.quadratic import Quadratic

P, S, STEP, SIGMA = 8, 10, 0.002, 0.5
Array = np.ndarray


def plain(
    problem: Problem, gradient: Callable[[np.random.Generator, Array], Array], steps: int
) -> Array:
    """One replica, as anyone would write it: a loop over workers, one line for all destinations."""
    rng = np.random.default_rng(0)
    caches = np.tile(problem.start, (P, 1))
    pending, everyone = np.zeros((S + 1, P, problem.dim)), np.arange(P)
    for t in range(steps):
        caches += pending[t % (S + 1)]
        pending[t % (S + 1)] = 0
        for p in range(P):
            u = STEP * gradient(rng, caches[p])
            arrival = t + 1 + rng.integers(S + 1, size=P)
            pending[arrival % (S + 1), everyone] -= u
    return caches


def of_quadratic(problem: Quadratic) -> Callable[[np.random.Generator, Array], Array]:
    h, d, scale = problem.spectrum, problem.dim, problem.sigma / problem.dim**0.5
    if problem.noise == "gaussian":
        return lambda rng, x: h * x + scale * rng.standard_normal(d)
    return lambda rng, x: h * x + scale * (2 * rng.integers(0, 2, d) - 1)


def of_logistic(problem: Logistic) -> Callable[[np.random.Generator, Array], Array]:
    A, b = problem.loss.A, problem.picks.size

    def gradient(rng: np.random.Generator, x: Array) -> Array:
        rows = A[rng.integers(0, len(A), b)]
        return -(1 / (1 + np.exp(rows @ x))) @ rows / b + problem.l2 * x

    return gradient


def of_perceptron(problem: Perceptron) -> Callable[[np.random.Generator, Array], Array]:
    inputs, hidden, classes = problem.sizes
    cut = (inputs + 1) * hidden

    def gradient(rng: np.random.Generator, x: Array) -> Array:
        picked = rng.integers(0, len(problem.X), problem.picks.size)
        first, second = x[:cut].reshape(-1, hidden), x[cut:].reshape(-1, classes)
        return perceptron_gradient(problem.X[picked], problem.Y[picked], first, second)

    return gradient


def engine(problem: Problem, steps: int) -> Contestant:
    """One tile, nothing recorded but the start."""
    schedule = schedules.Caches(P, schedules.Uniform(S))
    lanes = schedule.width(problem.lanes, problem.dim)
    return Contestant(
        name="engine",
        call=lambda: simulate(
            problem, schedule, step=STEP, steps=steps, replicas=lanes, record=[0]
        ),
        updates=steps * P * lanes,
    )


def narrow(problem: Quadratic, lanes: int) -> Quadratic:
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def quadratics(rounds: int) -> None:
    print(f"\nquadratic, P = {P}, uniform on 0..{S}          M worker updates/s     engine to")
    print("   d lanes  noise          plain    engine    its plain   plain Gaussian (goal)")
    goals = {10: (70, 125), 100: (None, None)}
    for d, lanes, steps in ((10, 256, 2000), (10, 64, 6000), (100, 32, 2000)):
        bowls = {
            noise: problems.quadratic(dim=d, mu=0.1, L=1.0, sigma=SIGMA, noise=noise)
            for noise in ("gaussian", "two-point")
        }
        cases = []
        for noise, bowl in bowls.items():
            run = engine(narrow(bowl, lanes), steps)
            cases += [
                Contestant(
                    name=f"plain {noise}",
                    call=lambda p=bowl: plain(p, of_quadratic(p), 400),
                    updates=400 * P,
                ),
                replace(run, name=f"engine {noise}"),
            ]
        seen = rates(cases, rounds)
        for noise, goal in zip(bowls, goals[d], strict=True):
            fast, slow = seen[f"engine {noise}"], seen[f"plain {noise}"]
            line = (
                f"{d:5} {lanes:4}  {noise:10} {slow:9.4f} {fast:9.3f} {fast / slow:12.1f}"
                f" {fast / seen['plain gaussian']:12.1f}"
            )
            print(line + (f" ({goal})" if goal else ""))


def networks(rounds: int) -> None:
    print(f"\nminibatches, P = {P}                         k worker updates/s     engine to")
    print("                            plain    engine   plain (goal)")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 49))
    y = X @ rng.standard_normal(49) + rng.standard_normal(2000) > 0
    linear, net = problems.logistic((X, y), batch=8), problems.perceptron(batch=32)
    for name, problem, gradient, steps, goal in (
        ("logistic, b = 8", linear, of_logistic(linear), 400, 36),
        ("perceptron, b = 32", net, of_perceptron(net), 150, 2.4),
    ):
        slow = Contestant(
            name="plain", call=lambda p=problem, g=gradient: plain(p, g, 200), updates=200 * P
        )
        seen = rates([slow, engine(problem, steps)], rounds)
        print(
            f"   {name:20} {1e3 * seen['plain']:9.1f} {1e3 * seen['engine']:9.1f}"
            f" {seen['engine'] / seen['plain']:7.1f} ({goal})"
        )


def delivery(rounds: int) -> None:
    print("\ndelivery alone                            M worker updates/s")
    print("   d lanes     engine    numba    share (goal)")
    for d, lanes in ((10, 256), (10, 64), (100, 64)):
        rng = np.random.default_rng(0)
        u = rng.standard_normal((lanes, P, d))
        r = rng.integers(0, S + 1, (20, lanes, P, P))
        x, post = np.zeros((lanes, P, d)), Pending(lanes, P, S, d)

        def send(post: Pending = post, x: Array = x, r: Array = r, u: Array = u) -> None:
            for t in range(100):
                post.arrive(t, x)
                post.send(t, r[t % 20], u)

        cases = [Contestant(name="engine", call=send, updates=100 * lanes * P)]
        if find_spec("numba") is not None:
            loop = compiled(lanes, d)
            cases.append(
                Contestant(
                    name="numba",
                    call=lambda loop=loop, r=r, u=u, x=x: loop(100, x, r, u),
                    updates=100 * lanes * P,
                )
            )
        seen = rates(cases, rounds)
        line = f"{d:5} {lanes:4} {seen['engine']:11.2f}"
        if "numba" in seen:
            line += f"{seen['numba']:9.2f} {seen['engine'] / seen['numba']:8.2f} (0.6)"
        print(line)


def compiled(lanes: int, dim: int) -> Callable[..., object]:
    """The same messages by a compiled loop."""
    import numba

    sums = np.zeros((lanes, S + 1, P, dim))

    @numba.njit(fastmath=True)
    def loop(sums: Array, steps: int, x: Array, r: Array, u: Array) -> None:
        for t in range(steps):
            slot = t % sums.shape[1]
            for j in range(sums.shape[0]):
                for q in range(sums.shape[2]):
                    for i in range(sums.shape[3]):
                        x[j, q, i] += sums[j, slot, q, i]
                        sums[j, slot, q, i] = 0
                for p in range(sums.shape[2]):
                    for q in range(sums.shape[2]):
                        to = (t + 1 + r[t % r.shape[0], j, p, q]) % sums.shape[1]
                        for i in range(sums.shape[3]):
                            sums[j, to, q, i] -= u[j, p, i]

    return lambda *arguments: loop(sums, *arguments)


TABLES = {"quadratics": quadratics, "networks": networks, "delivery": delivery}

if __name__ == "__main__":
    show(__doc__ or "", TABLES)
