"""A step that is a fact of the kernel, where its rules reach."""

from collections.abc import Callable
from dataclasses import dataclass

from theory.claims import Assumption, Claim, nonnegative
from theory.kernel import Fact, StepError, replay
from theory.latex import tex_claim
from theory.linear.steps.base import Step


@dataclass(frozen=True, kw_only=True)
class FromKernel(Step):
    """A claim that a proof in the kernel shows, replayed from the axioms up.

    Parameters: claim; proof, which makes the fact; conditions and assumptions it may lean on.
    Raises StepError if the replay fails, shows something else, or leans on more.
    """

    claim: Claim
    proof: Callable[[], Fact]
    conditions: tuple[Claim, ...] = ()
    assumptions: tuple[Assumption, ...] = ()

    @property
    def statement(self) -> str:
        known = " and ".join(map(str, (*self.conditions, *self.assumptions)))
        return f"{self.claim}" + (f", if {known}" if known else "")

    @property
    def latex(self) -> str:
        return r",\quad ".join(map(tex_claim, (self.claim, *self.conditions)))

    def check(self) -> None:
        try:
            final = replay(self.proof())
        except StepError as error:
            raise self.fail(str(error)) from error
        if final.claim != self.claim:
            raise self.fail(f"the kernel shows {final.claim}, not {self.claim}")
        for condition in sorted(
            final.conditions - {c.expression for c in self.conditions}, key=str
        ):
            raise self.fail(f"the proof needs {nonnegative(condition)}, which is not granted")
        for assumption in sorted(final.assumptions - {*self.assumptions}, key=str):
            raise self.fail(f"the proof uses '{assumption}', which is not granted")
