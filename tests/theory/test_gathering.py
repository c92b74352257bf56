"""Gathered inner products: shorter to read, and the same thing."""

import random

import pytest
from sympy import Rational

from theory.algebra import is_zero
from theory.claims import readable
from theory.gathering import Gathered, gathered
from theory.hilbert import Inner, fixed, grad, iterate, noise, squared_norm
from theory.latex import tex
from theory.symbols import L, eta, r, sigma, t

x, xi, star = iterate("x"), noise("xi"), fixed("x_star")
g, old = grad("F", x(t)), grad("F", x(r(t)))
VECTORS = (x(t), x(r(t)), star, g, old, xi(t))


def expanded(e):
    return e.replace(lambda a: isinstance(a, Gathered), lambda a: Inner(*a.args))


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_same_expression(seed):
    chance = random.Random(seed)

    def vector():
        chosen = chance.sample(VECTORS, chance.randint(1, 4))
        return sum(
            Rational(chance.choice([-2, -1, 1, 3]), chance.choice([1, 2])) * a for a in chosen
        )

    weights = [1, -1, L, eta(t) ** 2 / 2, -3 * L * eta(t), sigma]
    e = sum(chance.choice(weights) * Inner(vector(), vector()) for _ in range(3))
    e += sum(chance.choice(weights) * squared_norm(vector()) for _ in range(2)) + sigma**2
    assert is_zero(expanded(gathered(e)) - e)


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (squared_norm(x(t) - star), "|x[t] - x_star|^2"),
        (squared_norm(star - x(t)), "|x[t] - x_star|^2"),
        (-3 * squared_norm(x(t) - x(r(t)) - 2 * g), "-3*|x[t] - x[r[t]] - 2*grad F(x[t])|^2"),
        (Inner(g, x(t) - star), "<grad F(x[t]), x[t] - x_star>"),
        (Inner(g - old, x(t) - star), "<x[t] - x_star, grad F(x[t]) - grad F(x[r[t]])>"),
        (
            squared_norm(x(t) - star) - squared_norm(x(t + 1) - star),
            "|x[t] - x_star|^2 - |x[t + 1] - x_star|^2",
        ),
        (
            L * squared_norm(x(t) - star) + squared_norm(g) / 2,
            "L*|x[t] - x_star|^2 + |grad F(x[t])|^2/2",
        ),
        (Inner(x(t), star), "<x_star, x[t]>"),
    ],
)
def test_what_a_person_reads(e, text):
    assert readable(e) == text


def test_a_page_shows_it():
    assert tex(squared_norm(x(t) - star)) == r"\mathbb{E}\|x_{t} - x_\star\|^2"
    assert tex(Inner(g, x(t) - star)) == (
        r"\mathbb{E}\langle \nabla F(x_{t}),x_{t} - x_\star\rangle"
    )
