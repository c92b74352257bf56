"""Sayings about staleness: their numbers are exact, simulated, and tell a wrong model apart."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import exact, lore, schedules


def test_asynchrony_begets_momentum_in_the_mean_and_takes_stability():
    found = lore.asynchrony_begets_momentum()
    assert found.agrees, str(found)
    mean, square = found.numbers
    assert abs(mean.exact) < 1 < 20 < square.exact  # a step that the mean bears and the square not
    assert "up to 30, the mean square up to 0.5664" in found.finding
    # one worker more, or what is drawn independently with the same mean, has another square
    others = [schedules.Workers(9), schedules.Geometric(p=1 / 8, tau_max=40)]
    for schedule in others:
        moments = exact.moments(
            lore.models.quadratic(spectrum=[1.0], start=[1.0]), schedule, step=1.0, steps=24
        )
        wrong = replace(square, exact=float(moments.squared_gradient[-1]))
        assert not wrong.agrees
    alone = lore.asynchrony_begets_momentum(1, 0.5, replicas=2)
    assert alone.numbers[0].exact == alone.numbers[0].simulated == 0.5**24


def test_staleness_can_speed_convergence_up():
    found = lore.staleness_can_speed_up()
    assert found.agrees, str(found)
    ends = [number.exact for number in found.numbers]
    assert ends[0] > ends[1] > ends[2]  # up to tau = 2
    assert ends[3] > ends[2]  # a* is less than 0.15 by then
    assert "0.85, 0.8162, 0.669, 0.877, the fastest at tau = 2" in found.finding
    lows = [(number.low, number.high) for number in found.numbers]
    assert lows[1][1] < lows[0][0]  # simulated ones agree: it is faster, not by chance
    assert not replace(found.numbers[1], exact=ends[0]).agrees
    long = lore.staleness_can_speed_up((0, 1), 1.2, replicas=64)
    assert "At a step as long as this one it does" in long.finding


def test_momentum_lowers_the_limit_once_there_is_a_delay():
    found = lore.momentum_lowers_the_limit(0.6, (0, 1, 3))
    assert found.agrees, str(found)
    limits = [number.exact for number in found.numbers]
    plain = [exact.stability_limit(schedules.Constant(tau)) for tau in (0, 1, 3)]
    assert limits[0] == pytest.approx(2 * 1.6)
    assert limits[1] == pytest.approx(0.4)
    assert limits[0] > plain[0]
    assert all(
        number.high < limit for number, limit in zip(found.numbers[1:], plain[1:], strict=True)
    )
    for number, limit in zip(found.numbers, plain, strict=True):
        assert number.simulated is None
        assert number.high < 1.011 * number.low
        assert not replace(number, exact=limit).agrees


def test_one_delay_for_all_destinations_is_another_model_than_one_for_each():
    found = lore.one_delay_or_many()
    assert found.agrees, str(found)
    own, shared, apart = found.numbers
    assert own.high < shared.low  # apart, and not by chance
    assert not replace(own, exact=shared.exact).agrees
    assert not replace(shared, exact=own.exact).agrees
    assert apart.low > 0
    assert str(apart).startswith("own delays: disagreement of caches: 0.0517558 (simulated 0.05")


RANDOM = [saying for saying in lore.SAYINGS if saying is not lore.momentum_lowers_the_limit]


@pytest.mark.parametrize("saying", RANDOM, ids=lambda saying: saying.__name__)
def test_a_saying_prints_its_numbers_and_agrees_with_a_fresh_seed(saying):
    found = saying(seed=77, replicas=2048)
    assert found.agrees, str(found)
    lines = str(found).splitlines()
    assert lines[0] == f'"{found.saying}" {found.finding}'
    assert len(lines) == 1 + len(found.numbers)
    broken = replace(found, numbers=(replace(found.numbers[0], exact=np.inf), *found.numbers[1:]))
    assert not broken.agrees


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lore.asynchrony_begets_momentum(0),
            "asynchrony begets momentum needs a whole number workers >= 1, got 0",
        ),
        (lambda: lore.asynchrony_begets_momentum(2, np.nan), "needs a number a .*, got nan"),
        (lambda: lore.asynchrony_begets_momentum(replicas=1), "whole number replicas >= 2, got 1"),
        (lambda: lore.asynchrony_begets_momentum(replicas=64, alpha=2), "alpha"),
        (lambda: lore.staleness_can_speed_up(()), "needs at least one delay tau, got none"),
        (lambda: lore.staleness_can_speed_up((-1,)), "needs a whole number tau >= 0, got -1"),
        (lambda: lore.staleness_can_speed_up(a=-1), "needs a number a .* > 0, got -1"),
        (lambda: lore.momentum_lowers_the_limit(1.0), "needs a number beta .*, got 1.0"),
        (lambda: lore.momentum_lowers_the_limit(steps=3), "whole number steps >= 100, got 3"),
        (lambda: lore.one_delay_or_many(longest=-1), "whole number longest >= 0, got -1"),
        (
            lambda: lore.one_delay_or_many(workers=0),
            "caches needs a whole number of workers >= 1, got 0",
        ),
    ],
)
def test_bad_input_is_answered_by_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
