"""The simulator against exact moments: caches, workers, several gradients, noise that grows."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import stdtrit

from empirics import exact, optimisers, schedules, simulate, stepsizes
from empirics.problems.noisy import with_noise
from empirics.problems.quadratic import Quadratic, quadratic

ALPHA = 1e-6
NOISY = quadratic(dim=4, mu=0.1, L=1.0, sigma=1.0)
REPLICAS = 4096
FIELDS = {
    "squared_norm": "squared_gradient",
    "gap": "gap",
    "squared_distance": "squared_distance",
    "disagreement": "disagreement",
    "read_gap": "read_gap",
    "direction": "direction",
    "inner": "inner",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Uneven(Quadratic):
    """Noise of another size in each coordinate, all of one sign: as correlated as can be."""

    sizes: np.ndarray

    def draw(self, generator, steps, lanes):
        return 2.0 * generator.integers(0, 2, (steps, lanes, 1)) - 1

    def stochastic_gradient(self, x, sample, out):
        self.gradient(x, out)
        out += sample * self.sizes


def as_a(kind, plain, **more):
    """The quadratic with noise of its own."""
    return kind(**{**vars(plain), "sample_size": 1}, **more)


def worst(runs, found):
    """The largest |z| of all means over replicas, as a share of what chance explains."""
    tried = []
    for field, oracle in FIELDS.items():
        seen, true = getattr(runs.statistics, field), getattr(found, oracle)
        if true is None or not np.isfinite(true).all() or not np.isfinite(seen.mean[:-1]).all():
            continue
        mean, error = seen.mean[: len(true)], seen.standard_error[: len(true)]
        sure = error <= 1e-11 * np.abs(mean) + 1e-25  # nothing random yet, but for rounding
        if not np.allclose(mean[sure], true[sure], rtol=1e-11, atol=1e-20):
            return np.inf
        z = np.abs(mean - true)[~sure] / error[~sure]
        if z.size:
            tried.append(z.max() / -stdtrit(runs.replicas - 1, ALPHA / len(FIELDS) / 2 / z.size))
    assert len(tried) >= 4
    return max(tried)


CACHES = schedules.Caches(3, schedules.Uniform(3))
SLOW = [schedules.Constant(0), schedules.Constant(1), schedules.Uniform(6)]
CASES = {  # the schedule, and the same a little later
    "caches": (CACHES, schedules.Caches(3, schedules.Pmf([0, 0.25, 0.25, 0.25, 0.25]))),
    "caches, shared, mean": (
        schedules.Caches(3, schedules.Uniform(3), destinations="shared", evaluate="mean"),
        CACHES,
    ),
    "a straggler on a ring": (
        schedules.Caches(3, SLOW, topology=schedules.ring(3), own="immediate", evaluate="mean"),
        schedules.Caches(3, SLOW, topology=schedules.star(3), own="immediate", evaluate="mean"),
    ),
    "workers": (schedules.Workers(4), schedules.Workers(5)),
    "workers of two speeds": (
        schedules.Workers(service=[schedules.Exponential(m) for m in (1, 1, 8)]),
        schedules.Workers(3),
    ),
    "four in a round, two an update": (
        schedules.Workers(4, rule=schedules.Barrier(), buffer=2),
        schedules.Workers(4, rule=schedules.Barrier(), buffer=1),
    ),
    "two in turn, two an update": (
        schedules.Workers(
            service=[schedules.Deterministic(1.0), schedules.Deterministic(1.5)], buffer=2
        ),
        schedules.Constant(1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_simulator_is_consistent_with_exact_moments(name):
    """All measures at all times; and what is a little later is told apart."""
    schedule, later = CASES[name]
    given = dict(step=stepsizes.inverse_sqrt(0.25), steps=40, window=3)
    measures = ["gap", "squared distance"]
    if isinstance(schedule, schedules.Caches):
        measures.append("disagreement")
    elif schedule.gradients == 1:
        measures += ["gap at read points", "direction"]
    runs = simulate(NOISY, schedule, replicas=REPLICAS, measures=measures, seed=5, **given)
    assert worst(runs, exact.moments(NOISY, schedule, **given)) < 1
    assert worst(runs, exact.moments(NOISY, later, **given)) > 1


@pytest.mark.parametrize(
    "schedule",
    [schedules.Constant(3), schedules.Uniform(4), schedules.Workers(3), CACHES],
    ids=lambda schedule: type(schedule).__name__,
)
@pytest.mark.parametrize("coordinatewise", [True, False])
def test_the_simulator_is_consistent_with_noise_that_grows(schedule, coordinatewise):
    """One factor for all coordinates, or one for each: variances are the same."""
    problem = with_noise(
        NOISY, sigma=0.3, relative=0.49, coordinatewise=coordinatewise, noise="gaussian"
    )
    given = dict(step=0.15, steps=40, window=2)
    runs = simulate(
        problem,
        schedule,
        replicas=REPLICAS,
        measures=["gap", "squared distance"],
        noise=False,
        seed=3,
        **given,
    )
    assert worst(runs, exact.moments(problem, schedule, **given)) < 1
    assert worst(runs, exact.moments(problem, schedule, relative=0.25, **given)) > 1
    assert worst(runs, exact.moments(problem, schedule, variance=0.0, **given)) > 1


@pytest.mark.parametrize(
    "schedule",
    [schedules.Constant(3), schedules.Workers(3), CACHES],
    ids=lambda schedule: type(schedule).__name__,
)
def test_the_simulator_is_consistent_with_noise_of_any_covariance(schedule):
    """Only the variance in each mode counts, and each counts."""
    sizes = np.array([1.0, 0.1, 0.5, 0.2])
    problem = as_a(Uneven, quadratic(dim=4, mu=0.1, L=1.0), sizes=sizes)
    given = dict(step=0.15, steps=40, window=2)
    runs = simulate(
        problem,
        schedule,
        replicas=REPLICAS,
        measures=["gap", "squared distance"],
        noise=False,
        seed=8,
        **given,
    )
    assert worst(runs, exact.moments(problem, schedule, variance=sizes**2, **given)) < 1
    for wrong in (sizes[::-1] ** 2, np.mean(sizes**2)):
        assert worst(runs, exact.moments(problem, schedule, variance=wrong, **given)) > 1


@pytest.mark.parametrize(
    "schedule",
    [CACHES, CASES["a straggler on a ring"][0], schedules.Workers(4)],
    ids=["caches", "straggler", "workers"],
)
def test_the_simulator_is_consistent_with_momentum_of_caches_and_workers(schedule):
    given = dict(step=stepsizes.inverse_sqrt(0.1), steps=40, window=3)
    runs = simulate(
        NOISY,
        schedule,
        optimiser=optimisers.Momentum(0.5),
        replicas=REPLICAS,
        measures=["gap", "squared distance"],
        seed=6,
        **given,
    )
    assert worst(runs, exact.moments(NOISY, schedule, momentum=0.5, **given)) < 1
    assert worst(runs, exact.moments(NOISY, schedule, momentum=0.45, **given)) > 1
