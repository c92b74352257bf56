r"""Theorems as pages: plain text here, LaTeX in `tex`, Markdown in `markdown`.

>>> from theory import results
>>> print(statement(results.dai2019.published).splitlines()[0])
dai2019.published: Theorem 1, minimum over the T iterates k = 1..T
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from theory.pages import markdown, tex

if TYPE_CHECKING:
    from theory.theorem import Theorem


def statement(theorem: Theorem) -> str:
    """A theorem in plain text: what it assumes, what it claims, where it comes from."""
    lines = [f"{theorem.name}: {theorem.title}"]
    lines += ["Assume"] + [f"  - {a}" for a in theorem.assumptions]
    lines += [f"  - eta <= {theorem.step_limit}"] if theorem.step_limit is not None else []
    lines += [f"  - {c}" for c in theorem.conditions]
    lines += [
        f"Then {theorem.quantity.words}",
        f"  <= {theorem.bound}",
        theorem.provenance,
    ]
    lines += [theorem.remark] if theorem.remark else []
    lines += [f"Not proved here: {theorem.lacks}"] if theorem.lacks else []
    return "\n".join(lines)


__all__ = ["markdown", "statement", "tex"]
