"""Messages between caches: their delays follow their laws, and depend on what they should."""

import itertools
import json

import numpy as np
import pytest
from scipy import stats

from empirics import schedules
from empirics.schedules import Caches, Constant, Cyclic, Geometric, Pmf, Trace, Uniform, Zipf

ALPHA = 1e-6


def draw(caches, steps=20, lanes=6, seed=0):
    return caches.draw(np.random.default_rng(seed), steps, lanes)


def fits(r, pmf):
    """The p-value of a chi-square test of independent draws."""
    counts = np.bincount(r.ravel(), minlength=len(pmf))
    assert counts[pmf == 0].sum() == 0
    return stats.chisquare(counts[pmf > 0], pmf[pmf > 0] * r.size).pvalue


LAWS = [Uniform(4), Geometric(p=0.4, tau_max=6), Pmf([0.5, 0, 0.2, 0.3]), Cyclic([0, 0, 3])]


@pytest.mark.parametrize("destinations", ["independent", "shared"])
@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_delays_follow_the_law(law, destinations):
    caches = Caches(3, law, destinations=destinations)
    r = draw(caches, steps=200, lanes=40)
    assert r.shape == (200, 40, 3, 3)
    free = r if destinations == "independent" else r[..., 0]
    assert fits(free, law.pmf) > ALPHA
    assert fits(free, Pmf([0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]).pmf) < ALPHA  # the test has power
    assert caches.longest == np.flatnonzero(law.pmf)[-1] == r.max()
    assert caches.mean == pytest.approx(1 + law.mean)


def test_the_published_model_takes_half_of_s_and_one_iteration_on_average():
    for s in (0, 1, 4, 16, 50):
        assert Caches(8, Uniform(s)).mean == s / 2 + 1


def test_a_law_a_source():
    laws = [Constant(2), Uniform(3), Geometric(p=0.2, tau_max=9)]
    caches = Caches(3, laws)
    r = draw(caches, steps=300, lanes=40)
    for p, law in enumerate(laws):
        if p:
            assert fits(r[:, :, p], law.pmf) > ALPHA
            assert fits(r[:, :, p], Uniform(9).pmf) < ALPHA
        else:
            assert (r[:, :, 0] == 2).all()
    means = np.array([law.mean for law in laws])
    np.testing.assert_allclose(caches.extra_mean, np.tile(means[:, None], 3))
    assert caches.longest == 9
    same = Caches(3, [Uniform(3)] * 3)
    np.testing.assert_array_equal(draw(same), draw(Caches(3, Uniform(3))))


def test_independent_means_independent_of_iteration_replica_source_and_destination():
    r = draw(Caches(3, Uniform(4)), steps=200, lanes=40)
    for axis in range(4):
        one, other = np.moveaxis(r, axis, 0)[:2] if axis > 1 else (r, np.roll(r, 1, axis))
        table = np.bincount((one * 5 + other).ravel(), minlength=25).reshape(5, 5)
        assert stats.chi2_contingency(table).pvalue > ALPHA
    table = np.bincount((r[..., 0] * 5 + r[..., 0]).ravel(), minlength=25).reshape(5, 5)
    assert stats.chi2_contingency(table + 1).pvalue < ALPHA


def test_shared_means_one_delay_for_all_destinations():
    shared = draw(Caches(3, Uniform(4), destinations="shared"))
    np.testing.assert_array_equal(shared, np.broadcast_to(shared[..., :1], shared.shape))
    assert (shared[:, :, 0] != shared[:, :, 1]).any()  # but sources differ
    assert (np.ptp(draw(Caches(3, Uniform(4))), axis=-1) > 0).any()


@pytest.mark.parametrize("law", [Uniform(4), Zipf(exponent=1.0, tau_max=5), Constant(3)], ids=repr)
@pytest.mark.parametrize("destinations", ["independent", "shared"])
def test_own_updates_may_be_immediate(law, destinations):
    options = {"destinations": destinations}
    held = draw(Caches(3, law, **options))
    free = draw(Caches(3, law, own="immediate", **options))
    others = ~np.eye(3, dtype=bool)
    np.testing.assert_array_equal(free[..., others], held[..., others])
    assert not free[..., ~others].any()
    assert held[..., ~others].any()
    mean = np.where(others, law.mean, 0)
    np.testing.assert_allclose(Caches(3, law, own="immediate").extra_mean, mean)
    alone = Caches(1, law, own="immediate")
    assert alone.longest == 0
    assert not draw(alone).any()


@pytest.mark.parametrize("destinations", ["independent", "shared"])
@pytest.mark.parametrize(
    "law", [Constant(0), Constant(2), Uniform(3), Zipf(exponent=1.0, tau_max=5)]
)
def test_a_topology_adds_to_the_law(law, destinations):
    ring = schedules.ring(5)
    plain = draw(Caches(5, law, destinations=destinations))
    far = Caches(5, law, destinations=destinations, topology=ring)
    np.testing.assert_array_equal(draw(far), plain + ring.extra)
    assert far.longest == law.tau_max + 1
    np.testing.assert_allclose(far.extra_mean, law.mean + ring.extra)


def test_a_server_gives_own_updates_back_unless_they_are_immediate():
    r = draw(Caches(3, topology=schedules.star(3)))
    assert (r == 1).all()
    r = draw(Caches(3, topology=schedules.star(3), own="immediate"))
    np.testing.assert_array_equal(r, np.broadcast_to(1 - np.eye(3), r.shape))


EVERY = [
    Caches(2, Uniform(4)),
    Caches(2, Zipf(exponent=1.0, tau_max=5), destinations="shared"),
    Caches(2, [Uniform(3), Constant(1)], own="immediate"),
    Caches(3, topology=schedules.ring(3)),
    Caches(3, Uniform(2), topology=schedules.star(3)),
]


@pytest.mark.parametrize("caches", EVERY, ids=repr)
def test_chunks_do_not_matter(caches):
    whole = draw(caches, steps=30)
    generator = np.random.default_rng(0)
    parts = [caches.draw(generator, n, 6) for n in (1, 4, 25)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_what_is_fixed_uses_no_random_numbers():
    generator = np.random.default_rng(0)
    fixed = Caches(3, [Constant(1), Geometric(p=1.0, tau_max=4), Pmf([0, 0, 1])])
    r = fixed.draw(generator, 10, 4)
    assert generator.bit_generator.state == np.random.default_rng(0).bit_generator.state
    assert (r == np.array([1, 0, 2])[:, None]).all()
    assert fixed.longest == 2  # not the 4 that the geometric law could have had


def test_every_option_changes_the_record():
    ring = schedules.ring(4)
    base = Caches(4, Uniform(3))
    others = [
        Caches(3, Uniform(3)),
        Caches(4, Uniform(2)),
        Caches(4, [Uniform(3)] * 4),
        Caches(4, Uniform(3), destinations="shared"),
        Caches(4, Uniform(3), own="immediate"),
        Caches(4, Uniform(3), evaluate="mean"),
        Caches(4, Uniform(3), topology=ring),
        Caches(4, Uniform(3), topology=schedules.grid(2, 2)),
    ]
    for one, other in itertools.combinations([base, *others], 2):
        assert one != other
        assert one.settings != other.settings
    for one in [base, *others]:
        assert json.loads(json.dumps(one.settings)) == one.settings
    assert Caches(4, Uniform(3)) == base
    assert hash(Caches(4, Uniform(3))) == hash(base)
    assert Caches(4) == Caches(4, Constant(0))
    assert base.settings["law"] == {"kind": "Uniform", "tau_max": 3}
    assert base.tau_max is None


def test_tiles_are_narrower_where_each_replica_is_large():
    assert Caches(8, Uniform(10)).width(256, 10) == 256
    assert Caches(8, Uniform(10)).width(256, 100) == 32  # 8 * 11 * 100 * 32 numbers
    assert Caches(8, Uniform(10)).width(256, 10**6) == 4
    assert Caches(256).width(256, 1) == 8  # 256^2 messages each
    assert Caches(8, Uniform(10)).width(255, 10**6) == 255  # nothing to halve


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        ([0], {}, "caches needs a whole number of workers >= 1, got 0"),
        ([2.5], {}, "caches needs a whole number of workers >= 1, got 2.5"),
        ([None], {}, "caches needs a whole number of workers >= 1, got None"),
        ([2, 3], {}, r"caches need a Law with a pmf, such as Uniform\(4\), or one a worker, got 3"),
        ([2, "ab"], {}, "caches need a Law with a pmf, .*, got 'a'"),
        ([2, [Uniform(1), 3]], {}, "caches need a Law with a pmf, .*, got 3"),
        ([2, Trace([0, 1])], {}, r"caches need a Law with a pmf, .*, got Trace"),
        ([2, []], {}, "caches need one law or 2, one a worker, got 0"),
        ([2, [Uniform(1)]], {}, "caches need one law or 2, one a worker, got 1"),
        ([2], {"destinations": "all"}, "caches need destinations among independent, shared, got"),
        ([2], {"own": None}, "caches need own among delayed, immediate, got None"),
        ([2], {"evaluate": 1}, "caches need evaluate among first, mean, got 1"),
        (
            [2],
            {"topology": "ring"},
            r"caches need a Topology such as ring\(2\) or none, got 'ring'",
        ),
        ([2], {"topology": schedules.ring(3)}, "a topology of 2 workers, got ring of 3"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Caches(*arguments, **options)
