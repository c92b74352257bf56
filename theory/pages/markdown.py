r"""Theorems in Markdown, formulas between dollar signs: a table, and a page for each paper.

>>> from theory import results
>>> print(statement(results.lian2015.gradient_descent).splitlines()[2])
**Gradient descent with bounded delays, without noise** (proved)
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING

from theory.latex import tex
from theory.pages.tex import restrictions
from theory.report import Report

if TYPE_CHECKING:
    from theory.theorem import Theorem


def table(theorems: Iterable[Theorem]) -> str:
    """All theorems, a line each, with a link to the page of the paper."""
    lines = ["| theorem | status | what | step |", "| --- | --- | --- | --- |"]
    for theorem in theorems:
        paper, own = theorem.name.split(".", 1)
        link = f"[`{theorem.name}`]({paper}.md#{own})"
        lines.append(f"| {link} | {theorem.status} | {theorem.title} | ${_step(theorem)}$ |")
    return "\n".join(lines)


def statement(theorem: Theorem) -> str:
    """One theorem: what it assumes, the bound, how sure we are, how it is checked."""
    own = theorem.name.split(".", 1)[1]
    lines = [f"## {own}", "", f"**{_capital(theorem.title)}** ({theorem.status})", "", "Assume", ""]
    lines += [f"- {a.name}: ${a.latex}$" for a in theorem.assumptions]
    lines += [f"- ${c}$" for c in restrictions(theorem)]
    quantity = tex(theorem.quantity.expression)
    lines += ["", "Then", "", "```math", rf"{quantity}\;\leq\;{theorem.bound.latex}", "```", ""]
    lines.append(f"Source: {theorem.provenance}")
    lines += ["", theorem.remark] if theorem.remark else []
    for example in theorem.refutations:
        lines += ["", f"False: {theorem.refute(example)}."]
    for example in theorem.attained_by:
        lines += ["", f"Attained: {theorem.attain(example)}."]
    for other in theorem.holds_when:
        lines += ["", f"True where `{other.name}` applies."]
    if theorem.lacks:
        lines += ["", f"Not proved here: {theorem.lacks}"]
    elif theorem.proof is not None and theorem.status == "proved":
        report = Report(theorem.name, theorem.proof())  # replayed for the status
        axioms = ", ".join(f"`{a}`" for a in report.axioms)
        lines += ["", f"Proof: {len(report.lines)} steps (`staleness prove {theorem.name}`)."]
        lines += ["", f"Axioms: {axioms}."]
    return "\n".join(lines)


def paper(module: ModuleType) -> str:
    """The page of a paper: its setting in words, as its file has it, then its theorems."""
    words = (module.__doc__ or "").strip()
    head, _, rest = words.partition("\n")
    parts = [f"# {head}", "", _prose(rest.strip()), ""]
    for theorem in module.THEOREMS:
        parts += [statement(theorem), ""]
    return "\n".join(parts)


def index(papers: Iterable[ModuleType]) -> str:
    """The first page: how to read the others, and the table."""
    theorems = [theorem for module in papers for theorem in module.THEOREMS]
    count = {
        status: sum(t.status == status for t in theorems)
        for status in ("proved", "refuted", "stated")
    }
    return "\n".join(
        [
            "# The catalogue",
            "",
            f"{len(theorems)} theorems: {count['proved']} proved, {count['refuted']} refuted, "
            f"{count['stated']} stated. The status is computed: `proved` if the proof replays, "
            "`refuted` if an exact counterexample does, `stated` otherwise. These pages are "
            "written by `staleness pages`; a test compares them with the theorems.",
            "",
            "Exact formulas about quadratics have [a page of their own](linear.md).",
            "",
            table(theorems),
            "",
        ]
    )


def _step(theorem: Theorem) -> str:
    limit = theorem.step_limit
    return theorem.step.latex if limit is None else rf"{theorem.step.latex}\leq {limit.latex}"


def _prose(words: str) -> str:
    """A docstring in Markdown: indented formulas become blocks of code."""
    lines: list[str] = []
    inside = False
    for line in words.splitlines():
        formula = line.startswith("    ") or (inside and not line.strip())
        if formula and not inside:
            lines.append("```")
        elif inside and not formula:
            while not lines[-1]:
                lines.pop()
            lines += ["```", ""]
        inside = formula
        lines.append(line[4:] if inside else line)
    return "\n".join([*lines, "```"] if inside else lines)


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
