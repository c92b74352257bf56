"""What every theorem of the catalogue has: an algorithm, a source, an honest status."""

import pytest

from theory import results
from theory.kernel import steps

EVERY = list(results.theorems().values())


@pytest.mark.parametrize("theorem", EVERY, ids=lambda t: t.name)
def test_every_theorem_says_what_it_is_about(theorem):
    assert "x_" in theorem.algorithm.words
    assert theorem.name.split(".")[0] in {p.__name__.split(".")[-1] for p in results.PAPERS}
    assert theorem.source.citation
    assert theorem.source.status
    assert str(theorem.quantity)
    assert theorem.horizon.name in theorem.constants


@pytest.mark.parametrize("theorem", EVERY, ids=lambda t: t.name)
def test_the_status_is_earned(theorem):
    if theorem.status == "proved":
        assert len(steps(theorem.proof())) > 5
    elif theorem.status == "refuted":
        assert all(theorem.refute(run).exceeds for run in theorem.refutations)
    else:
        assert theorem.proof is None
        assert len(theorem.lacks) > 40  # says which step the kernel lacks


@pytest.mark.parametrize("theorem", [t for t in EVERY if t.attained_by], ids=lambda t: t.name)
def test_what_attains_a_bound_does(theorem):
    assert all(theorem.replay(run).attains for run in theorem.attained_by)


def test_nearly_all_of_it_is_proved():
    count = {status: 0 for status in ("proved", "refuted", "stated")}
    for theorem in EVERY:
        count[theorem.status] += 1
    assert count["proved"] >= 80
    assert count["stated"] <= 2
