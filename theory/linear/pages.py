"""Exact formulas and their arguments as plain text, LaTeX and Markdown."""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from theory.latex import plain, tex, tex_claim
from theory.linear.formula import TEXTBOOK, Formula, Replayed
from theory.pages.tex import document as in_document

KINDS = {
    "Identity": "identity",
    "Positive": "sign",
    "StableBetween": "stability test",
    "Termwise": "term by term",
    "Recursion": "recursion",
    "FromKernel": "kernel",
    "SumIdentity": "sums",
    "SecondMoments": "second moments",
    "Enumeration": "enumeration",
    "Lemma": "formula",
    "Limit": "limit",
}


def statement(formula: Formula, status: str) -> str:
    """What a formula says, in plain text."""
    lines = [f"{formula.name}: {formula.title} ({status})", f"Of {formula.model}"]
    lines += [f"  {name}: {e}" for name, e in formula.expressions.items()]
    lines += [f"  if {condition}" for condition in formula.conditions]
    lines += [f"  where {symbol} is {words}" for symbol, words in formula.symbols.items()]
    lines += [formula.remark] if formula.remark else []
    return "\n".join(lines)


def report(replayed: Replayed) -> str:
    """A checked argument as a page: its steps, what it leans on, how the claim follows."""
    formula = replayed.formula
    lines = [statement(formula, replayed.status), ""]
    for number, step in enumerate((*replayed.argument, *replayed.examples), start=1):
        reach = f", {step.reach}" if step.reach else ""
        lines += [f"{number:3}. {step.shows}  [{_kind(step)}{reach}]", f"       {step.statement}"]
    lines += ["", f"Hence: {formula.reading}"]
    lines += [f"Textbook: {name}: {TEXTBOOK[name]}" for name in formula.uses]
    lines += [f"Not shown: {formula.lacks}"] if formula.lacks else []
    return "\n".join(lines)


def to_dict(replayed: Replayed) -> dict[str, Any]:
    """The same as plain data."""
    formula = replayed.formula
    return {
        "formula": formula.name,
        "status": replayed.status,
        "title": formula.title,
        "model": formula.model,
        "expressions": {name: str(e) for name, e in formula.expressions.items()},
        "conditions": [str(c) for c in formula.conditions],
        "steps": [
            {"shows": s.shows, "kind": _kind(s), "statement": s.statement, "reach": s.reach}
            for s in (*replayed.argument, *replayed.examples)
        ],
        "reading": formula.reading,
        "textbook": list(formula.uses),
        "lacks": formula.lacks,
    }


def _kind(step: Any) -> str:
    return KINDS[type(step).__name__]


def latex(replayed: Replayed) -> str:
    """Formula and argument in LaTeX, without a document around them."""
    formula = replayed.formula
    lines = [rf"\begin{{theorem}}[{plain(formula.title)}]", rf"Of \({formula.model}\):"]
    for name, e in formula.expressions.items():
        lines += [plain(name), rf"\[{e.latex}\]"]
    known = [plain(c) if isinstance(c, str) else rf"\({tex_claim(c)}\)" for c in formula.conditions]
    lines += [f"if {', '.join(known)}."] if known else []
    said = (rf"\({tex(symbol)}\) is {plain(words)}" for symbol, words in formula.symbols.items())
    lines += [f"Here {', '.join(said)}."] if formula.symbols else []
    lines += [r"\end{theorem}", r"\begin{proof}\leavevmode"]
    lines += [r"\begin{enumerate}"]
    for step in (*replayed.argument, *replayed.examples):
        reach = f", {step.reach}" if step.reach else ""
        lines.append(rf"\item {plain(step.shows)} [{_kind(step)}{plain(reach)}]")
        lines += [rf"\[\fit{{{step.latex}}}\]"] if step.latex else []
    lines += [r"\end{enumerate}", plain(formula.reading), r"\end{proof}"]
    lines += [plain(f"Textbook: {'; '.join(TEXTBOOK[name] for name in formula.uses)}.")]
    lines += [plain(f"Not shown: {formula.lacks}")] if formula.lacks else []
    return "\n".join(lines)


def document(formulas: Iterable[Formula]) -> str:
    """A LaTeX document of formulas with their arguments; StepError if one does not replay."""
    return in_document(latex(formula.verify()) for formula in formulas)


def markdown(topics: Iterable[ModuleType]) -> str:
    """All formulas as one page of the catalogue, a section a topic."""
    topics = list(topics)
    formulas = [formula for topic in topics for formula in topic.FORMULAS]
    count = {a: sum(f.status == a for f in formulas) for a in ("proved", "checked", "stated")}
    lines = [
        "# Exact formulas on quadratics",
        "",
        f"{len(formulas)} formulas about one eigenmode of a quadratic: {count['proved']} proved, "
        f"{count['checked']} checked, {count['stated']} stated. The status is computed: `proved` "
        "if every step of the argument replays for all parameters, `checked` if some steps do for "
        "named ones, `stated` otherwise. `staleness prove NAME` prints the argument.",
        "",
    ]
    for topic in topics:
        head, _, rest = (topic.__doc__ or "").strip().partition("\n")
        lines += [f"## {head}", "", rest.strip(), ""]
        for formula in topic.FORMULAS:
            lines += [*_section(formula), ""]
    return "\n".join(lines)


def _section(formula: Formula) -> list[str]:
    own = formula.name.split(".", 1)[1]
    lines = [f"### {own}", "", f"**{formula.title[:1].upper()}{formula.title[1:]}**"]
    lines[-1] += f" ({formula.status})"
    lines += ["", f"Of ${formula.model}$:", ""]
    for name, e in formula.expressions.items():
        lines += [f"- {name}:", "", "```math", e.latex, "```", ""]
    conditions = [c if isinstance(c, str) else f"${tex_claim(c)}$" for c in formula.conditions]
    lines += [f"If {', '.join(conditions)}.", ""] if conditions else []
    said = ", ".join(f"${tex(s)}$ is {words}" for s, words in formula.symbols.items())
    lines += [f"{said}.", ""] if said else []
    lines += [f"Why: {formula.reading}"]
    steps = len(formula.argument) + len(formula.examples)
    lines += ["", f"Argument: {steps} steps (`staleness prove {formula.name}`)."] if steps else []
    lines += ["", f"Textbook: {', '.join(formula.uses)}."] if formula.uses else []
    lines += ["", formula.remark] if formula.remark else []
    lines += ["", f"Not shown: {formula.lacks}"] if formula.lacks else []
    return lines
