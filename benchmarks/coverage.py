"""How often limits are wrong: synthetic families of means whose true values are known.

    OPENBLAS_NUM_THREADS=1 python benchmarks/coverage.py [--families 10000] [--alpha 0.05]

A family is 10 recorded times of 64 replicas, each replica a path: its times depend on each other.
"violated" counts families with any lower limit above its true mean, that is, a false "violated" of
a bound that is met with equality everywhere; "consistent" those with any upper limit below it. Both
come with their Clopper-Pearson interval at 99 %. The last rows are negative controls: limits that
are not simultaneous, and Student's on values that are skewed to the left.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from scipy import stats

from empirics.statistics import Limits, limits_of_means

Array = np.ndarray
TIMES, REPLICAS, MEMORY = 10, 64, 0.8


def paths(rng: np.random.Generator, *shape: int) -> Array:
    """Gaussian paths of variance 1, (TIMES, REPLICAS, *shape), with correlation MEMORY a time."""
    z = rng.standard_normal((TIMES, REPLICAS, *shape))
    for t in range(1, TIMES):
        z[t] = MEMORY * z[t - 1] + np.sqrt(1 - MEMORY**2) * z[t]
    return z


def light(rng: np.random.Generator) -> Array:
    return 5 + paths(rng)


def squared_norm(dim: int) -> Callable[[np.random.Generator], Array]:
    return lambda rng: (paths(rng, dim) ** 2).mean(axis=2)


def heavy(rng: np.random.Generator) -> Array:
    """Log-normal with sigma = 1, skewness 6.2."""
    return np.exp(paths(rng) - 0.5)


def pareto(rng: np.random.Generator) -> Array:
    """Pareto's law with index 2.5: no third moment."""
    return 0.6 * stats.norm.sf(paths(rng)) ** (-1 / 2.5)


def bounded(rng: np.random.Generator) -> Array:
    """0 or 1, the latter with chance 0.05."""
    return (paths(rng) > stats.norm.isf(0.05)).astype(float)


LAWS: dict[str, tuple[Callable[[np.random.Generator], Array], float]] = {
    "Gaussian": (light, 5.0),
    "|gradient|^2, d = 10": (squared_norm(10), 1.0),
    "|gradient|^2, d = 1": (squared_norm(1), 1.0),
    "log-normal": (heavy, 1.0),
    "Pareto 2.5": (pareto, 1.0),
    "0 or 1": (bounded, 0.05),
}
MIRRORED = (lambda rng: 3 - squared_norm(1)(rng), 2.0)


def limits(x: Array, alpha: float, how: str) -> Limits:
    error = x.std(axis=1, ddof=1) / np.sqrt(x.shape[1])
    if how == "not simultaneous":
        alpha, how = alpha * TIMES, "student"
    return limits_of_means(
        x.mean(axis=1),
        error,
        x.shape[1],
        alpha,
        each=None if how == "bernstein" else x,
        within=1.0 if how == "bernstein" else None,
        method=how,  # type: ignore[arg-type]  # one of the words for it
    ).limits


def wrong(
    law: Callable[[np.random.Generator], Array], true: float, how: str, alpha: float, families: int
) -> tuple[int, int]:
    """Families with a wrong lower limit, and with a wrong upper one."""
    rng, low, high = np.random.default_rng(20), 0, 0
    for _ in range(families):
        found = limits(law(rng), alpha, how)
        low += bool((found.lower > true).any())
        high += bool((found.upper < true).any())
    return low, high


def interval(count: int, families: int) -> str:
    found = stats.binomtest(count, families).proportion_ci(0.99, "exact")
    return f"{count / families:.4f} [{found.low:.4f}, {found.high:.4f}]"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--families", type=int, default=10_000)
    arguments.add_argument("--alpha", type=float, default=0.05)
    asked = arguments.parse_args()
    print(f"{asked.families} families of {TIMES} times, {REPLICAS} replicas, alpha {asked.alpha}")
    print(f"{'values':<22}{'limits':<18}{'false violated':<28}false consistent")
    rows = [(name, how) for name in LAWS for how in ("auto", "student")]
    rows += [
        ("0 or 1", "bernstein"),
        ("Gaussian", "bootstrap"),
        ("Gaussian", "not simultaneous"),
        ("mirrored", "student"),
    ]
    for name, how in rows:
        law, true = LAWS.get(name, MIRRORED)
        low, high = wrong(law, true, how, asked.alpha, asked.families)
        both = f"{interval(low, asked.families):<28}{interval(high, asked.families)}"
        print(f"{name:<22}{how:<18}{both}", flush=True)


if __name__ == "__main__":
    main()
