"""No damaged proof passes: constants perturbed, premises, squares and conditions dropped."""

from mutations import mutants, survivors

from theory.claims import le
from theory.kernel import StepError, combine, given, steps
from theory.results import dai2019
from theory.symbols import L, h


def test_no_mutant_survives():
    seen: set[int] = set()
    alive = [mutant for theorem in dai2019.THEOREMS for mutant in survivors(theorem, seen)]
    assert not alive, "\n".join(map(str, alive))
    assert len(seen) > 250  # steps tried


def test_there_are_mutants_of_every_kind():
    kinds = {
        mutant.what.split()[0] for step in steps(dai2019.reuse.proof()) for mutant in mutants(step)
    }
    assert {"left", "right", "without"} <= kinds


def test_the_damage_is_real():
    """Negative control: the undamaged step passes, so what fails is the damage."""
    step = combine(le(L * h**2, h), (given(le(h, 1 / L)), L * h))
    assert step.claim
    damaged = list(mutants(step))
    assert len(damaged) == 3
    for mutant in damaged:
        try:
            combine(*mutant.inputs, **mutant.options)
        except StepError:
            continue
        raise AssertionError(f"{mutant} passes")
