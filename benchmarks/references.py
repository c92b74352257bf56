"""The simulator beside what one would otherwise use: a heap of workers, PyTorch, the bare machine.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python benchmarks/references.py [--rounds 7] [--only limits]

The table of PyTorch needs PyTorch (`pip install torch`), which the project itself never does.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from side_by_side import Contestant, rates, show

from empirics import problems, schedules, simulate
from empirics.problems.quadratic import Quadratic

STEP, SIGMA, TAU_MAX, WORKERS = 0.01, 0.5, 9, 8


def heap_loop(problem: Quadratic, steps: int) -> np.ndarray:
    """One replica of asynchronous workers with exponential service, by an event heap."""
    rng, x = np.random.default_rng(0), problem.start
    scale = problem.sigma / np.sqrt(problem.dim)
    events = [(rng.exponential(), worker, x) for worker in range(WORKERS)]
    heapq.heapify(events)
    for _ in range(steps):
        now, worker, read = heapq.heappop(events)
        if problem.noise == "gaussian":
            xi = scale * rng.standard_normal(problem.dim)
        else:
            xi = scale * (2 * rng.integers(0, 2, problem.dim) - 1)
        x = x - STEP * (problem.spectrum * read + xi)
        heapq.heappush(events, (now + rng.exponential(), worker, x))
    return x


def torch_loop(problem: Quadratic, steps: int, lanes: int) -> Callable[[], object]:
    """SGD with uniform delays in PyTorch: one replica (lanes = 0) or many side by side."""
    import torch

    torch.set_num_threads(1)
    h = torch.tensor(problem.spectrum)
    shape = (lanes, problem.dim) if lanes else (problem.dim,)
    scale = problem.sigma / problem.dim**0.5

    def run() -> object:
        generator = torch.Generator().manual_seed(0)
        x = torch.tensor(problem.start).expand(shape).clone()
        past = x.repeat(TAU_MAX + 1, *([1] * len(shape)))
        rows = torch.arange(max(lanes, 1))
        delays = torch.randint(TAU_MAX + 1, (steps, max(lanes, 1)), generator=generator)
        with torch.no_grad():
            for t in range(steps):
                slots = (t - delays[t].clamp(max=t)) % (TAU_MAX + 1)
                y = past[slots, rows] if lanes else past[int(slots)]
                xi = torch.randn(shape, generator=generator, dtype=torch.float64)
                x = x - STEP * (h * y + scale * xi)
                past[(t + 1) % (TAU_MAX + 1)] = x
        return x

    return run


def engine(problem: Quadratic, schedule: schedules.Schedule, steps: int) -> Contestant:
    """One tile, nothing recorded but the start."""
    return Contestant(
        name="engine",
        call=lambda: simulate(
            problem, schedule, step=STEP, steps=steps, replicas=problem.lanes, record=[0]
        ),
        updates=steps * problem.lanes,
    )


def heaps(rounds: int) -> None:
    print(f"\n{WORKERS} asynchronous workers, exponential service      M updates/s        ratio")
    print("   d  noise        heap loop    engine     laws alone    to heap    to laws")
    workers = schedules.Workers(WORKERS, service=schedules.Exponential())
    for d, steps in ((10, 6000), (100, 2000)):
        for noise in ("gaussian", "two-point"):
            problem = problems.quadratic(dim=d, mu=0.1, L=1.0, sigma=SIGMA, noise=noise)
            laws = engine(problem, schedules.Geometric(p=1 / WORKERS, tau_max=60), steps)
            seen = rates(
                [
                    Contestant(
                        name="heap", call=lambda p=problem: heap_loop(p, 3000), updates=3000
                    ),
                    engine(problem, workers, steps),
                    Contestant(name="laws", call=laws.call, updates=laws.updates),
                ],
                rounds,
            )
            print(
                f"{d:5} {noise:10} {seen['heap']:11.4f} {seen['engine']:9.3f} {seen['laws']:11.3f}"
                f" {seen['engine'] / seen['heap']:12.1f} {seen['engine'] / seen['laws']:10.2f}"
            )


def pytorch(rounds: int) -> None:
    if find_spec("torch") is None:
        print("\nPyTorch is not installed here: its table is left out")
        return
    import torch

    print(f"\nPyTorch {torch.__version__}, uniform delays 0..{TAU_MAX}, Gaussian noise, double")
    print("   d    torch, 1   torch, 256    engine, 256    ratios")
    for d, steps in ((10, 6000), (100, 2000)):
        problem = problems.quadratic(dim=d, mu=0.1, L=1.0, sigma=SIGMA, noise="gaussian")
        batch, lanes = 500, problem.lanes
        seen = rates(
            [
                Contestant(name="one", call=torch_loop(problem, batch, 0), updates=batch),
                Contestant(
                    name="many", call=torch_loop(problem, batch, lanes), updates=batch * lanes
                ),
                engine(problem, schedules.Uniform(TAU_MAX), steps),
            ],
            rounds,
        )
        print(
            f"{d:5} {seen['one']:10.4f} {seen['many']:11.3f} {seen['engine']:13.3f}"
            f" {seen['engine'] / seen['one']:12.0f} {seen['engine'] / seen['many']:8.2f}"
        )


def limits(rounds: int) -> None:
    """Random numbers, memory and BLAS alone; and what share of them the engine's loop takes."""
    d, steps = 100, 3000
    problem = problems.quadratic(dim=d, mu=0.1, L=1.0, sigma=SIGMA, noise="two-point")
    shape = (problem.lanes, d)
    numbers = problem.lanes * d
    rng = np.random.Generator(np.random.SFC64(0))
    a, b, c = (np.ones(shape) for _ in range(3))
    big = [np.ones(2**23) for _ in range(3)]  # 64 MB each: out of every cache
    square = np.ones((512, 512))

    def repeat(times: int, call: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(times):
                call()

        return run

    def triad() -> None:
        np.multiply(big[1], 3.0, out=big[0])
        np.add(big[0], big[2], out=big[0])

    n = 200
    seen = rates(
        [
            Contestant(
                name="normals",
                call=repeat(n, lambda: rng.standard_normal(shape)),
                updates=n * numbers,
            ),
            Contestant(
                name="uniforms", call=repeat(n, lambda: rng.random(shape)), updates=n * numbers
            ),
            Contestant(
                name="signs",
                call=repeat(1, lambda: problem.draw(rng, n, problem.lanes)),
                updates=n * numbers,
            ),
            Contestant(
                name="cache",
                call=repeat(10 * n, lambda: np.add(a, b, out=c)),
                updates=10 * n * numbers * 24,
            ),
            Contestant(name="memory", call=triad, updates=2**23 * 40),
            Contestant(
                name="gemm", call=repeat(10, lambda: square @ square), updates=10 * 2 * 512**3
            ),
            engine(problem, schedules.Uniform(TAU_MAX), steps),
        ],
        rounds,
    )
    # bytes an entry moves: noise 8, read 16, gradient 24, noise added 24, step 16, subtracted 24
    moved = 112 * d * seen["engine"]
    print("\nthe machine alone, one core")
    print(f"   normal numbers        {seen['normals']:9.0f} M/s")
    print(f"   uniform numbers       {seen['uniforms']:9.0f} M/s")
    print(f"   signs                 {seen['signs']:9.0f} M/s")
    print(f"   adding in the cache   {seen['cache'] / 1e3:9.1f} GB/s ({numbers * 8 // 1024} KB)")
    print(f"   memory                {seen['memory'] / 1e3:9.1f} GB/s")
    print(f"   matrix product, 512   {seen['gemm'] / 1e3:9.1f} GFLOP/s")
    print(
        f"   the engine with signs at d = {d} moves {moved / 1e3:.0f} GB/s (counted passes), "
        f"{moved / seen['cache']:.2f} of adding in the cache"
    )


TABLES = {"heaps": heaps, "pytorch": pytorch, "limits": limits}

if __name__ == "__main__":
    show(__doc__ or "", TABLES)
