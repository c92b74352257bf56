r"""An implication between assumptions, which the kernel proves, and one that a witness refutes.

Both are records whose status is computed by a replay. An assumption has parts, what it `allows` a
proof to use; it is implied if each part is: a hypothesis by a fact that says the same, a property
("F is convex") by facts that say what it means at points of which nothing is assumed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from sympy.core.symbol import Str

from theory.assumptions import Assumed
from theory.axioms import AXIOMS
from theory.claims import Assumption, Claim, Hypothesis, le, nonnegative
from theory.hilbert import Value, fixed
from theory.kernel import Fact, StepError, discharge, replay, steps, suppose

Status = Literal["implied", "not implied"]

ANYWHERE, ELSEWHERE = fixed("anywhere"), fixed("elsewhere")


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """What two kinds of arrow share: from some assumptions, on some background, to another.

    `given` is the background: what is assumed besides (how updates are made, that noise is fresh).
    """

    premises: tuple[Assumed, ...]
    conclusion: Assumed
    given: tuple[Assumed, ...] = ()
    note: str = ""
    implied: ClassVar[bool]

    @property
    def status(self) -> Status:
        """Computed by a replay. Raises StepError if it fails."""
        raise NotImplementedError

    @property
    def because(self) -> str:
        """A few words: how long the proof is, or which witness."""
        raise NotImplementedError

    def __str__(self) -> str:
        ahead = " and ".join(a.name for a in self.premises)
        return f"{ahead} {'=>' if self.implied else '=/=>'} {self.conclusion.name}"


@dataclass(frozen=True, kw_only=True)
class Implication(Arrow):
    """The premises imply the conclusion: `proof` makes the facts that say so.

    `conditions` restrict the constants.
    """

    proof: Callable[[], tuple[Fact, ...]]
    conditions: tuple[Claim, ...] = ()
    implied = True

    @property
    def status(self) -> Status:
        """`implied`, by a replay of the proof."""
        self.verify()
        return "implied"

    def verify(self) -> tuple[Fact, ...]:
        """Replay the proof and compare it with the conclusion.

        Raises StepError at the first line that does not follow; if a part of the conclusion is not
        shown; if a fact shows no part of it; and if one leans on what is not assumed, or on the
        conclusion itself.
        """
        facts = tuple(replay(fact) for fact in self.proof())
        assumed = frozenset().union(*(a.allows for a in (*self.premises, *self.given)))
        useful: set[Fact] = set()
        for part in sorted(self.conclusion.allows, key=str):
            claims = meaning(part)
            for claim in claims:
                by = [fact for fact in facts if self._shows(fact, claim)]
                for fact in by:
                    self._check_leanings(fact, claim, assumed - self.conclusion.allows)
                useful |= set(by)
                if not by and part not in assumed:
                    raise StepError(f"'{part}' is claimed and not shown", step=str(self))
            if not claims and part not in assumed:
                raise StepError(f"only '{part}' itself could show it", step=str(self))
        for fact in facts:
            if fact not in useful:
                raise StepError(f"{fact} says nothing that is claimed", step=str(self))
        return facts

    @staticmethod
    def _shows(fact: Fact, wanted: Hypothesis | Claim) -> bool:
        if isinstance(wanted, Claim):  # the meaning of a property, at points that are arbitrary
            return fact.claim == wanted and not _mentions_a_point(fact.assumptions)
        try:
            discharge(suppose(wanted), wanted, fact)
        except StepError:
            return False
        return True

    def _check_leanings(
        self, fact: Fact, wanted: Hypothesis | Claim, assumed: Iterable[Assumption]
    ) -> None:
        for used in sorted(fact.assumptions - set(assumed), key=str):
            raise StepError(f"the proof uses '{used}', which is not assumed", step=str(self))
        if isinstance(wanted, Hypothesis):
            fact = discharge(suppose(wanted), wanted, fact)
        allowed = {c.expression for c in self.conditions}
        allowed |= wanted.conditions if isinstance(wanted, Hypothesis) else set()
        for condition in sorted(fact.conditions - allowed, key=str):
            raise StepError(
                f"the proof needs {nonnegative(condition)}, which is not among the conditions",
                step=str(self),
            )

    @property
    def length(self) -> int:
        """How many steps the proof has."""
        return len({id(step) for fact in self.proof() for step in steps(fact)})

    @property
    def because(self) -> str:
        return f"{self.length} steps"


class Witness(Protocol):
    """What refutes an implication: an exact object that can be asked about assumptions."""

    @property
    def name(self) -> str:
        """A few words for a figure."""

    def meets(self, assumption: Assumed) -> bool | None:
        """Whether it meets the assumption; None if that is not known."""


@dataclass(frozen=True, kw_only=True)
class NonImplication(Arrow):
    """The premises do not imply the conclusion: the witness meets them, and breaks it.

    A constant of the conclusion that the witness gives no value is one for which no value helps.
    """

    witness: Witness
    implied = False

    @property
    def status(self) -> Status:
        """`not implied`, by a replay of the witness in exact arithmetic."""
        self.verify()
        return "not implied"

    def verify(self) -> None:
        """Raise StepError unless the witness meets all that is assumed and breaks the conclusion.

        What cannot be decided counts as neither.
        """
        for assumption in (*self.premises, *self.given):
            if self.witness.meets(assumption) is not True:
                raise StepError(
                    f"the witness ({self.witness.name}) does not meet '{assumption}'",
                    step=str(self),
                )
        if self.witness.meets(self.conclusion) is not False:
            raise StepError(
                f"the witness ({self.witness.name}) does not break '{self.conclusion}'",
                step=str(self),
            )

    @property
    def because(self) -> str:
        return self.witness.name


# ------------------------------------------------------------------------- what a part says


def meaning(part: Assumption) -> list[Hypothesis | Claim]:
    """What has to be shown for a part of an assumption; nothing if only itself can show it.

    A property is shown by its definition at points of which nothing is known.
    """
    if isinstance(part, Hypothesis):
        return [part]
    if part.name not in DEFINITIONS:
        return []
    f, *constants = part.about
    if part.name == "bounded below":
        return [le(constants[0], Value(f, ANYWHERE))]
    name, *points = DEFINITIONS[part.name]
    return [AXIOMS[name].instantiate(str(f), *constants, *points).claim]


# the axiom that is the definition of a property, and at how many points
DEFINITIONS: dict[str, tuple[Any, ...]] = {
    "smooth": ("lipschitz_gradient", ANYWHERE, ELSEWHERE),
    "convex": ("convexity", ANYWHERE, ELSEWHERE),
    "strongly convex": ("strong_convexity", ANYWHERE, ELSEWHERE),
    "Polyak-Lojasiewicz": ("gradient_above_gap", ANYWHERE),
    "bounded gradient": ("gradient_bounded", ANYWHERE),
    "bounded below": ("", ANYWHERE),  # no axiom says it alone
}


def _mentions_a_point(assumptions: Iterable[Assumption]) -> bool:
    """Whether one of the arbitrary points is spoken of, so that it is not arbitrary."""
    for assumption in assumptions:
        about = (
            (assumption.claim.expression, *assumption.conditions)
            if isinstance(assumption, Hypothesis)
            else assumption.about
        )
        if any(part.has(ANYWHERE, ELSEWHERE) for part in about if not isinstance(part, Str)):
            return True
    return False
