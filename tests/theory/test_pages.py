"""Pages a person reads: the report of a proof, the statement, and LaTeX that compiles."""

import re
import shutil
import subprocess

import pytest
from matplotlib.mathtext import MathTextParser
from sympy import Rational, Sum, sqrt

from theory.latex import minus, ratio, root, smaller, terms, tex, times
from theory.results import dai2019
from theory.symbols import Delta, L, T, eta, k, mu, n, s, sigma, tau

ENGINE = next((e for e in ("tectonic", "latexmk", "pdflatex") if shutil.which(e)), None)


@pytest.mark.parametrize("theorem", dai2019.THEOREMS, ids=lambda t: t.name.split(".")[1])
def test_latex_compiles(theorem, tmp_path):
    source = tmp_path / "page.tex"
    source.write_text(theorem.latex())
    if ENGINE is None:  # then at least every formula is well formed
        for formula in formulas(source.read_text()):
            MathTextParser("path").parse(f"${formula}$")
        return
    command = {
        "tectonic": ["tectonic", source],
        "latexmk": ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", source],
        "pdflatex": ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source],
    }[ENGINE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
    assert "Overfull" not in done.stdout


@pytest.mark.parametrize("theorem", dai2019.THEOREMS, ids=lambda t: t.name.split(".")[1])
def test_every_formula_is_mathtext(theorem):
    found = formulas(theorem.latex())
    assert len(found) >= len(theorem.assumptions)
    for formula in found:
        MathTextParser("path").parse(f"${formula}$")


def formulas(page: str) -> list[str]:
    """What stands between \\( and \\) or \\[ and \\]."""
    return [a or b for a, b in re.findall(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", page, re.S)]


def test_a_broken_formula_is_noticed():
    """Negative control of the mathtext check."""
    with pytest.raises(ValueError, match="Expected"):
        MathTextParser("path").parse(r"$\frac{1}{$")


def test_the_report_is_a_page():
    report = dai2019.sharp.verify()
    page = str(report)
    assert page.startswith("dai2019.sharp: Theorem 1 with sharp constants")
    for line in report.lines:
        assert f"{line.number:3}. {line.label}".rstrip() in page
        assert all(p < line.number for p in line.premises)
    assert "Assumes:\n  - bounded below(F, F_star)" in page
    data = report.to_dict()
    assert len(data["steps"]) == len(report.lines)
    assert data["statement"] == str(report.final)


def test_the_statement_says_what_is_assumed_and_from_where():
    text = dai2019.published.statement
    for words in ("gradient coherence", "s L Delta/mu^2", "as recalled", "is unknown"):
        assert words in text
    assert "T - 1 steps" in dai2019.constant_step.statement


def test_layout_keeps_the_authors_order_and_the_same_expression():
    bound = ratio(terms(times(s, L, Delta), sigma**2, minus(mu)), root(T))
    assert str(bound) == "(s L Delta + sigma^2 - mu)/sqrt(T)"
    assert bound.latex == r"\frac{s\,L\,\Delta + \sigma^{2} - \mu}{\sqrt{T}}"
    assert bound.expression == (s * L * Delta + sigma**2 - mu) / sqrt(T)
    assert str(times(terms(1, mu), L)) == "(1 + mu) L"
    assert str(smaller(L, ratio(1, times(2, mu)))) == "min(L, 1/(2 mu))"
    assert str(ratio(1, ratio(L, mu))) == "1/(L/mu)"


@pytest.mark.parametrize(
    ("expression", "page"),
    [
        (eta(k) ** 2, r"\eta_{k}^{2}"),
        (tau(k + 1), r"\tau_{k + 1}"),
        (Sum(1 / k, (k, 1, n)), r"\sum_{k=1}^{n} \frac{1}{k}"),
        ((1 + L) * Sum(eta(k), (k, 1, n)), r"\left(L + 1\right)\,\sum_{k=1}^{n} \eta_{k}"),
        (Rational(1, 2) * mu, r"\frac{\mu}{2}"),
    ],
)
def test_formulas_in_latex(expression, page):
    assert tex(expression) == page
