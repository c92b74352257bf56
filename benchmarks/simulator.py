"""Updates per second of the simulator, beside a plain loop and the machine's own limits.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python benchmarks/simulator.py [--rounds 7] [--only digits]

All rows are measured in turn, round after round, and the median is printed: a slow moment
of the machine falls on all alike. Only ratios travel from one machine to another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from side_by_side import Contestant, rates, show

from empirics import problems, schedules, simulate
from empirics.problems.logistic import Logistic
from empirics.problems.network import Perceptron
from empirics.problems.quadratic import Quadratic

TAU_MAX, STEP, SIGMA = 9, 0.01, 0.5
Array = np.ndarray


def plain_quadratic(problem: Quadratic, steps: int) -> Array:
    """One replica, as anyone would write it."""
    rng, h, x = np.random.default_rng(0), problem.spectrum, problem.start
    scale = problem.sigma / np.sqrt(problem.dim)
    past = [x] * (TAU_MAX + 1)
    for t in range(steps):
        read = t - min(t, rng.integers(TAU_MAX + 1))
        if problem.noise == "gaussian":
            xi = scale * rng.standard_normal(problem.dim)
        else:
            xi = scale * (2 * rng.integers(0, 2, problem.dim) - 1)
        x = x - STEP * (h * past[read % len(past)] + xi)
        past[(t + 1) % len(past)] = x
    return x


def plain_logistic(problem: Logistic, steps: int) -> Array:
    """One replica on the signed rows."""
    rng, A, x = np.random.default_rng(0), problem.loss.A, problem.start
    past = [x] * (TAU_MAX + 1)
    for t in range(steps):
        read = t - min(t, rng.integers(TAU_MAX + 1))
        y, rows = past[read % len(past)], A[rng.integers(0, len(A), problem.picks.size)]
        g = -(1 / (1 + np.exp(rows @ y))) @ rows / problem.picks.size + problem.l2 * y
        x = x - STEP * g
        past[(t + 1) % len(past)] = x
    return x


def plain_perceptron(problem: Perceptron, steps: int) -> Array:
    """One replica of a network with one hidden layer of ReLU units."""
    rng, X, Y, x = np.random.default_rng(0), problem.X, problem.Y, problem.start.astype(float)
    inputs, hidden, classes = problem.sizes
    cut = (inputs + 1) * hidden
    past = [x] * (TAU_MAX + 1)
    for t in range(steps):
        read = t - min(t, rng.integers(TAU_MAX + 1))
        y, picked = past[read % len(past)], rng.integers(0, len(X), problem.picks.size)
        first, second = y[:cut].reshape(-1, hidden), y[cut:].reshape(-1, classes)
        x = x - STEP * perceptron_gradient(X[picked], Y[picked], first, second)
        past[(t + 1) % len(past)] = x
    return x


def perceptron_gradient(rows: Array, marks: Array, first: Array, second: Array) -> Array:
    """The gradient of the mean loss over some rows, by hand."""
    h = np.maximum(rows @ first, 0)
    z = h @ second[:-1] + second[-1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = (p / p.sum(axis=1, keepdims=True) - marks) / len(rows)
    back = (p @ second[:-1].T) * (h > 0)
    return np.concatenate([(rows.T @ back).ravel(), (h.T @ p).ravel(), p.sum(axis=0)])


def products(problem: Perceptron, steps: int) -> None:
    """Matrix products of as many operations as that many updates, at the size BLAS likes best."""
    square = np.ones((512, 512), problem.X.dtype)
    for _ in range(round(steps * problem.lanes * operations(problem) / (2 * 512**3))):
        square @ square


def operations(problem: Perceptron) -> int:
    """Floating-point operations of one update: two products forward, three backward."""
    inputs, hidden, classes = problem.sizes
    return 2 * problem.picks.size * (2 * (inputs + 1) * hidden + 3 * hidden * classes)


def normals(problem: Quadratic, steps: int) -> None:
    """The normal numbers of that many updates, and nothing else."""
    rng = np.random.Generator(np.random.SFC64(0))
    for _ in range(steps):
        rng.standard_normal((problem.lanes, problem.dim))


def gathers(problem: Logistic, steps: int) -> None:
    """The row numbers and the copies of rows of that many updates, and nothing else."""
    rng = np.random.Generator(np.random.SFC64(0))
    for picked in problem.draw(rng, steps, problem.lanes):
        problem.loss.A.take(picked, axis=0)


def engine(
    problem: Quadratic | Logistic | Perceptron, steps: int, **options: object
) -> Callable[[], object]:
    """One tile, nothing recorded but the start unless the options say so."""
    return lambda: simulate(
        problem,
        schedules.Uniform(TAU_MAX),
        step=STEP,
        steps=steps,
        **{"replicas": problem.lanes, "record": [0], **options},
    )


def quadratics(rounds: int) -> None:
    print(
        "\nquadratic, uniform delays 0..9        M updates/s            ratio to plain   of limit"
    )
    print("   d  noise         plain    engine  limit of normals   (goal)          (goal)")
    goals = {10: (28, 180, 0.6), 100: (4, 45, 0.7), 1000: (1.3, 7, 0.7)}
    for d, steps in ((10, 12000), (100, 3000), (1000, 1200)):
        for noise in ("gaussian", "two-point"):
            problem = problems.quadratic(dim=d, mu=0.1, L=1.0, sigma=SIGMA, noise=noise)
            seen = rates(
                [
                    Contestant(
                        name="plain", call=lambda p=problem: plain_quadratic(p, 3000), updates=3000
                    ),
                    Contestant(
                        name="engine", call=engine(problem, steps), updates=steps * problem.lanes
                    ),
                    Contestant(
                        name="limit",
                        call=lambda p=problem, n=steps // 4: normals(p, n),
                        updates=steps // 4 * problem.lanes,
                    ),
                ],
                rounds,
            )
            ratio, goal = seen["engine"] / seen["plain"], goals[d][noise == "two-point"]
            line = (
                f"{d:5} {noise:10} {seen['plain']:8.4f} {seen['engine']:9.3f} {seen['limit']:9.3f}"
            )
            line += f"      {ratio:8.1f} ({goal})"
            if noise == "gaussian":
                line += f"      {seen['engine'] / seen['limit']:.2f} ({goals[d][2]})"
            print(line)


def logistics(rounds: int) -> None:
    print(
        "\nlogistic, n = 2000, d = 50            M updates/s            ratio to plain   of limit"
    )
    print("   b       plain    engine   limit of gathers           (goal)          (goal)")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 49))
    y = X @ rng.standard_normal(49) + rng.standard_normal(2000) > 0
    goals = {1: (75, 0.18), 8: (28, 0.27), 32: (11, 0.33)}
    for b, steps in ((1, 8000), (8, 3000), (32, 1000)):
        problem = problems.logistic((X, y), batch=b)
        seen = rates(
            [
                Contestant(
                    name="plain", call=lambda p=problem: plain_logistic(p, 3000), updates=3000
                ),
                Contestant(
                    name="engine", call=engine(problem, steps), updates=steps * problem.lanes
                ),
                Contestant(
                    name="limit",
                    call=lambda p=problem, n=steps // 4: gathers(p, n),
                    updates=steps // 4 * problem.lanes,
                ),
            ],
            rounds,
        )
        print(
            f"{b:5} {seen['plain']:10.4f} {seen['engine']:9.3f} {seen['limit']:9.3f}"
            f"           {seen['engine'] / seen['plain']:8.1f} ({goals[b][0]})"
            f"      {seen['engine'] / seen['limit']:.2f} ({goals[b][1]})"
        )


def perceptrons(rounds: int) -> None:
    print(
        "\nperceptron on the digits, 32 units     k updates/s            ratio to plain   of limit"
    )
    print("   b precision    plain    engine   limit of products           (goal)          (goal)")
    goals = {"double": (2.1, 0.3), "single": (3.5, None)}
    plain = problems.perceptron(batch=32)
    for precision, (goal, share) in goals.items():
        problem = problems.perceptron(batch=32, precision=precision)
        seen = rates(
            [
                Contestant(name="plain", call=lambda: plain_perceptron(plain, 2000), updates=2000),
                Contestant(name="engine", call=engine(problem, 300), updates=300 * problem.lanes),
                Contestant(
                    name="limit",
                    call=lambda p=problem: products(p, 100),
                    updates=100 * problem.lanes,
                ),
            ],
            rounds,
        )
        line = (
            f"   32 {precision:9} {1e3 * seen['plain']:8.1f} {1e3 * seen['engine']:9.1f}"
            f" {1e3 * seen['limit']:9.1f}           {seen['engine'] / seen['plain']:8.1f} ({goal})"
            f"      {seen['engine'] / seen['limit']:.2f}"
        )
        print(line + (f" ({share})" if share else ""))


def recording(rounds: int) -> None:
    print("\ncost of recording: share of the speed that is lost")
    bowl = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=SIGMA)
    data = problems.logistic("digits", batch=8)
    cases = {
        "quadratic d = 10, every step": (bowl, 8000, {"record": "all"}),
        "quadratic d = 10, every step, window of 10": (bowl, 8000, {"record": "all", "window": 10}),
        "quadratic d = 10, every 100": (bowl, 8000, {"record": 100}),
        "digits b = 8, every 1000": (data, 3000, {"record": 1000}),
        "digits b = 8, every 100": (data, 3000, {"record": 100}),
        "digits b = 8, every 100, window of 10": (data, 3000, {"record": 100, "window": 10}),
    }
    for name, (problem, steps, options) in cases.items():
        seen = rates(
            [
                Contestant(name="bare", call=engine(problem, steps), updates=steps),
                Contestant(name="full", call=engine(problem, steps, **options), updates=steps),
            ],
            rounds,
        )
        print(f"   {name:45} {1 - seen['full'] / seen['bare']:6.1%}")


def processes(rounds: int) -> None:
    print("\ntwo processes instead of one, start of the pool included")
    for name, problem, steps, tiles in (
        ("quadratic d = 10, gaussian, 0.5 s", bowl("gaussian"), 500, 32),
        ("quadratic d = 10, gaussian, 5 s", bowl("gaussian"), 4000, 40),
        ("digits b = 8, 5 s", problems.logistic("digits", batch=8), 2000, 20),
    ):
        cases = [
            Contestant(
                name=str(number),
                call=engine(problem, steps, replicas=tiles * problem.lanes, processes=number),
                updates=steps * tiles,
            )
            for number in (1, 2)
        ]
        seen = rates(cases, min(rounds, 3))
        print(f"   {name:45} {seen['2'] / seen['1']:6.2f} times as fast")


def bowl(noise: str) -> Quadratic:
    return problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=SIGMA, noise=noise)


TABLES = {
    "quadratics": quadratics,
    "logistics": logistics,
    "perceptrons": perceptrons,
    "recording": recording,
    "processes": processes,
}

if __name__ == "__main__":
    show(__doc__ or "", TABLES)
