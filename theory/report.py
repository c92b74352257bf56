r"""A replayed proof as a page: each step with its rule and premises, and the trust base.

>>> from theory.kernel import replay
>>> from theory.lemmas import root_sum
>>> print(Report("Sum of inverse roots", replay(root_sum())))
Sum of inverse roots
====================
  1. n = 0: both sides are 0                             [sign]
       0 <= 0
...
Assumes: nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from theory.axioms import AXIOMS
from theory.claims import Assumption, Hypothesis
from theory.kernel import Fact, steps
from theory.latex import plain, tex_claim, tex_condition

ONE_LINE = 200  # characters of LaTeX that surely fit a line

RULE_WORDS = {
    "suppose": "assumption",
    "given": "condition",
    "combine": "combination",
    "nonnegative_by_sign": "sign",
    "sum_over": "sum",
    "induct": "induction",
    "minimum": "least value",
    "when": "inside a range",
    "substitute": "instance",
    "discharge": "what is known",
    "rewrite": "insertion",
    "reciprocal": "division",
    "pair": "inner product",
    "combine_vectors": "combination",
    "cases": "two cases",
    "either": "one factor is 0",
    "least_at_least": "every value",
    "induct_strongly": "strong induction",
}


@dataclass(frozen=True)
class Line:
    """One step of a proof: number, label, rule, what it says, and the steps it rests on."""

    number: int
    label: str
    rule: str
    statement: Fact
    premises: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """A proof that has just been replayed, with a heading."""

    heading: str
    final: Fact

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The steps, in the order in which they were checked."""
        order = steps(self.final)
        number = {id(fact): place for place, fact in enumerate(order, start=1)}
        return tuple(
            Line(
                number[id(fact)],
                fact.label,
                f"axiom {fact.inputs[0]}" if fact.rule == "axiom" else fact.rule,
                fact,
                tuple(number[id(p)] for p in fact.premises),
            )
            for fact in order
        )

    @property
    def axioms(self) -> tuple[str, ...]:
        """Names of the axioms the proof starts from."""
        return tuple(sorted({str(f.inputs[0]) for f in steps(self.final) if f.rule == "axiom"}))

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the proof takes for granted of the method and the function."""
        return tuple(sorted(self.final.assumptions, key=str))

    def __str__(self) -> str:
        parts = [self.heading, "=" * len(self.heading)]
        for line in self.lines:
            premises = f" {', '.join(map(str, line.premises))}" if line.premises else ""
            head = (
                f"{line.number:3}. {line.label}".rstrip(". ") if line.label else f"{line.number:3}."
            )
            parts.append(f"{head:<56} [{_words(line)}{premises}]")
            parts.append(f"       {line.statement}")
        parts.append("")
        parts.append(_listed("Axioms", [f"{a}: {AXIOMS[a].statement}" for a in self.axioms]))
        parts.append(_listed("Assumes", [str(a) for a in self.assumptions]))
        return "\n".join(parts)

    @property
    def latex(self) -> str:
        """The proof as a LaTeX list, to be put in a document."""
        items = [r"\begin{enumerate}"]
        for line in self.lines:
            words = plain(_words(line))
            source = ", ".join(map(str, line.premises))
            why = f"{words}: {source}" if source else words
            head = plain(line.label)
            items.append(
                r"\item "
                + (f"{head}: " if head else "")
                + rf"\({_tex_fact(line.statement)}\)"
                + rf" \hfill{{\footnotesize [{why}]}}"
            )
        items.append(r"\end{enumerate}")
        return "\n".join(items)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, for JSON."""
        return {
            "heading": self.heading,
            "statement": str(self.final),
            "steps": [
                {
                    "number": line.number,
                    "label": line.label,
                    "rule": line.rule,
                    "statement": str(line.statement),
                    "premises": list(line.premises),
                }
                for line in self.lines
            ],
            "axioms": list(self.axioms),
            "assumptions": [str(a) for a in self.assumptions],
        }


def _words(line: Line) -> str:
    return RULE_WORDS.get(line.rule, line.rule)


def _listed(title: str, items: list[str]) -> str:
    if not items:
        return f"{title}: nothing."
    return f"{title}:\n" + "\n".join(f"  - {item}" for item in items)


def _tex_fact(fact: Fact) -> str:
    given = sorted(tex_condition(c) for c in fact.conditions)
    if fact.rule == "suppose" and isinstance(fact.inputs[0], Hypothesis):
        given = sorted(tex_condition(c) for c in fact.inputs[0].conditions)
    formula = tex_claim(fact.claim) + (r"\quad\text{if }" + ",\\ ".join(given) if given else "")
    if len(formula) < ONE_LINE:
        return formula
    # a long formula is broken over lines, and brackets that grow would not let it
    return formula.replace(r"\left(", "(").replace(r"\right)", ")")
