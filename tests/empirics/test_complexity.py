"""Complexity against staleness: formulas against runs, each with its control."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from empirics import complexity, problems, schedules
from empirics.cli import app
from empirics.complexity import limits
from empirics.exact import largest_delay, moments, stability_limit


def test_one_step_for_all_depths_deeper_fails_earlier():
    rows = complexity.fixed_step([1, 4], step=0.1)
    for row in rows:
        formula = np.pi / (4 * np.arcsin(0.1 * row.depth / 2)) - 0.5
        assert row.simulated == row.exact == int(formula)
        assert row.a == pytest.approx(0.1 * row.depth)
        assert 0 < row.fastest <= row.exact
        assert row.speed < 1  # below the limit, staleness is faster
    assert rows[1].exact < rows[0].exact / 3


def test_the_same_step_times_sharpness_the_same_limit():
    for row in complexity.same_share([2, 8], taus=[2], target=0.5, accuracy=1e-2):
        assert row.simulated == pytest.approx(row.exact, rel=1.5e-2)
        assert row.simulated != pytest.approx(stability_limit(schedules.Constant(3)), rel=0.1)


def test_a_chain_that_swings_for_ever_does_not_come_back():
    chain = problems.deep_linear_chain(2)  # far: beyond the limit it neither returns nor diverges
    assert limits.returns(chain, schedules.Constant(30), 0.024)
    assert not limits.returns(chain, schedules.Constant(64), 0.024)
    with pytest.raises(ValueError, match="needs a known minimiser to start near to"):
        limits.near(problems.perceptron(depth=0))


def test_two_modes_lose_less_the_worse_they_are_conditioned():
    for tau in (1, 5):
        found = [complexity.slowest_two(kappa, tau) for kappa in (2, 10, 1e3, 1e6, np.inf)]
        assert (np.diff(found) < 0).all()
        assert found[-2] == pytest.approx(1 / np.sin(np.pi / (2 * (2 * tau + 1))), rel=1e-4)
    # tau = 1: kappa/(kappa + 1) against (kappa - 1)/(kappa + 1)
    assert complexity.slowest_two(10, 1) == pytest.approx(np.log(9 / 11) / np.log(10 / 11))


def test_tuned_without_noise_depth_does_not_matter():
    shallow, deep = complexity.without_noise([2, 6], condition=4.0, tau=2)
    assert shallow.condition == pytest.approx(4)
    assert deep.condition == pytest.approx(4)
    assert deep.slowdown == pytest.approx(shallow.slowdown, rel=0.1)
    assert shallow.slowdown == pytest.approx(shallow.exact, rel=0.15)
    assert deep.slowdown < 0.5 * complexity.slowest_two(4, 8)  # it would be seen


def test_the_best_step_with_noise_against_moments():
    """The gaps of one mode are those of the quadratic that the oracle knows."""
    from empirics.complexity import noisy

    a, nu, tau, steps = 0.2, 0.5, 3, 60
    sigma = np.sqrt(2 * nu * 0.5)  # v = 2 nu lambda f, lambda = 1, f = 1/2
    quadratic = problems.quadratic(dim=1, sigma=sigma, start=[1.0])
    exact = moments(quadratic, schedules.Constant(tau), step=a, steps=steps)
    found = noisy._gaps(a, nu, tau, steps)
    second = exact.mean[:, 0] ** 2 + exact.covariance[:, 0, 0]
    assert np.allclose(found, second, rtol=1e-12)
    step, updates = complexity.updates_to(0.05, 0.2, 0)
    gaps = noisy._gaps(step, 0.2, 0, 2000)
    assert (gaps[int(np.ceil(updates)) :] <= 0.05).all()
    assert gaps[int(updates)] > 0.05
    better = [noisy._first(noisy._gaps(s * step, 0.2, 0, 2000), 0.05) for s in (0.8, 1.2)]
    assert min(better) >= updates


def test_with_noise_it_is_the_noise_that_decides():
    target = complexity.with_noise("target", [1, 4, 64], tau=8, share=0.05)
    assert len({(row.a, row.slowdown) for row in target}) == 1
    gradient = complexity.with_noise("gradient", [1, 8, 32], tau=8, share=0.05)
    assert target[0].slowdown == gradient[0].slowdown
    assert (np.diff([row.a for row in gradient]) > 0).all()
    assert gradient[-1].slowdown > 2 * gradient[0].slowdown
    for row in gradient:
        assert 0.5 < row.law / row.slowdown < 2


def test_with_noise_in_runs():
    row, = complexity.with_noise(
        "gradient", [8], tau=6, share=0.1, noise=1.0, simulated=[8], replicas=32
    )  # fmt: skip
    assert row.simulated == pytest.approx(row.slowdown, rel=0.5)  # 0.1 from seed to seed
    assert row.simulated > 1.8  # without the noise's own share it would be 1


def test_width_acts_through_sharpness():
    for row in complexity.widths([3, 12], step=0.05, target=0.7):
        assert row.measured == pytest.approx(row.formula, rel=0.01)
        assert row.largest == largest_delay(0.05 * row.measured)
        if row.init == "balanced":
            assert row.formula == pytest.approx(1.4)
    wide = complexity.widths([12], step=0.05, target=0.7, seed=5)
    assert wide[1].measured > 3 * wide[0].measured


def test_sparse_limits_against_the_operator_of_second_moments():
    """x_{t+1} = x_t - a B x_{t-tau}, B = 1 with probability p: spectral radius 1 at the limit."""
    p, tau = 0.3, 2
    a = complexity.sparse_limit(p, tau)

    def radius(a):
        size = tau + 1
        shift = np.eye(size, k=-1)
        shift[0, 0] = 1
        touch = shift.copy()
        touch[0, tau] -= a
        both = (1 - p) * np.kron(shift, shift) + p * np.kron(touch, touch)
        return np.abs(np.linalg.eigvals(both)).max()

    assert radius(a) == pytest.approx(1, abs=1e-9)
    assert radius(0.99 * a) < 1 < radius(1.01 * a)
    finite, formula = complexity.sparsity([4000], [0.5])[0].limit, 2 / np.tan(np.pi / 4)
    assert finite == pytest.approx(complexity.sparsity([2], [0.5])[0].formula, rel=1e-3)
    assert complexity.sparse_limit(0.001, 0) == pytest.approx(formula)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: complexity.fixed_step([]), "at least one depth, got none"),
        (lambda: complexity.fixed_step([0]), "whole number depth >= 1"),
        (lambda: complexity.fixed_step([2], step=-1.0), "number step"),
        (lambda: complexity.fixed_step([64], step=1.0), "stable without delay, got a = 64"),
        (lambda: complexity.simulated_delay("chain", 0.1), "simulated limits need a Problem"),
        (lambda: complexity.simulated_delay(problems.quadratic(dim=1), np.nan), "number step"),
        (lambda: complexity.simulated_delay(problems.quadratic(dim=1), 0.1, steps=5), "steps"),
        (lambda: complexity.slowest_two(0.5, 1), "condition with condition > 1"),
        (lambda: complexity.slowest_two(10, -1), "whole number tau"),
        (lambda: complexity.without_noise([1]), "whole number depth >= 2, got 1"),
        (lambda: complexity.with_noise("labels"), 'kind = "target" or "gradient"'),
        (lambda: complexity.updates_to(1.5, 1.0, 0), "share with 0 < share < 1"),
        (lambda: complexity.updates_to(0.1, -1.0, 0), "noise >= 0"),
        (lambda: complexity.updates_to(1e-9, 1e3, 0), "a goal that 131072 of them reach"),
        (lambda: complexity.widths([0]), "whole number width >= 1"),
        (lambda: complexity.sparse_limit(0.0, 1), "touched with 0 < touched <= 1"),
        (lambda: complexity.sparsity([1]), "coordinates >= 2"),
        (lambda: complexity.sparsity([8], [-1]), "delta >= 0"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(ask, message, monkeypatch):
    from empirics.complexity import noisy

    monkeypatch.setattr(noisy, "GRID", noisy.GRID[::16])
    with pytest.raises(ValueError, match=message) as caught:
        ask()
    assert "\n" not in str(caught.value)


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_command_depth():
    done = run("depth", "--only", "condition", "--only", "target", "--quick", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert list(told) == ["condition", "target"]
    assert told["condition"][4]["condition"] == "inf"
    assert told["target"][0]["simulated"] is None
    plain = run("depth", "--only", "width", "--quick").stdout.splitlines()
    assert plain[0].startswith("Two layers of a width")
    assert plain[2].split() == ["width", "init", "formula", "measured", "largest"]
    wrong = run("depth", "--only", "depth")
    assert wrong.exit_code == 2
    assert "there is no table 'depth'; there are fixed, limits" in wrong.output


def test_the_command_tolerance():
    words = run("tolerance", "deep-linear-chain:depth=8", "--step", "0.05", "--updates", 300)
    assert "Constant delays are stable up to 3." in words.stdout
    told = run(
        "tolerance", "quadratic:dim=1,sigma=0", "--step", "0.1", "--staleness", "3", "--json"
    )
    page = json.loads(told.stdout)
    assert page["largest"]["constant"]["value"] == 15
    assert list(page["slowdown"]["constant"]) == ["3"]
