r"""Theorems as pages: plain text, and LaTeX that compiles.

>>> from theory import results
>>> print(statement(results.dai2019.published).splitlines()[0])
dai2019.published: Theorem 1, minimum over the T iterates k = 1..T
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from theory.latex import tex, tex_claim

if TYPE_CHECKING:
    from theory.theorem import Theorem

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


def statement(theorem: Theorem) -> str:
    """A theorem in plain text: what it assumes, what it claims, where it comes from."""
    lines = [f"{theorem.name}: {theorem.title}"]
    lines += ["Assume"] + [f"  - {a}" for a in theorem.assumptions]
    lines += [f"  - {c}" for c in theorem.restrictions]
    lines += [
        f"Then {theorem.quantity.words}",
        f"  <= {theorem.bound}",
        theorem.provenance,
    ]
    lines += [theorem.remark] if theorem.remark else []
    lines += [f"Not proved here: {theorem.lacks}"] if theorem.lacks else []
    return "\n".join(lines)


def latex_statement(theorem: Theorem) -> str:
    """A theorem in LaTeX, without a document around it."""
    items = "\n".join(rf"\item {a.name}: \({a.latex}\)" for a in theorem.assumptions)
    items += "".join(f"\n\\item \\({tex_claim(c)}\\)" for c in theorem.restrictions)
    return "\n".join(
        [
            rf"\begin{{theorem}}[{plain(theorem.title)}]",
            rf"Assume \begin{{itemize}}{items}\end{{itemize}}",
            "Then",
            rf"\[{tex(theorem.quantity.expression)}\;\leq\;{theorem.bound.latex}.\]",
            r"\end{theorem}",
        ]
    )


def latex_chapter(theorem: Theorem) -> str:
    """Statement and proof (or counterexamples) in LaTeX, without a document around them.

    Raises StepError if the proof does not replay.
    """
    body = [latex_statement(theorem), plain(theorem.provenance)]
    if theorem.refutations:
        broken = "; ".join(str(theorem.refute(c)) for c in theorem.refutations)
        body.append(r"\paragraph{The statement is false.} " + plain(broken) + ".")
    elif theorem.proof is not None:
        body += [r"\begin{proof}\leavevmode", theorem.verify().latex, r"\end{proof}"]
    else:
        body += [r"\paragraph{Not proved here.} " + plain(theorem.lacks)]
    body += [plain(theorem.remark)] if theorem.remark else []
    body += [latex_statement(other) for other in theorem.holds_when]
    return "\n\n".join(body)


def document(chapters: Iterable[str]) -> str:
    """A LaTeX document."""
    return DOCUMENT % "\n\n".join(chapters)


def plain(words: str) -> str:
    """Plain words for LaTeX."""
    for special in "_&%#":
        words = words.replace(special, "\\" + special)
    return words.replace("<=", r"$\leq$").replace("^", r"\^{}").replace("~", r"$\approx$")
