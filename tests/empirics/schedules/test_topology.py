"""Distances in networks against a search, breadth first, and what one hop means."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirics.schedules import Topology, all_to_all, grid, network, ring, star


def searched(nodes, links):
    """Hops between all nodes: from each, visit the neighbours of those that were visited."""
    near = {p: set() for p in range(nodes)}
    for p, q in links:
        near[p].add(q)
        near[q].add(p)
    hops = np.full((nodes, nodes), -1)
    for start in range(nodes):
        hops[start, start], line = 0, deque([start])
        while line:
            p = line.popleft()
            for q in near[p]:
                if hops[start, q] < 0:
                    hops[start, q] = hops[start, p] + 1
                    line.append(q)
    return hops


@pytest.mark.parametrize("P", [1, 2, 3, 4, 7, 8])
def test_a_ring(P):
    links = [(p, (p + 1) % P) for p in range(P)]
    np.testing.assert_array_equal(ring(P).hops, searched(P, links))
    assert np.max(ring(P).hops) == P // 2


@pytest.mark.parametrize("P", [1, 2, 3, 8])
def test_all_to_all(P):
    links = [(p, q) for p in range(P) for q in range(p)]
    np.testing.assert_array_equal(all_to_all(P).hops, searched(P, links))
    assert not all_to_all(P).extra.any()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (4, 1), (2, 2), (3, 5)])
def test_a_grid(rows, columns):
    number = np.arange(rows * columns).reshape(rows, columns)
    links = [*zip(number[1:].flat, number[:-1].flat, strict=True)]
    links += [*zip(number[:, 1:].flat, number[:, :-1].flat, strict=True)]
    np.testing.assert_array_equal(grid(rows, columns).hops, searched(rows * columns, links))


@pytest.mark.parametrize("P", [1, 2, 5])
def test_a_star(P):
    """The server is a node, but no worker; what a worker sends itself goes there and back."""
    hops = searched(P + 1, [(p, P) for p in range(P)])
    up, down = hops[:P, P], hops[P, :P]
    np.testing.assert_array_equal(star(P).hops, up[:, None] + down)
    assert (star(P).extra == 1).all()


def test_small_rings_are_all_to_all():
    for P in (1, 2, 3):
        assert ring(P).hops == all_to_all(P).hops
    assert ring(4).hops != all_to_all(4).hops


@given(st.integers(1, 7), st.data())
def test_any_network(P, data):
    pairs = st.tuples(st.integers(0, P - 1), st.integers(0, P - 1)).filter(lambda l: l[0] != l[1])
    links = data.draw(st.lists(pairs, max_size=12)) if P > 1 else []
    hops = searched(P, links)
    if (hops < 0).any():
        with pytest.raises(ValueError, match="network needs a way between any two workers"):
            network(P, links)
    else:
        np.testing.assert_array_equal(network(P, links).hops, hops)


def test_a_hop_is_an_iteration_and_the_first_is_never_extra():
    line = network(4, [(0, 1), (1, 2), (2, 3)])
    assert line.extra[0].tolist() == [0, 0, 1, 2]
    one_way = Topology("one way", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
    assert one_way.extra.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_settings_rebuild_it():
    for one in (ring(3), star(2), grid(2, 3), all_to_all(2), network(3, [(0, 1), (1, 2)])):
        assert Topology(**one.settings) == one
        assert one.workers == len(one.hops)
        assert all(type(h) is int for row in one.hops for h in row)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ring(0), "ring needs a whole number of workers >= 1, got 0"),
        (lambda: star(-1), "star needs a whole number of workers >= 1, got -1"),
        (lambda: all_to_all(1.5), "all-to-all needs a whole number of workers >= 1, got 1.5"),
        (lambda: grid(2, 0), "grid needs a whole number of columns >= 1, got 0"),
        (lambda: grid(None, 2), "grid needs a whole number of rows >= 1, got None"),
        (lambda: network(0, []), "network needs a whole number of workers >= 1, got 0"),
        (lambda: network(2, []), "a way between any two workers, got none from 0 to 1"),
        (lambda: network(2, [(0, 2)]), r"two of its workers 0, \.\.\., 1, got \(0, 2\)"),
        (lambda: network(2, [(1, 1)]), r"two of its workers 0, \.\.\., 1, got \(1, 1\)"),
        (lambda: network(2, [(0, 1, 1)]), r"network needs links \(p, q\), got \(0, 1, 1\)"),
        (lambda: network(2, [(0, -1)]), r"network needs links \(p, q\), got \(0, -1\): .* got -1"),
        (lambda: network(2, [3]), r"network needs links \(p, q\), got 3"),
        (lambda: network(2, 3), "network needs links as pairs of workers, got 3"),
        (lambda: Topology("", [[0]]), "topology needs a name, got ''"),
        (lambda: Topology("t", 3), r"topology needs hops of shape \(P, P\), got 3"),
        (lambda: Topology("t", []), r"topology needs hops of shape \(P, P\), got 0 rows"),
        (lambda: Topology("t", [[0, 1]]), r"shape \(P, P\), got 1 rows of lengths \[2\]"),
        (lambda: Topology("t", [[0, 0], [1, 0]]), "hops from worker 0 to 1 >= 1, got 0"),
        (lambda: Topology("t", [[-1]]), "hops from worker 0 to 0 >= 0, got -1"),
        (lambda: Topology("t", [[0, np.nan], [1, 0]]), "from worker 0 to 1 >= 1, got nan"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
