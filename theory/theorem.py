r"""A theorem: what it assumes, what it claims, and the proof that is checked again on demand.

`Theorem.verify` rebuilds the proof, replays every step through the kernel, and compares what came
out with what the theorem claims: the same bound, no condition and no assumption beyond the declared
ones. The status is computed, never typed: `refuted` if an exact counterexample replays, `proved` if
the proof does, else `stated`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sympy import Min, Rational, sympify

from theory.algebra import Minimum, normal
from theory.assumptions import Assumed
from theory.claims import Claim, le, nonnegative
from theory.enclosure import sign_of_constant
from theory.kernel import Fact, StepError, replay, steps
from theory.latex import Shown, tex, tex_claim
from theory.refutation import Refutation, Refuted, broken_assumption, staircases
from theory.report import Report

Status = Literal["proved", "refuted", "stated"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a statement comes from, and how sure we are of its constants."""

    citation: str
    statement: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What a theorem bounds: the least E|grad F(x_k)|^2 over the first so many iterates."""

    expression: Any
    iterates: Any
    words: str


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """A statement with its proof.

    `horizon` is the symbol that counts steps or iterates in the bound and `steps` how many steps
    that takes; `step` is the step size eta_k as an expression in k, k = 1, 2, ...; `conditions`
    restrict the constants. `proof` makes the final fact, `refutations` are exact counterexamples,
    `holds_when` are theorems that say where a refuted statement is true after all.
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
    conditions: tuple[Claim, ...] = ()
    proof: Callable[[], Fact] | None = None
    refutations: tuple[Refutation, ...] = ()
    holds_when: tuple["Theorem", ...] = ()
    remark: str = ""

    @property
    def claim(self) -> Claim:
        """``quantity <= bound``."""
        return le(self.quantity.expression, self.bound.expression)

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of the symbols in bound, step and conditions; the horizon is the last."""
        free = set(self.bound.expression.free_symbols) | set(self.step.expression.free_symbols)
        free = free.union(*(c.expression.free_symbols for c in self.conditions))
        names = sorted(a.name for a in free - {self.horizon} - _running(self.step.expression))
        return (*names, self.horizon.name)

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
        allowed = {c.expression for c in self.conditions}
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

    def refute(self, counterexample: Refutation) -> Refuted:
        """Replay a counterexample in exact arithmetic.

        Raises StepError if it breaks an assumption, or does not exceed the bound after all.
        """
        values = counterexample.constants
        count = int(evaluate(self.steps, self._values(values, self.steps)))
        path = counterexample.path([self.step_size(k, **values) for k in range(1, count + 1)])
        broken = broken_assumption(self.assumptions, counterexample, path)
        if broken is not None:
            raise StepError(f"the counterexample does not meet '{broken}'", step=self.name)
        for condition in self.conditions:
            number = evaluate(condition.expression, self._values(values, condition.expression))
            if sign_of_constant(number) not in (0, 1):
                raise StepError(f"the counterexample does not meet {condition}", step=self.name)
        iterates = int(evaluate(self.quantity.iterates, self._values(values, self.steps)))
        quantity = Min(*path.squared_gradients[:iterates])
        bound = self.evaluate(**{a: values[a] for a in self.constants if a in values})
        if sign_of_constant(quantity - bound) != 1:
            raise StepError(
                f"the counterexample gives {quantity}, which the bound {bound} allows",
                step=self.name,
            )
        return Refuted(counterexample, quantity, bound)

    def find_counterexample(self) -> Refuted | None:
        """The first staircase function that exceeds the bound, if one of a few does."""

        def sizes(constants: dict[str, Any]) -> list[Any]:
            count = int(evaluate(self.steps, self._values(constants, self.steps)))
            return [self.step_size(k, **constants) for k in range(1, count + 1)]

        for candidate in staircases(self.constants, self.horizon.name, sizes):
            try:
                return self.refute(candidate)
            except StepError:
                continue
        return None

    # ------------------------------------------------------------------ numbers

    def evaluate(self, **constants: Any) -> Any:
        """The bound at exact values, by symbol name; sigma = 0 and Delta = 0 are limits.

        Raises ValueError if a constant is missing, unknown, or not what its symbol allows.
        """
        expression = self.bound.expression
        return evaluate(expression, self._values(constants, expression))

    def step_size(self, k: int, **constants: Any) -> Any:
        """The exact step size eta_k; k counts from 1."""
        expression = self.step.expression
        values = self._values(constants, expression)
        return evaluate(expression, values | dict.fromkeys(_running(expression), sympify(k)))

    def _values(self, constants: dict[str, Any], expression: Any) -> dict[Any, Any]:
        known = self.constants
        for name in constants:
            if name not in known:
                raise ValueError(f"{self.name} has no constant {name}; it has {', '.join(known)}")
        values = {}
        for symbol in sympify(expression).free_symbols - _running(expression):
            if symbol.name not in constants:
                raise ValueError(f"{self.name} needs {symbol.name}; pass {symbol.name}=...")
            values[symbol] = exact(self.name, symbol, constants[symbol.name])
        return values

    # ------------------------------------------------------------------ pages

    @property
    def statement(self) -> str:
        """The theorem in plain text."""
        lines = [f"{self.name}: {self.title}"]
        lines += ["Assume"] + [f"  - {a}" for a in self.assumptions]
        lines += [f"  - {c}" for c in self.conditions]
        lines += [
            f"Then {self.quantity.words}",
            f"  <= {self.bound}",
            self.provenance,
        ]
        return "\n".join(lines + ([self.remark] if self.remark else []))

    @property
    def provenance(self) -> str:
        """Where the statement comes from and how sure its constants are, as a sentence."""
        return f"{self.source.citation}, {self.source.statement}: {self.source.status}."

    @property
    def latex_statement(self) -> str:
        """The theorem in LaTeX, without a document around it."""
        items = "\n".join(rf"\item {a.name}: \({a.latex}\)" for a in self.assumptions)
        items += "".join(f"\n\\item \\({tex_claim(c)}\\)" for c in self.conditions)
        return "\n".join(
            [
                rf"\begin{{theorem}}[{_text(self.title)}]",
                rf"Assume \begin{{itemize}}{items}\end{{itemize}}",
                "Then",
                rf"\[{tex(self.quantity.expression)}\;\leq\;{self.bound.latex}.\]",
                r"\end{theorem}",
            ]
        )

    def latex(self) -> str:
        """A LaTeX document with the statement and, if it has one, the proof step by step.

        Raises StepError if the proof does not replay.
        """
        body = [self.latex_statement, _text(self.provenance)]
        if self.refutations:
            broken = "; ".join(str(self.refute(c)) for c in self.refutations)
            body.append(r"\paragraph{The statement is false.} " + _text(broken) + ".")
        elif self.proof is not None:
            body += [r"\begin{proof}\leavevmode", self.verify().latex, r"\end{proof}"]
        body += [_text(self.remark)] if self.remark else []
        body += [theorem.latex_statement for theorem in self.holds_when]
        return DOCUMENT % "\n\n".join(body)


DOCUMENT = r"""\documentclass[11pt]{article}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{amsmath,amssymb,amsthm}
\newtheorem*{theorem}{Theorem}
\allowdisplaybreaks
\begin{document}
\raggedright
%s
\end{document}
"""


def exact(who: str, symbol: Any, given: Any) -> Any:
    """A given number as an exact one that its symbol allows.

    >>> from theory.symbols import mu, s
    >>> exact("check", mu, 0.8)
    4/5
    >>> exact("check", s, 2.5)
    Traceback (most recent call last):
    ValueError: check needs an integer for s, got 2.5
    """
    try:
        number = Rational(str(given)) if isinstance(given, float) else sympify(given)
    except (TypeError, ValueError, SyntaxError) as error:
        raise ValueError(f"{who} needs a number for {symbol.name}, got {given!r}") from error
    sign = sign_of_constant(number) if getattr(number, "is_number", False) else None
    if sign is None:
        raise ValueError(f"{who} needs a real number for {symbol.name}, got {given!r}")
    if symbol.is_integer and not number.is_integer:
        raise ValueError(f"{who} needs an integer for {symbol.name}, got {given}")
    limit_allowed = sign == 0 and symbol.name in ("sigma", "Delta")
    if symbol.is_positive and sign != 1 and not limit_allowed:
        raise ValueError(f"{who} needs {symbol.name} > 0, got {given}")
    if symbol.is_nonnegative and sign == -1:
        raise ValueError(f"{who} needs {symbol.name} >= 0, got {given}")
    return number


def evaluate(expression: Any, values: dict[Any, Any]) -> Any:
    """An expression at exact values; a vanishing sigma or Delta is a limit from above."""
    vanishing = {a: b for a, b in values.items() if b == 0 and a.is_positive}
    others = {a: b for a, b in values.items() if a not in vanishing}
    e = normal(normal(expression).xreplace(others))
    for symbol in vanishing:
        e = e.replace(Min, lambda *parts, at=symbol: Min(*(_from_above(p, at) for p in parts)))
        e = _from_above(e, symbol)
    return e


def _from_above(e: Any, symbol: Any) -> Any:
    """The limit as the symbol falls to 0."""
    plain = e.xreplace({symbol: sympify(0)})
    return plain if plain.is_finite else e.limit(symbol, 0, "+")


def _running(step: Any) -> set[Any]:
    """The step index in a step rule: an integer symbol without a sign."""
    return {a for a in sympify(step).free_symbols if a.is_integer and not a.is_nonnegative}


def _text(words: str) -> str:
    for special in "_&%#":
        words = words.replace(special, "\\" + special)
    return words.replace("<=", r"$\leq$").replace("^", r"\^{}").replace("~", r"$\approx$")


def least_over(expression: Callable[[Any], Any], index: Any, last: Any) -> Any:
    """The least value of a quantity over k = 1, ..., last."""
    return Minimum(expression(index), (index, sympify(1), last))
