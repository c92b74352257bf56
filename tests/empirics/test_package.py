"""What `import empirics` gives, and what it does not load."""

import subprocess
import sys

import pytest

import empirics


def run(code):
    """In a fresh interpreter; what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="."
    )
    return done.stdout.strip()


def test_names():
    assert callable(empirics.simulate)
    assert empirics.schedules.Constant(1).tau == 1
    assert {"simulate", "problems", "schedules", "measure", "Runs"} <= set(dir(empirics))
    with pytest.raises(AttributeError, match="module 'empirics' has no attribute 'simulation'"):
        _ = empirics.simulation


@pytest.mark.parametrize(
    "first",
    [
        "import empirics.simulate",
        "from empirics.planning import AHEAD",
        "from empirics import simulate",
        "from empirics.runs import Runs",
    ],
)
def test_the_verb_is_the_function_whatever_is_imported_first(first):
    assert run(f"{first}; from empirics import simulate; print(callable(simulate))") == "True"


def test_the_import_is_quick_and_loads_nothing_heavy():
    code = """
import sys, time
start = time.process_time()
import empirics
from empirics import problems, schedules, simulate
took = time.process_time() - start
problem = problems.quadratic(dim=2, mu=0.1, sigma=1.0)
simulate(problem, schedules.Uniform(3), step=0.1, steps=5, window=2)
heavy = {"xarray", "sklearn", "scipy", "sympy", "matplotlib", "theory"} & set(sys.modules)
print(took < 0.5, heavy)
"""
    assert run(code) == "True set()"
