r"""A theorem: what it assumes, what it claims, and the proof that is checked again on demand.

`Theorem.verify` rebuilds the proof, replays every step through the kernel, and compares what came
out with what the theorem claims: the same bound, no condition and no assumption beyond the declared
ones. The status is computed, never typed: `refuted` if an exact counterexample replays, `proved` if
the proof does, else `stated`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

from sympy import sympify
from sympy.core.function import AppliedUndef

from theory import pages
from theory.assumptions import Assumed, Counting
from theory.claims import Claim, le, nonnegative
from theory.enclosure import sign_of_constant
from theory.evaluation import RUNNING, evaluate, exact, with_sequences
from theory.exact_runs import ExactRun, Replayed, broken_assumption, hubers, quantity_on, staircases
from theory.kernel import Fact, StepError, replay, steps
from theory.latex import Shown
from theory.quantities import Quantity
from theory.report import Report
from theory.symbols import eta0

Status = Literal["proved", "refuted", "stated"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a statement comes from, and how sure we are of its constants."""

    citation: str
    statement: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """A statement with its proof.

    `horizon` is the symbol that counts steps or iterates in the bound and `steps` how many steps
    that takes; `step` is the step size as an expression in the index of the update (``eta`` for a
    constant one, ``eta(t)`` where the theorem leaves the steps free); `step_limit` is the largest
    constant step allowed, `conditions` restrict the constants. `proof` makes the final fact,
    `refutations` are exact counterexamples, `holds_when` are theorems that say where a refuted
    statement is true after all; `lacks` says, where there is no proof, which step is out of reach.
    """

    name: str
    title: str
    source: Source
    assumptions: tuple[Assumed, ...]
    step: Shown
    quantity: Quantity
    bound: Shown
    horizon: Any
    steps: Any
    step_limit: Shown | None = None
    conditions: tuple[Claim, ...] = ()
    proof: Callable[[], Fact] | None = None
    refutations: tuple[ExactRun, ...] = ()
    attained_by: tuple[ExactRun, ...] = ()
    holds_when: tuple["Theorem", ...] = ()
    remark: str = ""
    lacks: str = ""

    @property
    def restrictions(self) -> tuple[Claim, ...]:
        """The step limit, if there is one, and the other conditions on the constants."""
        if self.step_limit is None:
            return self.conditions
        return (le(eta0, self.step_limit.expression), *self.conditions)

    @property
    def claim(self) -> Claim:
        """``quantity <= bound``."""
        return le(self.quantity.expression, self.bound.expression)

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of the symbols in bound, step and conditions; the horizon is the last."""
        free = set(self.bound.expression.free_symbols) | set(self.step.expression.free_symbols)
        free = free.union(*(c.expression.free_symbols for c in self.restrictions))
        names = sorted(a.name for a in free - {self.horizon, *RUNNING})
        return (*names, self.horizon.name)

    @property
    def algorithm(self) -> Assumed:
        """How an update is made: the first of the assumptions that are the method's own choice."""
        return next(a for a in self.assumptions if a.chosen)

    @property
    def count(self) -> Counting:
        """How the theorem counts its updates."""
        return self.quantity.count

    # ------------------------------------------------------------------ proof and refutation

    @cached_property
    def status(self) -> Status:
        """`proved`, `refuted` or `stated`, by a replay made when first asked for."""
        if self.refutations:
            for counterexample in self.refutations:
                self.refute(counterexample)
            return "refuted"
        if self.proof is None:
            return "stated"
        self.verify()
        return "proved"

    def verify(self) -> Report:
        """Replay the proof from the axioms up.

        Raises StepError at the first line that does not follow; if the proof shows something else
        than the theorem claims, or leans on what it does not assume; if there is an exact
        counterexample; and if there is no proof.
        """
        for counterexample in self.refutations:
            raise StepError(
                f"the statement is false: {self.refute(counterexample)}", step=self.name
            )
        if self.proof is None:
            raise StepError("there is no proof here, only runs can try it", step=self.name)
        final = replay(self.proof())
        self.check(final)
        return Report(f"{self.name}: {self.title}", final)

    def check(self, final: Fact) -> None:
        """Raise StepError unless the fact says what the theorem claims, from what it assumes."""
        self._check_statement(final)
        self._check_leanings(final)

    def _check_statement(self, final: Fact) -> None:
        if final.claim == self.claim:
            return
        broken = self.find_counterexample()
        raise StepError(
            f"the proof shows {final.claim}, the theorem claims {self.claim}"
            + (f"; the claim is false: {broken}" if broken else ""),
            step=self.name,
        )

    def _check_leanings(self, final: Fact) -> None:
        declared = frozenset().union(*(a.allows for a in self.assumptions))
        for used in sorted(final.assumptions - declared, key=str):
            raise StepError(f"the proof uses '{used}', which is not assumed", step=self.name)
        allowed = {c.expression for c in self.restrictions}
        for condition in sorted(final.conditions - allowed, key=str):
            raise StepError(
                f"the proof needs {nonnegative(condition)}, which is not among the conditions",
                step=self.name,
            )
        seen: dict[str, Any] = {}
        for fact in steps(final):
            for symbol in fact.expression.free_symbols:
                if seen.setdefault(symbol.name, symbol) != symbol:
                    raise StepError(f"two different symbols are called {symbol}", step=fact.label)

    def replay(self, example: ExactRun) -> Replayed:
        """The quantity and the bound on an exact run.

        Raises StepError if the run does not meet an assumption or a condition.
        """
        read = [k - 1 + self.count.first for k in example.earliest]
        values = {self.count.read.__name__: read, **example.constants}
        count = int(self._at(sympify(self.steps), values))
        steps = self._steps(count, values)
        path = example.path(steps)
        broken = broken_assumption(self.assumptions, example, path, steps)
        if broken is not None:
            raise StepError(f"the run does not meet '{broken}'", step=self.name)
        for condition in self.restrictions:
            if sign_of_constant(self._at(condition.expression, values)) not in (0, 1):
                raise StepError(f"the run does not meet {condition}", step=self.name)
        try:
            iterates = int(self._at(sympify(self.quantity.iterates), values))
            weights, pairs = self._weights(count, values), self._pairs(values)
            quantity = quantity_on(path, self.quantity, iterates, weights, pairs)
        except ValueError as error:
            raise StepError(str(error), step=self.name) from error
        return Replayed(example, quantity, self._at(self.bound.expression, values))

    def refute(self, counterexample: ExactRun) -> Replayed:
        """Replay a counterexample in exact arithmetic.

        Raises StepError if it breaks an assumption, or does not exceed the bound after all.
        """
        found = self.replay(counterexample)
        if not found.exceeds:
            raise StepError(
                f"the counterexample gives {found.quantity}, which the bound {found.bound} allows",
                step=self.name,
            )
        return found

    def attain(self, example: ExactRun) -> Replayed:
        """Replay a run that meets the bound with equality, so that no smaller one is true.

        Raises StepError if it breaks an assumption, or stays below the bound.
        """
        found = self.replay(example)
        if not found.attains:
            raise StepError(
                f"the run gives {found.quantity}, which is not the bound {found.bound}",
                step=self.name,
            )
        return found

    def _steps(self, count: int, constants: dict[str, Any]) -> list[Any]:
        first = self.count.first
        size = self.step.expression
        return [self._at(size, constants, index) for index in range(first, first + count)]

    def _weights(self, count: int, constants: dict[str, Any]) -> list[Any]:
        if self.quantity.weights is None:
            return []
        weight, first = self.quantity.weights.expression, self.count.first
        return [self._at(weight, constants, index) for index in range(first, first + count)]

    def _pairs(self, constants: dict[str, Any]) -> tuple[Any, int] | None:
        pairs = self.quantity.pairs
        if pairs is None:
            return None
        lag = self._at(sympify(pairs.lag), constants)
        return self._at(pairs.level.expression, constants), int(lag)

    def find_counterexample(self) -> Replayed | None:
        """The first of a few functions that exceeds the bound, if one does."""

        def sizes(constants: dict[str, Any]) -> list[Any]:
            return self._steps(int(self._at(sympify(self.steps), constants)), constants)

        names = (self.constants, self.horizon.name, sizes)
        for candidate in chain(staircases(*names), hubers(*names)):
            try:
                return self.refute(candidate)
            except StepError:
                continue
        return None

    # ------------------------------------------------------------------ numbers

    def evaluate(self, **constants: Any) -> Any:
        """The bound at exact values, by symbol name; sigma = 0 and Delta = 0 are limits.

        A sequence, such as steps eta that the theorem leaves free, is given as a list.
        Raises ValueError if a constant is missing, unknown, or not what its symbol allows.
        """
        self._check_names(constants)
        return self._at(self.bound.expression, constants)

    def step_size(self, index: int, **constants: Any) -> Any:
        """The exact step size of an update, counted as the theorem counts (`count`)."""
        self._check_names(constants)
        return self._at(self.step.expression, constants, index)

    def margins(self, **constants: Any) -> list[Any]:
        """What is left of every restriction at exact values; all are >= 0 where the theorem holds.

        Raises ValueError as `evaluate` does.
        """
        self._check_names(constants)
        return [self._at(c.expression, constants) for c in self.restrictions]

    def largest_step(self, **constants: Any) -> Any:
        """The exact largest constant step size the theorem allows for given constants.

        Raises ValueError if the theorem prescribes its steps, or restricts them otherwise.

        >>> from theory import results
        >>> results.lian2015.gradient_descent.largest_step(L=1, tau=4)
        2/(1 + sqrt(65))
        """
        if self.step_limit is None:
            raise ValueError(f"{self.name} has no largest constant step; it takes {self.step}")
        self._check_names(constants)
        return self._at(self.step_limit.expression, constants)

    @property
    def sequences(self) -> frozenset[str]:
        """Names of the sequences in bound and step that `evaluate` needs as lists."""
        several = [self.bound, self.step, self.quantity.weights]
        applied = [a for e in several if e is not None for a in e.expression.atoms(AppliedUndef)]
        return frozenset(a.func.__name__ for a in applied)

    def _check_names(self, constants: dict[str, Any]) -> None:
        known = (*sorted(self.sequences), *self.constants)
        for name in constants:
            if name not in known:
                raise ValueError(f"{self.name} has no constant {name}; it has {', '.join(known)}")

    def _at(self, expression: Any, constants: dict[str, Any], index: int | None = None) -> Any:
        lists = {a: b for a, b in constants.items() if a in self.sequences and _is_list(b)}
        others = {a: b for a, b in constants.items() if a not in lists}
        values = self._values(others, expression)
        if index is not None:
            values |= {a: sympify(index) for a in RUNNING if a in expression.free_symbols}
        found = evaluate(expression, values)
        if not found.has(AppliedUndef):
            return found
        return with_sequences(found, lists, self.count.first)

    def _values(self, constants: dict[str, Any], expression: Any) -> dict[Any, Any]:
        values = {}
        for symbol in sympify(expression).free_symbols - set(RUNNING):
            if symbol.name not in constants:
                raise ValueError(f"{self.name} needs {symbol.name}; pass {symbol.name}=...")
            values[symbol] = exact(self.name, symbol, constants[symbol.name])
        return values

    # ------------------------------------------------------------------ pages

    @property
    def statement(self) -> str:
        """The theorem in plain text."""
        return pages.statement(self)

    @property
    def provenance(self) -> str:
        """Where the statement comes from and how sure its constants are, as a sentence."""
        return f"{self.source.citation}, {self.source.statement}: {self.source.status}."

    def latex(self) -> str:
        """A LaTeX document with the statement and, if it has one, the proof step by step.

        Raises StepError if the proof does not replay.
        """
        return pages.tex.document([pages.tex.chapter(self)])


def _is_list(given: Any) -> bool:
    return isinstance(given, list | tuple)
