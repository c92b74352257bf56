"""Exact formulas: every one replays, notices a change of its constants, and equals numbers."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser
from sympy import Integer, Rational, lambdify

from theory import linear
from theory.kernel import StepError
from theory.latex import shown
from theory.linear.formula import TEXTBOOK, Formula
from theory.linear.pages import latex, markdown, report, to_dict
from theory.symbols import n
from theory.symbols import tau_max as tau

EVERY = list(linear.formulas().values())
NOT_IN_MATHTEXT = (r"\tfrac", r"\bmod", r"\underbrace")  # LaTeX and browsers know them
CONJECTURES = ("complexity.slack_law",)


@pytest.mark.parametrize("formula", EVERY, ids=str)
def test_every_formula_replays(formula):
    replayed = formula.replayed  # made now
    assert formula.status == replayed.status
    assert formula.name in CONJECTURES or formula.status != "stated"
    assert formula.status == "proved" or len(formula.lacks) > 40
    page = report(replayed)
    assert all(step.statement in page for step in (*replayed.argument, *replayed.examples))
    assert len(to_dict(replayed)["steps"]) == len(replayed.argument) + len(replayed.examples)


def mutants():
    """Each expression with a constant, or a delay, that is off by one; times 8/7 without either."""
    for formula in EVERY:
        if formula.name in CONJECTURES:  # nothing could notice
            continue
        for name in formula.expressions:
            e = formula[name]
            constants = sorted(c for c in e.atoms(Rational) if abs(c) > 1 or c.q > 1)
            changes = {f"constant {c}": e.xreplace({c: c + 1}) for c in constants[:1]}
            changes = changes or {"times 8/7": e * Rational(8, 7)}
            for how, changed in (*changes.items(), ("delay", e.subs(tau, tau + 1))):
                if changed != e:
                    yield pytest.param(formula, name, changed, id=f"{formula}-{name}-{how}")


@pytest.mark.parametrize(("formula", "name", "changed"), list(mutants()))
def test_a_changed_expression_is_noticed(formula, name, changed):
    with pytest.raises(StepError, match=formula.name):
        formula.changed(**{name: changed}).verify()


def test_names_and_topics():
    assert list(linear.formulas()) == [f.name for t in linear.topics() for f in t.FORMULAS]
    for topic in linear.topics():
        own = topic.__name__.rsplit(".", 1)[-1]
        assert all(f.name.startswith(f"{own}.") for f in topic.FORMULAS)
    assert {use for f in EVERY for use in f.uses} <= set(TEXTBOOK)


@pytest.mark.parametrize("topic", linear.TOPICS)
def test_the_latex_is_mathtext(topic):
    """One argument of each topic, and in it what is not long: the parser is slow."""
    formula = next(f for f in EVERY[::-1] if f.name.startswith(f"{topic}."))
    page = latex(formula.replayed)
    found = [a or b for a, b in re.findall(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", page, re.S)]
    assert len(found) > len(formula.expressions)
    for line in found:
        line = line.removeprefix(r"\fit{").removesuffix("}") if r"\fit" in line else line
        if len(line) < 120 and not any(macro in line for macro in NOT_IN_MATHTEXT):
            MathTextParser("path").parse(f"${line}$")
    assert page.count(r"\item") == len(formula.argument) + len(formula.examples)


def test_the_page_of_formulas_is_that_of_today_and_mathtext():
    """`staleness pages` writes it."""
    page = markdown(linear.topics())
    written = (Path(__file__).parent.parent.parent / "docs" / "catalogue" / "linear.md").read_text()
    assert written == page, "linear.md: run `staleness pages`"
    blocks = [b.split("\n```")[0] for b in page.split("```math\n")[1:]]
    assert len(blocks) == sum(len(f.expressions) for f in EVERY)
    for block in blocks:
        MathTextParser("path").parse(f"${block}$")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: linear.find("x"), "there is no formula 'x'; there are constant_delay"),
        (lambda: EVERY[0]["x"], "stability_limit has no expression 'x'; it has limit"),
        (lambda: EVERY[0].at("limit", T=3), "limit has no symbol 'T'; it has tau"),
        (lambda: EVERY[0].changed(x=1), "has no expression 'x'"),
        (lambda: small(uses=("x",)), "leans on 'x', which is not in TEXTBOOK"),
        (lambda: small(expressions={}), "needs at least one expression, got none"),
        (lambda: small(expressions={"e": shown(n)}), "does not say what n means"),
    ],
)
def test_wrong_use_gets_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def small(**more):
    fields = {"expressions": {"one": shown(Integer(1))}, "symbols": {}} | more
    return Formula(name="here.small", title="", model="", reading="", **fields)


def test_the_status_is_computed():
    from theory.linear.steps import Identity, Recursion

    assert small().status == "stated"
    true = Identity(shows="one", left=1, right=1)
    assert small(argue=lambda f: (true,)).status == "proved"
    finite = Recursion(
        shows="ones",
        closed=lambda tau, k: Integer(1),
        first=lambda tau: [1],
        following=lambda tau, values: values[-1],
        delays=(0,),
        upto=3,
    )
    assert small(argue=lambda f: (true, finite)).status == "checked"
    assert small(instances=lambda f: (finite,)).status == "checked"
    assert small(argue=lambda f: (true,), instances=lambda f: (finite,)).status == "proved"
    wrong = Identity(shows="two", left=f"{1}", right=2)
    with pytest.raises(StepError, match=r"here.small, step 2 \(two\): 1 = 2 does not follow"):
        _ = small(argue=lambda f: (true, wrong)).status
    senseless = Identity(shows="sense", left=None, right=2)
    with pytest.raises(StepError, match=r"step 1 \(sense\): the step makes no sense"):
        _ = small(argue=lambda f: (senseless,)).status


def test_a_conjecture_is_one():
    for name in CONJECTURES:
        assert linear.find(name).status == "stated"
        assert "conjecture" in linear.find(name).lacks


# ------------------------------------------------------------------------- against numbers


def number(formula, name, **values):
    """An expression in floating point, symbols given by their names."""
    e = formula[name]
    symbols = sorted(e.free_symbols, key=str)
    return lambdify(symbols, e, "numpy")(*(values[s.name] for s in symbols))


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 16])
def test_the_stability_limit_against_roots(delay):
    limit = number(linear.find("constant_delay.stability_limit"), "limit", tau=delay)
    for factor, inside in ((0.999, True), (1.001, False)):
        tail = [0] * delay + [factor * limit] if delay else [factor * limit - 1]
        roots = np.roots([1, -1, *tail[1:]] if delay else [1, *tail])
        assert bool((np.abs(roots) < 1).all()) == inside
    bound = number(linear.find("constant_delay.largest_delay"), "bound", a=limit)
    assert bound == pytest.approx(delay, abs=1e-9)
