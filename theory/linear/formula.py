r"""An exact formula about one eigenmode, with an argument that is checked again on demand.

The argument is made from the formula's own expressions, so that a changed constant changes what is
checked. The status is computed, never typed: `proved` if every step replays for all values of its
parameters, `checked` if some only for named ones, `stated` if there is no argument.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from sympy import Symbol

from theory.claims import Claim
from theory.kernel.facts import StepError
from theory.latex import Shown, shown
from theory.linear.steps.base import EVERY, Step
from theory.theorem import Source

Status = Literal["proved", "checked", "stated"]
HERE = "derived here"
_SENSELESS = (TypeError, ValueError, AttributeError, ArithmeticError, LookupError)

# Facts of the textbooks that arguments may lean on, by name: no step checks these.
TEXTBOOK = {
    "roots move continuously": (
        "the roots of a polynomial are continuous in its coefficients while its degree stays, so "
        "that a root enters or leaves the unit disc only through its edge"
    ),
    "simple roots move smoothly": (
        "a simple root z of p(z; a) has the derivative -(dp/da)/(dp/dz) in a"
    ),
    "solutions of a recursion": (
        "a linear recursion with constant coefficients is stable exactly if all roots of its "
        "characteristic polynomial are in the open unit disc, and then has one stationary law"
    ),
    "lines of the circle": "e^{ix} = 1 exactly for the multiples x of 2 pi",
    "monotone sine": "sin increases on [0, pi/2]",
    "logarithmic derivative": "p'/p is the sum of 1/(z - z_i) over the zeros z_i of p",
    "induction": "a property of the first index that each index hands on to the next holds of all",
    "intermediate values": "a continuous function takes the values between two of its values",
    "sum of moduli": (
        "if |c_1| + ... + |c_n| <= 1, all roots of w^n = c_1 w^(n-1) + ... + c_n have |w| <= 1"
    ),
    "sine below its angle": "sin x < x for x > 0, and sin x/x tends to 1 at 0",
    "sine of a multiple": "|sin n x| < n sin x for 0 < x < pi and a whole number n >= 2",
    "derivative and order": "a function whose derivative is positive increases",
    "dominant root": (
        "a real solution grows as its dominant roots do, and a pair r e^{+-i phi} makes it "
        "2 Re(R r^k e^{i phi k}) up to faster decaying terms"
    ),
    "equidistribution": "multiples of an angle that is no rational part of pi are equidistributed",
    "orthogonal increments": "uncorrelated terms add up their variances",
    "renewal": (
        "U_k = v + sum_{i<k} q_{k-1-i} U_i with q_n >= 0 increases, to v/(1 - sum q_n) if the q_n "
        "sum to less than 1, else without bound"
    ),
    "Yule and Walker": (
        "the autocovariances of a stable recursion are the one solution of the linear equations "
        "that come from multiplying it by its earlier values"
    ),
    "second degree": (
        "z^2 - b z + q has its roots in the open unit disc exactly if q < 1 and |b| < 1 + q"
    ),
    "positive operators": (
        "a linear map that keeps a closed cone with interior points, and no line in it, has its "
        "spectral radius as an eigenvalue (Krein and Rutman)"
    ),
    "triangle inequality": "|u + v| <= |u| + |v|",
    "concavity": "a concave function lies above its chords",
}


@dataclass(frozen=True, kw_only=True)
class Formula:
    r"""A formula, or a few that belong together.

    Parameters: name, `topic.what`; title; model, the recursion in LaTeX; expressions, by name;
    symbols, their meaning; conditions; argue, which makes the steps from the formula itself;
    instances, further steps for named parameters, beside the argument; reading, how the claim
    follows from the steps; uses, names of `TEXTBOOK`; lacks, what is not shown.

    >>> from theory import linear
    >>> found = linear.find("constant_delay.stability_limit")
    >>> found.status, found["limit"]
    ('proved', 2*sin(pi/(4*tau + 2)))
    """

    name: str
    title: str
    model: str
    expressions: Mapping[str, Shown]
    symbols: Mapping[Any, str]
    reading: str
    argue: Callable[["Formula"], tuple[Step, ...]] | None = None
    instances: Callable[["Formula"], tuple[Step, ...]] | None = None
    conditions: tuple[Claim | str, ...] = ()
    uses: tuple[str, ...] = ()
    source: Source = field(
        default_factory=lambda: Source(citation=HERE, statement="", status="replayed")
    )
    remark: str = ""
    lacks: str = ""

    def __post_init__(self) -> None:
        unknown = [name for name in self.uses if name not in TEXTBOOK]
        if unknown:
            raise ValueError(f"{self.name} leans on {unknown[0]!r}, which is not in TEXTBOOK")
        if not self.expressions:
            raise ValueError(f"{self.name} needs at least one expression, got none")
        free = set().union(*(a.expression.free_symbols for a in self.expressions.values()))
        silent = sorted(str(a) for a in free if a not in self.symbols)
        if silent:
            raise ValueError(f"{self.name} does not say what {', '.join(silent)} means")

    def __getitem__(self, name: str) -> Any:
        """One of the expressions, by name."""
        if name not in self.expressions:
            known = ", ".join(self.expressions)
            raise ValueError(f"{self.name} has no expression {name!r}; it has {known}")
        return self.expressions[name].expression

    def at(self, name: str, **values: Any) -> Any:
        """One of the expressions with values for symbols, by their names; still exact.

        Raises ValueError if it has no symbol of that name.
        """
        e = self[name]
        symbols = {a.name: a for a in e.free_symbols if isinstance(a, Symbol)}
        for unknown in sorted(set(values) - set(symbols)):
            known = ", ".join(sorted(symbols))
            raise ValueError(f"{self.name}: {name} has no symbol {unknown!r}; it has {known}")
        return e.subs({symbols[a]: value for a, value in values.items()})

    def changed(self, **expressions: Any) -> "Formula":
        """The formula with other expressions, for trying whether its argument notices."""
        for name in expressions:
            self[name]
        new = {name: shown(e) for name, e in expressions.items()}
        return replace(self, expressions={**self.expressions, **new})

    # ------------------------------------------------------------------ replay

    @property
    def argument(self) -> tuple[Step, ...]:
        """The steps of the argument, made anew."""
        return () if self.argue is None else tuple(self.argue(self))

    @property
    def examples(self) -> tuple[Step, ...]:
        """Further steps, for named parameters."""
        return () if self.instances is None else tuple(self.instances(self))

    @cached_property
    def replayed(self) -> "Replayed":
        """The argument after a replay made when first asked for; `verify` makes a new one."""
        return self.verify()

    @property
    def status(self) -> Status:
        """`proved`, `checked` or `stated`, as the replay found."""
        return self.replayed.status

    def verify(self) -> "Replayed":
        """Check every step; StepError at the first that does not follow."""
        try:
            argument, examples = self.argument, self.examples
        except _SENSELESS as error:
            raise StepError(f"the argument cannot be made: {error}", step=self.name) from error
        for number, step in enumerate((*argument, *examples), start=1):
            try:
                step.check()
            except StepError as error:
                error.step = f"{self.name}, step {number} ({step.shows})"
                raise
            except _SENSELESS as error:
                raise StepError(
                    f"the step makes no sense: {error}",
                    step=f"{self.name}, step {number} ({step.shows})",
                ) from error
        return Replayed(self, argument, examples)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Replayed:
    """An argument that has just been checked."""

    formula: Formula
    argument: tuple[Step, ...]
    examples: tuple[Step, ...]

    @property
    def status(self) -> Status:
        if self.argument and all(step.reach == EVERY for step in self.argument):
            return "proved"
        return "checked" if self.argument or self.examples else "stated"
