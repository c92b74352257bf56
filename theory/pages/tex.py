r"""Theorems in LaTeX: statements, proofs step by step, and the catalogue as a table.

>>> from theory import results
>>> print(statement(results.lian2015.gradient_descent).splitlines()[0])
\begin{theorem}[gradient descent with bounded delays, without noise]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from theory.latex import plain, tex, tex_claim

if TYPE_CHECKING:
    from theory.theorem import Theorem

DOCUMENT = r"""\documentclass[11pt]{article}
\usepackage[%s]{geometry}
\usepackage{amsmath,amssymb,amsthm,booktabs,graphicx,longtable}
\newcommand{\fit}[1]{%%
  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{\(\displaystyle #1\)}}
\newtheorem*{theorem}{Theorem}
\allowdisplaybreaks
\begin{document}
\raggedright
%s
\end{document}
"""


def statement(theorem: Theorem) -> str:
    """A theorem in LaTeX, without a document around it."""
    items = "\n".join(rf"\item {a.name}: \({a.latex}\)" for a in theorem.assumptions)
    items += "".join(f"\n\\item \\({c}\\)" for c in restrictions(theorem))
    return "\n".join(
        [
            rf"\begin{{theorem}}[{plain(theorem.title)}]",
            rf"Assume \begin{{itemize}}{items}\end{{itemize}}",
            "Then",
            rf"\[{tex(theorem.quantity.expression)}\;\leq\;{theorem.bound.latex}.\]",
            r"\end{theorem}",
        ]
    )


def restrictions(theorem: Theorem) -> list[str]:
    """The step limit, as its author wrote it, and the other conditions, in LaTeX."""
    limit = theorem.step_limit
    first = [] if limit is None else [rf"{theorem.step.latex}\leq {limit.latex}"]
    return [*first, *(tex_claim(c) for c in theorem.conditions)]


def chapter(theorem: Theorem) -> str:
    """Statement and proof (or counterexamples) in LaTeX, without a document around them.

    Raises StepError if the proof does not replay.
    """
    body = [statement(theorem), plain(theorem.provenance)]
    if theorem.refutations:
        broken = "; ".join(str(theorem.refute(c)) for c in theorem.refutations)
        body.append(r"\paragraph{The statement is false.} " + plain(broken) + ".")
    elif theorem.proof is not None:
        body += [r"\begin{proof}\leavevmode", theorem.verify().latex, r"\end{proof}"]
    else:
        body += [r"\paragraph{Not proved here.} " + plain(theorem.lacks)]
    body += [plain(theorem.remark)] if theorem.remark else []
    body += [statement(other) for other in theorem.holds_when]
    return "\n\n".join(body)


def table(theorems: Iterable[Theorem]) -> str:
    """The catalogue as a table: each theorem with its step, what it bounds, and the bound."""
    rows = []
    for theorem in theorems:
        limit = theorem.step_limit
        step = theorem.step.latex if limit is None else rf"{theorem.step.latex}\leq {limit.latex}"
        name = plain(theorem.name).replace(r"\_", r"\_\allowbreak{}")
        cells = (
            rf"{name}\newline {{\footnotesize {theorem.status}}}",
            rf"\fit{{{step}}}",
            rf"\fit{{{tex(theorem.quantity.expression)}}}",
            rf"\fit{{{theorem.bound.latex}}}",
        )
        rows.append(" & ".join(cells) + r" \\[2ex]")
    return TABLE % "\n".join(rows)


TABLE = r"""\begin{longtable}{@{}p{54mm}p{52mm}p{60mm}p{82mm}@{}}
\toprule theorem & step & quantity & bound \\ \midrule
\endhead
%s
\bottomrule
\end{longtable}"""


def catalogue(theorems: Iterable[Theorem], *, proofs: bool = False) -> str:
    """A LaTeX document with the table, then every statement, with its proof if asked for.

    Raises StepError if a proof does not replay.
    """
    several = list(theorems)
    write = chapter if proofs else statement
    return document(["\\small\n" + table(several), *(write(t) for t in several)], wide=True)


def document(chapters: Iterable[str], *, wide: bool = False) -> str:
    """A LaTeX document; a wide one is printed across."""
    paper = "a4paper,landscape,margin=15mm" if wide else "a4paper,margin=25mm"
    return DOCUMENT % (paper, "\n\n".join(chapters))
