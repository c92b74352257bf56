"""Seconds to replay each proof, cold (nothing remembered) and warm, and steps a second.

    python benchmarks/proofs.py

Cold is a fresh process for each theorem: imports apart, all lemmas proved and all signs asked for
the first time. Warm is the replay alone, in one process, the least of five.
"""

import subprocess
import sys
import time

from theory import results
from theory.kernel import replay, steps

COLD = """
import time
from theory import results
theorem = results.find({name!r})
begun = time.perf_counter()
theorem.verify()
print(time.perf_counter() - begun)
"""


def cold(name: str) -> float:
    """Seconds in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", COLD.format(name=name)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def warm(theorem) -> tuple[float, int]:
    """Least of five replays, and the number of steps."""
    final = theorem.proof()
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        replay(final)
        seconds.append(time.perf_counter() - begun)
    return min(seconds), len(steps(final))


def main() -> None:
    """Print a table; the last line sums it up."""
    print(f"{'theorem':<42} {'cold s':>7} {'warm s':>7} {'steps':>6} {'steps/s':>8}")
    total = [0.0, 0.0]
    for theorem in results.theorems().values():
        if theorem.proof is None:
            continue
        first, (again, count) = cold(theorem.name), warm(theorem)
        total = [total[0] + first, total[1] + again]
        print(f"{theorem.name:<42} {first:7.2f} {again:7.2f} {count:6} {count / again:8.0f}")
    print(f"{'all, one after the other':<42} {total[0]:7.2f} {total[1]:7.2f}")


if __name__ == "__main__":
    main()
