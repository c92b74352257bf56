"""Pages a person reads: the report of a proof, the statement, and LaTeX that compiles."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from matplotlib.mathtext import MathTextParser
from sympy import Rational, Sum, sqrt

from theory import results
from theory.latex import minus, plain, ratio, root, smaller, terms, tex, times
from theory.pages import markdown
from theory.pages import tex as tex_pages
from theory.results import dai2019
from theory.symbols import Delta, L, T, eta, k, mu, n, s, sigma, tau

ROOT = Path(__file__).parent.parent.parent
ENGINE = next((e for e in ("tectonic", "latexmk", "pdflatex") if shutil.which(e)), None)


def compiled(page, tmp_path):
    """What LaTeX prints while it makes the PDF; without LaTeX the formulas are parsed instead."""
    source = tmp_path / "page.tex"
    source.write_text(page)
    if ENGINE is None:
        for formula in formulas(page):
            MathTextParser("path").parse(f"${formula}$")
        return ""
    command = {
        "tectonic": ["tectonic", source],
        "latexmk": ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", source],
        "pdflatex": ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source],
    }[ENGINE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
    return done.stdout


@pytest.mark.parametrize("paper", results.PAPERS, ids=lambda p: p.__name__.split(".")[-1])
def test_latex_compiles(paper, tmp_path):
    assert "Overfull" not in compiled(paper.THEOREMS[-1].latex(), tmp_path)


def test_the_whole_catalogue_compiles(tmp_path):
    page = tex_pages.catalogue(results.theorems().values())
    assert page.count(r"\begin{theorem}") == len(results.theorems())
    assert "Overfull" not in compiled(page, tmp_path)


def test_the_pages_in_docs_are_those_of_today():
    """`staleness pages` writes them."""
    papers = {p.__name__.split(".")[-1]: markdown.paper(p) for p in results.PAPERS}
    folder = ROOT / "docs" / "catalogue"
    assert {path.stem for path in folder.glob("*.md")} == {*papers, "README", "linear"}
    for name, page in papers.items():
        assert (folder / f"{name}.md").read_text() == page, f"{name}.md: run `staleness pages`"
    assert (folder / "README.md").read_text() == markdown.index(results.PAPERS)


def test_every_formula_of_the_markdown_pages_is_mathtext():
    for paper in results.PAPERS:
        page = markdown.paper(paper)
        blocks = re.findall(r"```math\n(.*?)\n```", page, re.S)
        inline = re.findall(r"(?<![`\\$])\$([^$\n]+)\$", page)
        assert len(blocks) == len(paper.THEOREMS)
        for formula in [*blocks, *inline]:
            MathTextParser("path").parse(f"${formula}$")


@pytest.mark.parametrize("theorem", results.theorems().values(), ids=lambda t: t.name)
def test_every_formula_of_a_statement_is_mathtext(theorem):
    found = formulas(tex_pages.statement(theorem))
    assert len(found) > len(theorem.assumptions)
    for formula in found:
        MathTextParser("path").parse(f"${formula}$")


@pytest.mark.parametrize("paper", results.PAPERS, ids=lambda p: p.__name__.split(".")[-1])
def test_every_formula_of_a_proof_is_mathtext(paper):
    proved = [t for t in paper.THEOREMS if t.status == "proved"]
    found = formulas(proved[-1].latex())
    assert len(found) > 10
    for formula in found:
        MathTextParser("path").parse(f"${formula}$")


def formulas(page: str) -> list[str]:
    """What stands between \\( and \\) or \\[ and \\], macros of the preamble left out."""
    body = page.split(r"\begin{document}")[-1]
    return [a or b for a, b in re.findall(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", body, re.S)]


def test_a_broken_formula_is_noticed():
    """Negative control of the mathtext check."""
    with pytest.raises(ValueError, match="Expected"):
        MathTextParser("path").parse(r"$\frac{1}{$")


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("true for T >= 5", r"true for T $\geq$ 5"),
        ("a_1 < 2 & x^2 ~ 1%", r"a\_1 $<$ 2 \& x\^{}2 $\approx$ 1\%"),
    ],
)
def test_words_in_latex(words, page):
    assert plain(words) == page


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
