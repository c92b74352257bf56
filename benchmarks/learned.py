"""Networks of every depth, factorised ratings, and minibatches without replacement.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python benchmarks/learned.py [--rounds 7] [--only ratings]

Each beside a loop as anyone would write it for one replica, in turn, round after round.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from side_by_side import Contestant, rates, show
from simulator import STEP, TAU_MAX, Array, engine

from empirics import problems
from empirics.problems.logistic import Logistic
from empirics.problems.network import Perceptron
from empirics.problems.ratings import RatingsProblem


def plain_network(problem: Perceptron, steps: int) -> Array:
    """One replica of a network of any depth with ReLU units."""
    rng, X, Y, x = np.random.default_rng(0), problem.X, problem.Y, problem.start.astype(float)
    cuts = np.cumsum([(i + 1) * o for i, o in pairwise(problem.sizes)])
    past = [x] * (TAU_MAX + 1)
    for t in range(steps):
        read = t - min(t, rng.integers(TAU_MAX + 1))
        y, picked = past[read % len(past)], rng.integers(0, len(X), problem.picks.size)
        flat = zip(np.split(y, cuts[:-1]), problem.sizes[1:], strict=True)
        layers = [part.reshape(-1, o) for part, o in flat]
        h = [X[picked][:, :-1]]
        for layer in layers:
            z = h[-1] @ layer[:-1] + layer[-1]
            h.append(np.maximum(z, 0))
        p = np.exp(z - z.max(axis=1, keepdims=True))
        back = (p / p.sum(axis=1, keepdims=True) - Y[picked]) / len(picked)
        slopes = []
        for layer, below in zip(layers[::-1], h[-2::-1], strict=True):
            slopes.append(np.concatenate([(below.T @ back).ravel(), back.sum(axis=0)]))
            back = (back @ layer[:-1].T) * (below > 0)
        x = x - STEP * np.concatenate(slopes[::-1])
        past[(t + 1) % len(past)] = x
    return x


def plain_ratings(problem: RatingsProblem, steps: int) -> Array:
    """One replica; the rows of factors are added to one by one, as they may come twice."""
    rng, loss, x = np.random.default_rng(0), problem.loss, problem.start
    users, items = loss.users, loss.items + loss.shape[0]
    past = [x] * (TAU_MAX + 1)
    for t in range(steps):
        read = t - min(t, rng.integers(TAU_MAX + 1))
        picked = rng.integers(0, len(users), problem.picks.size)
        rows, i, j = past[read % len(past)].reshape(-1, loss.rank), users[picked], items[picked]
        e = ((rows[i] * rows[j]).sum(axis=1) - loss.values[picked])[:, None] / len(picked)
        g = problem.l2 * rows
        np.add.at(g, i, e * rows[j])
        np.add.at(g, j, e * rows[i])
        x = x - STEP * g.ravel()
        past[(t + 1) % len(past)] = x
    return x


def networks(rounds: int) -> None:
    print("\nnetworks on the digits, 32 units, b = 32      k updates/s")
    print("   depth   dim     plain    double    single    ratios to plain")
    for depth in range(7):
        double, single = (
            problems.perceptron(depth=depth, precision=precision)
            for precision in ("double", "single")
        )
        steps = 60
        seen = rates(
            [
                Contestant(name="plain", call=lambda p=double: plain_network(p, 500), updates=500),
                *(
                    Contestant(name=name, call=engine(p, steps), updates=steps * p.lanes)
                    for name, p in (("double", double), ("single", single))
                ),
            ],
            rounds,
        )
        k = {name: 1e3 * rate for name, rate in seen.items()}
        print(
            f"   {depth:5} {double.dim:5} {k['plain']:9.1f} {k['double']:9.1f} {k['single']:9.1f}"
            f"    {k['double'] / k['plain']:6.1f} {k['single'] / k['plain']:6.1f}"
        )


def ratings(rounds: int) -> None:
    print("\nfactors of users and items, uniform delays 0..9          k updates/s")
    print("   users  items  rank    b    dim     plain    engine    ratio to plain")
    for users, items, rank, b, steps in (
        (60, 40, 2, 16, 1000),
        (60, 40, 5, 32, 1000),
        (943, 1682, 10, 100, 1000),  # the size of MovieLens's smallest set
        (943, 1682, 10, 1000, 500),
    ):
        problem = problems.ratings(
            users=users, items=items, density=0.063, noise=0.1, rank=rank, batch=b
        )
        seen = rates(
            [
                Contestant(name="plain", call=lambda p=problem: plain_ratings(p, 300), updates=300),
                Contestant(
                    name="engine", call=engine(problem, steps), updates=steps * problem.lanes
                ),
            ],
            rounds,
        )
        k = {name: 1e3 * rate for name, rate in seen.items()}
        print(
            f"   {users:5} {items:6} {rank:5} {b:4} {problem.dim:6} {k['plain']:9.1f}"
            f" {k['engine']:9.1f}    {k['engine'] / k['plain']:6.1f}"
        )


def minibatches(rounds: int) -> None:
    print("\nlogistic, n = 2000, d = 50: different rows in a minibatch")
    print("   b    speed of all that, with replacement = 1      of drawing alone")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 49))
    y = X @ rng.standard_normal(49) + rng.standard_normal(2000) > 0
    for b, steps in ((1, 4000), (8, 2000), (32, 500), (200, 100)):
        two = {
            name: problems.logistic((X, y), batch=b, replacement=name == "with") for name in KINDS
        }
        seen = rates(
            [
                *(
                    Contestant(name=name, call=engine(p, steps), updates=steps)
                    for name, p in two.items()
                ),
                *(
                    Contestant(
                        name=f"{name} alone", call=lambda p=p, n=steps: draws(p, n), updates=steps
                    )
                    for name, p in two.items()
                ),
            ],
            rounds,
        )
        whole, alone = (seen["without" + end] / seen["with" + end] for end in ("", " alone"))
        print(f"{b:5} {whole:35.2f} {alone:23.2f}")


KINDS = ("with", "without")


def draws(problem: Logistic, steps: int) -> None:
    """The places of the rows of that many updates, in blocks as the simulator draws them."""
    rng = np.random.Generator(np.random.SFC64(0))
    block = max(2**17 // (problem.lanes * problem.picks.size), 1)
    for _ in range(0, steps, block):
        problem.draw(rng, block, problem.lanes)


TABLES = {"networks": networks, "ratings": ratings, "minibatches": minibatches}

if __name__ == "__main__":
    show(__doc__ or "", TABLES)
