"""Exact answers on quadratics: milliseconds a limit, microseconds an update, beside plain NumPy.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python benchmarks/exact.py [--rounds 5] [--only moments]

Limits: against bisection on the spectral radius of the companion matrix (mean; tau <= 1000) or of
the operator that carries second moments (mean square; (tau + 1)^2 rows, so short delays only).
Moments: of ten modes, against the covariance matrix of the latest iterates, S <- E A S A' + Q, as
one would write it, and against the simulator with as many replicas as it takes for an error of 1 %
at the end. Goals: a limit in 50 ms for any delay up to 1000; E|grad f(x_t)|^2 for 10^5 updates at
tau = 64 in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from side_by_side import Contestant, rates, show

from empirics import exact, problems, schedules, simulate
from empirics.runs import Runs
from empirics.schedules.base import Law, Schedule

Array = np.ndarray
STEPS = 2000
BOWL = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)


def matrices(pmf: Array, a: float) -> Iterator[tuple[float, Array]]:
    """What x_t, ..., x_{t - tau} become in an update, for each delay with its chance."""
    n = len(pmf)
    for delay, p in enumerate(pmf):
        if p:
            A = np.eye(n, k=-1)
            A[0, 0] = 1
            A[0, delay] -= a
            yield float(p), A


def bisected(law: Law, square: bool) -> float:
    """The limit as anyone would look for it, to twelve digits."""
    pmf = law.pmf
    assert pmf is not None
    low, high = 0.0, 4.0
    while high - low > 1e-12 * high:
        a = (low + high) / 2
        carried = sum(p * (np.kron(A, A) if square else A) for p, A in matrices(pmf, a))
        low, high = (a, high) if np.abs(np.linalg.eigvals(carried)).max() < 1 else (low, a)
    return high


def limits(rounds: int) -> None:
    print("\nstability limits                            ms    plain ms    ratio")
    uniform = schedules.Uniform
    for words, law, kind, compared in (
        ("constant 1000, mean", schedules.Constant(1000), "mean", False),
        ("constant 100, mean", schedules.Constant(100), "mean", True),
        ("uniform 1000, mean", uniform(1000), "mean", False),
        ("uniform 100, mean", uniform(100), "mean", True),
        ("uniform 1000, mean square", uniform(1000), "mean-square", False),
        ("uniform 12, mean square", uniform(12), "mean-square", True),
        ("caches 8, uniform 1000", schedules.Caches(8, uniform(1000)), "mean-square", False),
        ("1000 memoryless workers", schedules.Workers(1000), "mean-square", False),
    ):
        cases = [Contestant(name="ours", call=partial(exact.stability_limit, law, kind), updates=1)]
        if compared and isinstance(law, Law):
            plain = partial(bisected, law, kind != "mean")
            cases.append(Contestant(name="plain", call=plain, updates=1))
        seen = {name: 1e-3 / rate for name, rate in rates(cases, rounds).items()}
        line = f"   {words:30} {seen['ours']:12.3f}"
        if "plain" in seen:
            line += f" {seen['plain']:11.1f} {seen['plain'] / seen['ours']:8.0f}"
        print(line)


def matrix_recursion(law: Law, step: float, steps: int) -> float:
    """E|grad f(x_T)|^2 by the covariance of the latest iterates, mode by mode."""
    total = 0.0
    pmf = law.pmf
    assert pmf is not None
    for h, x in zip(BOWL.spectrum, BOWL.start, strict=True):
        given = list(matrices(pmf, step * h))
        S = np.full((len(pmf), len(pmf)), x * x)
        for _ in range(steps):
            S = sum(p * (A @ S @ A.T) for p, A in given)
            S[0, 0] += step**2 * BOWL.sigma**2 / BOWL.dim
        total += h**2 * S[0, 0]
    return total


def simulated(schedule: Schedule) -> tuple[Callable[[], object], float]:
    """Runs of 256 replicas, and how many times as many it takes until the error is 1 %."""

    def call() -> Runs:
        return simulate(BOWL, schedule, step=0.005, steps=STEPS, replicas=256, record=[STEPS])

    end = call().statistics.squared_norm
    return call, float((end.standard_error[0] / end.mean[0] / 0.01) ** 2)


def moments(rounds: int) -> None:
    print(
        "\nmoments of ten modes          us an update   s for 10^5     plain us (ratio)   "
        "simulated to 1 % us (ratio)"
    )
    for words, schedule in (
        ("constant 64, filter", schedules.Constant(64)),
        ("constant 64, recursion", schedules.Constant(64)),
        ("uniform 8", schedules.Uniform(8)),
        ("uniform 64", schedules.Uniform(64)),
        ("8 memoryless workers", schedules.Workers(8)),
        ("caches 8, uniform 10", schedules.Caches(8, schedules.Uniform(10))),
        ("caches 8, uniform 64", schedules.Caches(8, schedules.Uniform(64))),
        (
            "caches 4, own laws up to 10",
            schedules.Caches(4, [schedules.Uniform(s) for s in (0, 2, 5, 10)]),
        ),
    ):
        method = "recursion" if "recursion" in words else None
        call, times = simulated(schedule)
        cases = [
            Contestant(
                name="ours",
                call=partial(exact.moments, BOWL, schedule, step=0.005, steps=STEPS, method=method),
                updates=STEPS,
            ),
            Contestant(name="simulated", call=call, updates=STEPS / times),
        ]
        if isinstance(schedule, Law) and words in ("constant 64, filter", "uniform 8"):
            few = 20 if "64" in words else 100
            cases.append(
                Contestant(
                    name="plain",
                    call=partial(matrix_recursion, schedule, 0.005, few),
                    updates=few,
                )
            )
        seen = {name: 1 / rate for name, rate in rates(cases, rounds).items()}
        ours = seen["ours"]
        line = f"   {words:27} {ours:11.1f} {0.1 * ours:12.2f} "
        for name in ("plain", "simulated"):
            line += f"{seen[name]:12.0f} ({seen[name] / ours:7.0f})" if name in seen else " " * 22
        print(line)


TABLES: dict[str, Callable[[int], None]] = {"limits": limits, "moments": moments}

if __name__ == "__main__":
    show(__doc__ or "", TABLES)
