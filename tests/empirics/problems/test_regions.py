"""Convex sets: what lies in them, what is refused, that they are convex."""

import numpy as np
import pytest

from empirics import problems


def test_the_boundary_belongs_to_it_and_what_is_not_a_number_does_not():
    near, square = problems.ball([1.0, 0.0], 2.0), problems.box([-1.0, -1.0], [1.0, 2.0])
    x = np.array([[3.0, 0.0], [3.1, 0.0], [-1.0, 2.0], [1.0, 2.1], [np.nan, 0.0], [np.inf, 0.0]])
    assert near.contains(x).tolist() == [True, False, False, False, False, False]
    assert square.contains(x).tolist() == [False, False, True, False, False, False]
    assert near.contains(x.reshape(2, 3, 2)).shape == (2, 3)


@pytest.mark.parametrize("seed", range(3))
def test_they_are_convex(seed):
    generator = np.random.default_rng(seed)
    for region in (problems.ball([0.5, 0.0, 0.0], 1.5), problems.box([-1.0] * 3, [1.0, 0.0, 2.0])):
        x = generator.uniform(-2, 2, (400, 3))
        x = x[region.contains(x)]
        share = generator.random((len(x) - 1, 1))
        assert len(x) > 20
        assert region.contains(share * x[1:] + (1 - share) * x[:-1]).all()


def test_words_and_settings():
    assert problems.ball([0.0, 0.0], 2.0).words == "|x| <= 2"
    assert problems.ball([1.0, 0.0], 2.0).words == "|x - (1, 0)| <= 2"
    assert problems.box([0.0], [1.0]).settings == {"kind": "box", "low": [0.0], "high": [1.0]}


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: problems.ball([0.0], 0), "ball needs a number radius with radius > 0, got 0"),
        (lambda: problems.ball([0.0], np.inf), "ball needs a number radius"),
        (lambda: problems.ball([np.nan], 1), "ball needs a finite centre of shape"),
        (lambda: problems.ball([], 1), "ball needs a finite centre of shape"),
        (lambda: problems.box([0.0], [-1.0]), "box needs low <= high of one shape"),
        (lambda: problems.box([0.0], [1.0, 1.0]), "box needs low <= high of one shape"),
        (lambda: problems.box([[0.0]], [[1.0]]), "box needs a finite low of shape"),
    ],
    ids=range(7),
)
def test_bad_input(make, match):
    with pytest.raises(ValueError, match=match):
        make()
