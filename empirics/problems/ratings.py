"""Matrix factorisation of ratings, most of which are not known, with minibatches of ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems import ratings_constants as constants
from empirics.problems import ratings_data
from empirics.problems.base import Array, flag, real, whole
from empirics.problems.factors import Factors, factors
from empirics.problems.finite_sum import WIDE, FiniteSum, first_iterate
from empirics.problems.minibatch import minibatches
from empirics.problems.ratings_data import Ratings
from empirics.problems.regions import ball

WHO = "ratings"
USUAL = {"users": 60, "items": 40, "true_rank": 2, "density": 0.5, "noise": 0.0, "data_seed": 0}
HUGE = 5000  # dimensions from which tiles are narrower still: their iterates fill the cache
SPREAD = 0.1  # standard deviation of the products at the start, over that of the ratings


def ratings(
    data: str | ArrayLike | None = None,
    *,
    rank: int = 2,
    l2: float = 0.0,
    batch: int = 16,
    replacement: bool = True,
    centre: bool = False,
    radius: float | None = None,
    seed: int = 0,
    start: ArrayLike | None = None,
    users: int | None = None,
    items: int | None = None,
    true_rank: int | None = None,
    density: float | None = None,
    noise: float | None = None,
    data_seed: int | None = None,
) -> RatingsProblem:
    r"""Factors of users and items whose products are to be the ratings that are known.

    .. math:: f(U, V) = \frac{1}{2 N} \sum_{k=1}^N (\langle u_{i_k}, v_{j_k} \rangle - r_k)^2
                        + \frac{l_2}{2} (\|U\|_F^2 + \|V\|_F^2), \qquad
              x = (U, V) \text{ row by row}

    Parameters: data, the path of a file of MovieLens (u.data, ratings.dat or ratings.csv), a matrix
    with nan where there is no rating, or a tuple (users, items, ratings) of lists; none for a set
    that is generated: users by items, the product of factors of true_rank, of whose entries a share
    density is known up to errors of standard deviation noise, drawn from data_seed (60 by 40 of
    rank 2, half of them known, without errors, unless given). rank, factors of each user and item;
    l2 >= 0; batch, ratings a minibatch, drawn with or without replacement; centre, whether to
    subtract the mean rating; radius = r, see below; seed of the start, the same for all replicas:
    normal, with products a tenth as spread as the ratings; start = x_0, (dim,), instead of that.
    Raises ValueError if an argument is not of its kind, or the start lies outside the ball.

    Constants: the infimum is exact where every entry is known once (the singular values s beyond
    the first `rank` are lost, see below, and with l2 the others shrink; without l2 the sharpness at
    the balanced minimiser is 2 |R|_2/N, as in `matrix_factorisation`), and where a generated set
    without errors is fitted without l2, with a rank large enough: 0, as anywhere else, where it is
    a bound only. All others need a region, |x| <= r, as curvature grows with the factors; r is
    sqrt 2 times the norm of the minimiser or the start unless given, and there is no region if no
    minimiser is known. In it, with R the matrix of the r_k, |.|_2 its largest singular value and
    |E|_2 <= |R|_2 + r^2/2 for the matrix E of errors, they are bounds (if an entry is rated m
    times, with m r^2 for r^2 in what is a sum over ratings):

    - L = (3 r^2/2 + |R|_2)/N + l2 and mu_sc = -(r^2/2 + |R|_2)/N + l2: along (X, Y) the curvature
      is (|X V' + U Y'|^2 over the ratings + 2 <E, X Y'>)/N + l2, and |X V' + U Y'| <= |x| |(X, Y)|.
      They are attained where N = 1.
    - gradient_bound = ((|R|_2 + r^2/2)/N + l2) r, as grad_U f = E V/N + l2 U.
    - sigma^2 = v r^2 (|R|_F + r^2/2)^2/N, where v is the share of the minibatches, for rating k
      gives a gradient at most |e_k| r long. second_moment: sigma^2 + gradient_bound^2.
    - noise_bound: from the lengths (|r_k| + r^2/2) r, see `Minibatches.farthest`.

    With l2 and every entry known the infimum is that of (|X - R|_F^2/2 + t |X|_*)/N over X of the
    rank, t = N l2, since |U|_F^2 + |V|_F^2 >= 2 |U V'|_* [Srebro et al.]: the largest s become
    max(s - t, 0) [von Neumann's inequality].

    >>> problem = ratings()
    >>> problem.dim, problem.constants["infimum"].provenance, problem.picks.rows
    (200, 'exact', 1200)
    >>> float(problem.rmse(problem.start).round(2)), float(problem.rmse(problem.minimiser).round(9))
    (0.82, 0.0)

    Source: Eckart, Young 1936; Srebro, Rennie, Jaakkola, Maximum-margin matrix factorization, NIPS
    2004; Koren, Bell, Volinsky, Matrix factorization techniques for recommender systems, 2009.
    """
    shape = {
        "users": users,
        "items": items,
        "true_rank": true_rank,
        "density": density,
        "noise": noise,
        "data_seed": data_seed,
    }
    table = _table(data, {key: value for key, value in shape.items() if value is not None})
    k, ridge = whole(WHO, "rank", rank, 1, sum(table.shape)), real(WHO, "l2", l2, 0)
    picks = minibatches(WHO, len(table.values), batch, replacement)
    centred = flag(WHO, "centre", centre)
    values = table.values - table.values.mean() if centred else table.values
    loss = factors(table.users, table.items, values, table.shape, k)
    whole(WHO, "seed", seed, 0, np.inf)
    x = _start(loss, seed) if start is None else first_iterate(WHO, start, loss.dim)
    lowest = constants.lowest(loss, ridge, None if centred else table.truth)
    if radius is not None:
        r: float | None = real(WHO, "radius", radius, 0, ends="()")
    elif lowest.at is None or x.shape != (loss.dim,) or not np.isfinite(x).all():
        r = None
    else:
        r = float(np.sqrt(2) * max(np.linalg.norm(lowest.at), np.linalg.norm(x)))
    if r is not None and x.shape == (loss.dim,) and np.linalg.norm(x) > r:
        raise ValueError(
            f"{WHO} needs a start with |x| <= {r:.4g}, the radius of the region, got "
            f"{np.linalg.norm(x):.4g}; raise the radius"
        )
    return RatingsProblem(
        name="matrix factorisation of ratings",
        dim=loss.dim,
        start=x,
        constants={
            **({} if r is None else constants.in_ball(loss, picks, ridge, r)),
            **lowest.sharpness,
            "infimum": lowest.value,
        },
        settings={
            "kind": "ratings",
            "data": table.source,
            **table.facts,
            "rank": k,
            "l2": ridge,
            "batch": picks.size,
            "replacement": picks.replacement,
            "centre": centred,
            "radius": None if radius is None else r,
            "seed": seed,
            "start": None if start is None else x.tolist(),
        },
        lanes=256 if loss.dim < WIDE else 64 if loss.dim < HUGE else 4,
        sample_size=picks.size,
        minimiser=lowest.at,
        region=None if r is None else ball(np.zeros(loss.dim), r),
        loss=loss,
        l2=ridge,
        picks=picks,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class RatingsProblem(FiniteSum):
    """What `ratings` makes: a finite sum of squared errors of the ratings."""

    loss: Factors

    def rmse(self, x: Array) -> Array:
        """Root of the mean squared error of the ratings that are known: (..., dim) -> (...)."""
        return np.asarray(np.sqrt(2 * self._by_rows(self.loss.value, x)))


def _table(data: str | ArrayLike | None, shape: dict[str, object]) -> Ratings:
    if data is None:
        numbers = {**USUAL, **shape}
        rank = numbers.pop("true_rank")
        seed = numbers.pop("data_seed")
        return ratings_data.generated(rank=rank, seed=seed, **numbers, who=WHO)  # type: ignore[arg-type]
    if shape:
        raise ValueError(
            f"{WHO} needs {', '.join(shape)} for a generated set only, got them beside data; drop "
            "one or the other"
        )
    if isinstance(data, str):
        return ratings_data.read(data, who=WHO)
    return ratings_data.given(data, who=WHO)


def _start(loss: Factors, seed: int) -> Array:
    """Entries of variance v with rank v^2 = (SPREAD std r)^2."""
    spread = SPREAD * (float(loss.values.std()) or 1.0)
    size = np.sqrt(spread / np.sqrt(loss.rank))
    return np.asarray(size * np.random.default_rng(seed).standard_normal(loss.dim))
