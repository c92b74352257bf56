"""A problem from somebody's own functions of one point."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, Problem, flag, real, whole
from empirics.problems.calling import Calling
from empirics.problems.declared import declared
from empirics.problems.fingerprint import fingerprint, named
from empirics.problems.minibatch import Minibatches, minibatches
from empirics.problems.regions import Region
from empirics.problems.sending import packed, unpacked

LOOP, TOGETHER, WIDE = 32, 256, 64  # lanes: point by point, all at once, and the latter from 500
TRIES = 16  # generators with which a new stochastic gradient is tried


def from_functions(
    value: Callable[..., Any],
    gradient: Callable[..., Any],
    stochastic_gradient: Callable[..., Any] | None = None,
    *,
    start: ArrayLike,
    constants: Mapping[str, float | Constant] | None = None,
    L: float | None = None,
    mu_sc: float | None = None,
    sigma: float | None = None,
    infimum: float | None = None,
    minimiser: ArrayLike | None = None,
    within: float = 0.0,
    region: Region | None = None,
    noise: str | None = None,
    noise_variance: Callable[..., Any] | None = None,
    rows: int | None = None,
    batch: int | None = None,
    replacement: bool = True,
    vectorised: bool = False,
    name: str = "own",
) -> FromFunctions:
    r"""A problem made of plain NumPy functions of ONE point x, an array of shape (dim,).

    .. math:: f = \texttt{value}, \qquad \nabla f = \texttt{gradient}, \qquad
              g = \texttt{stochastic\_gradient}, \quad E\,g = \nabla f(x)

    Parameters: value(x), a number; gradient(x), dim numbers; start = x_0, whose length is dim.
    The noise is one of

    - none: leave out the rest, and gradients are full ones;
    - sigma = a number: independent coordinates of variance sigma^2/dim each are added, "two-point"
      or "gaussian" as `noise` says;
    - stochastic_gradient(x, rng): all its random numbers come from rng, a NumPy Generator made for
      this replica and update alone, so that a run has the same bits again, whatever the number of
      replicas, processes or updates drawn ahead;
    - stochastic_gradient(x, i) with rows = n: i is one of n rows of data, drawn uniformly; with
      batch = b an array of b rows, over which the function takes the mean, with replacement or,
      replacement=False, b different ones. The variance of the noise is then computed exactly, from
      all n rows.

    What you know of the function: constants, by the names of `problems.base.KEYS` (L, mu_sc, sigma
    and infimum have arguments of their own), numbers, which count as bounds "declared by the user",
    or whole `Constant` records; with a stochastic gradient sigma is what you declare of it. What is
    left out is unknown. minimiser, (dim,), known up to `within`; region, where the constants hold
    and outside of which the functions need not be defined; noise_variance(x), E|xi|^2, if you know
    it exactly. `Problem.audit` tries to refute all of that.

    vectorised=True: the functions take many points at once, (n, dim), and return (n,) or (n, dim);
    rng is then one generator for all points, from which every point must draw for itself; rows are
    (n,), with batch = b (n, b). It is faster, as otherwise the points are gone through one by one.

    An integer or a number of single precision counts as double, an array of one element as a
    number, and a function may change the x it gets. Raises ValueError, in one sentence, if one
    raises (which, where and what it said), returns something else than it should, is not the same
    when it is called again, or declares what cannot be. A run in which a function returns "not a
    number" at an ordinary point of the region stops with such a sentence, too.

    The settings hold a hash of the functions: of their code, of the numbers and arrays they use,
    and of their values near the start. What a function reads from elsewhere is not in it.

    >>> saddle = from_functions(
    ...     value=lambda x: x[0] ** 2 - x[1] ** 2 + x[1] ** 4,
    ...     gradient=lambda x: np.array([2 * x[0], -2 * x[1] + 4 * x[1] ** 3]),
    ...     start=[1, 0.1],
    ...     sigma=0.1,
    ...     infimum=-0.25,
    ...     name="saddle",
    ... )
    >>> saddle.gradient(saddle.start), saddle.constants["infimum"].why
    (array([ 2.   , -0.196]), 'declared by the user')
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"from_functions needs a name in words, got {name!r}")
    x = _vector(name, "start", start)
    flag(name, "vectorised", vectorised)
    given = {"value": value, "gradient": gradient}
    optional = {"stochastic_gradient": stochastic_gradient, "noise_variance": noise_variance}
    given |= {what: f for what, f in optional.items() if f is not None}
    for what, function in given.items():
        _takes(name, what, function, 2 if what == "stochastic_gradient" else 1)
    if region is not None:
        if not isinstance(region, Region):
            raise ValueError(f"{name} needs region = a ball, a box or none, got {region!r}")
        if not region.contains(x):
            raise ValueError(f"{name} needs a start in its region {region.words}, got {x}")
    kind = _kind(name, stochastic_gradient, noise_variance, sigma, noise, rows, batch)
    if not flag(name, "replacement", replacement) and kind != "rows":
        raise ValueError(f"{name} needs rows = n, how many there are, beside replacement = False")
    picks = minibatches(name, rows, batch or 1, replacement) if kind == "rows" and rows else None
    best = None if minimiser is None else _vector(name, "minimiser", minimiser)
    known = declared(name, constants, L=L, mu_sc=mu_sc, sigma=sigma, infimum=infimum)
    size = {"none": 0, "added": len(x), "generator": 2, "rows": batch or 1}[kind]
    problem = FromFunctions(
        name=name,
        dim=len(x),
        start=x,
        constants=known,
        settings={},
        lanes=LOOP if not vectorised else TOGETHER if len(x) < 500 else WIDE,
        sample_size=size,
        minimiser=best,
        within=real(name, "within", within, 0),
        region=region,
        functions=given,
        vectorised=bool(vectorised),
        noise=noise or "two-point",
        scale=0.0 if kind != "added" else known["sigma"].value / float(np.sqrt(len(x))),
        picks=picks,
        batch=batch,
    )
    if kind == "none":
        known["sigma"] = _exact(0.0, "the gradients are full ones")
    elif kind == "added":
        known["sigma"] = _exact(known["sigma"].value, "standard deviation of the noise added")
        problem = replace(problem, sample_size=size if known["sigma"].value else 0)
    _try_out(problem)
    if best is not None and "infimum" not in known:
        lowest = float(problem.value(best))
        known["infimum"] = Constant(
            value=lowest, provenance="bound", why="value at the minimiser the user declares"
        )
    settings = {
        "kind": "from functions",
        "name": name,
        **{what: named(function) for what, function in given.items()},
        "sha256": fingerprint(problem, given),
        "start": x.tolist(),
        "constants": {key: [c.value, c.provenance] for key, c in known.items()},
        "minimiser": None if best is None else best.tolist(),
        "within": problem.within,
        "region": None if region is None else dict(region.settings),
        "noise": problem.noise if kind == "added" else kind,
        "rows": rows,
        "batch": batch,
        "replacement": bool(replacement),
        "vectorised": problem.vectorised,
    }
    return replace(problem, constants=known, settings=settings)


@dataclass(frozen=True, eq=False, kw_only=True)
class FromFunctions(Problem):
    """What `from_functions` makes.

    Fields beyond Problem: functions, by what they compute; vectorised; noise, the law of what is
    added, and scale, the standard deviation of a coordinate of it; picks, the minibatches if there
    are rows; batch. A sample is what is added, (lanes, dim); or the key of a generator, (lanes, 2),
    the same for all lanes if these are computed at once; or rows, (lanes, batch). It can be sent to
    other processes if its functions can: they are defined with `def` at the top of a module.
    """

    functions: Mapping[str, Callable[..., Any]]
    vectorised: bool
    noise: str
    scale: float
    picks: Minibatches | None
    batch: int | None

    def value(self, x: Array) -> Array:
        return self._everywhere("value", x)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        result = np.empty(x.shape) if out is None else out
        flat = result.reshape(-1, self.dim)
        self._calling("gradient", (self.dim,)).fill(x.reshape(-1, self.dim), flat)
        if not np.may_share_memory(flat, result):  # of an `out` that is no plain block of memory
            result[...] = flat.reshape(x.shape)
        return result

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> NDArray[Any]:
        if "stochastic_gradient" not in self.functions:
            if not self.sample_size:
                return np.empty((steps, lanes, 0))
            return noises.draw(self.noise, self.scale, generator, steps, (lanes, self.dim))
        if self.picks:
            return self.picks.draw(generator, steps, lanes)
        keys = 1 if self.vectorised else lanes
        drawn = generator.integers(0, 2**64 - 1, (steps, keys, 2), dtype=np.uint64, endpoint=True)
        return drawn if keys == lanes else drawn.repeat(lanes, axis=1)

    def stochastic_gradient(self, x: Array, sample: NDArray[Any], out: Array) -> None:
        if "stochastic_gradient" not in self.functions:
            self.gradient(x, out)
            if self.sample_size:
                np.add(out, sample, out=out)
            return
        calling = self._calling("stochastic_gradient", (self.dim,))
        if self.picks:
            calling.fill(x, out, sample if self.batch else sample[:, 0])
        elif not self.vectorised:
            calling.fill(x, out, _Keyed(sample))
        elif (sample == sample[0]).all():
            calling.fill(x, out, _Keyed(sample)[0])
        else:  # samples applied again, of several times: each as it was drawn, for all lanes
            part = np.empty_like(out)
            for key in np.unique(sample, axis=0):
                lanes = (sample == key).all(axis=1)
                calling.fill(x, part, _Keyed(key[None])[0])
                out[lanes] = part[lanes]

    def noise_variance(self, x: Array) -> Array:
        """Exact for noise that is added and for rows; else what the user says, or not a number."""
        if "noise_variance" in self.functions:
            return self._everywhere("noise_variance", x)
        if "stochastic_gradient" not in self.functions:
            return np.full(x.shape[:-1], self.dim * self.scale**2)
        if not self.picks:
            return np.full(x.shape[:-1], np.nan)
        flat = x.reshape(-1, self.dim)
        mean, one = self.gradient(flat), np.empty(flat.shape)
        total = np.zeros(len(flat))
        calling = self._calling("stochastic_gradient", (self.dim,))
        for row in range(self.picks.rows):
            calling.fill(flat, one, np.full((len(flat), 1) if self.batch else len(flat), row))
            total += np.square(one - mean).sum(axis=1)
        return np.asarray(total / self.picks.rows * self.picks.share).reshape(x.shape[:-1])

    def _everywhere(self, what: str, x: Array) -> Array:
        """A function with one number for each point, (..., dim) -> (...)."""
        flat = x.reshape(-1, self.dim)
        out = np.empty(len(flat))
        self._calling(what, ()).fill(flat, out)
        return out.reshape(x.shape[:-1])

    def _calling(self, what: str, shape: tuple[int, ...]) -> Calling:
        return Calling(
            who=self.name,
            what=what,
            call=self.functions[what],
            shape=shape,
            vectorised=self.vectorised,
            start=self.start,
            region=self.region,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "functions": packed(self.name, self.functions)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, functions=unpacked(state["functions"]))


class _Keyed:
    """Generators, one for each of the keys, (n, 2); making one anew would take ten times as long.

    Philox turns a key and a counter into numbers, so streams of different keys are independent.
    """

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys, self._bits = keys, np.random.Philox(key=0)
        self._generator, self._fresh = np.random.Generator(self._bits), self._bits.state

    def __getitem__(self, i: int) -> np.random.Generator:
        """The generator of this key, as if it was new; it is the one object each time."""
        self._fresh["state"]["key"] = self._keys[i]
        self._bits.state = self._fresh
        return self._generator


def _exact(value: float, why: str) -> Constant:
    return Constant(value=value, provenance="exact", why=why)


def _vector(who: str, what: str, value: ArrayLike) -> Array:
    """A point: a list of numbers, or one number if dim = 1."""
    try:
        found = np.array(value, dtype=np.float64, ndmin=1)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise ValueError(f"{who} needs a finite {what} of shape (dim,), got {value!r}")
    return found


def _takes(who: str, what: str, function: Any, arguments: int) -> None:
    """Refuse what is no function of so many arguments."""
    if not callable(function):
        raise ValueError(f"{who} needs {what} to be a function, got {function!r}")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C: it does not say
        return
    try:
        signature.bind(*range(arguments))
    except TypeError:
        takes = f"{what}(x)" if arguments == 1 else f"{what}(x, rng), or (x, i) with rows = n"
        raise ValueError(f"{who} needs {takes}, got {what}{signature}") from None


def _kind(
    who: str,
    stochastic_gradient: Any,
    noise_variance: Any,
    sigma: float | None,
    noise: str | None,
    rows: int | None,
    batch: int | None,
) -> str:
    """What makes the noise: "none", "added", "generator" or "rows"."""
    if rows is not None:
        whole(who, "rows", rows, 1)
    if batch is not None:
        whole(who, "batch", batch, 1)
        if rows is None:
            raise ValueError(f"{who} needs rows = n, how many there are, beside batch = {batch}")
    if stochastic_gradient is None:
        for what, given in (("rows", rows), ("noise_variance", noise_variance)):
            if given is not None:
                raise ValueError(f"{who} needs a stochastic_gradient for {what}, got none")
        if noise is not None and sigma is None:
            raise ValueError(f"{who} needs sigma = a number for {noise!r} noise, got none")
        if noise is not None:
            noises.needs_variance(who, noise)
        return "none" if sigma is None else "added"
    if noise is not None:
        raise ValueError(
            f"{who} needs either a stochastic_gradient or added noise, got both; leave out "
            f"noise = {noise!r}"
        )
    return "generator" if rows is None else "rows"


def _try_out(problem: FromFunctions) -> None:
    """Call everything where it has to work, at the start, and twice: each time must be the same."""
    x = np.stack([problem.start] * 2)
    who = problem.name
    for what in ("value", "gradient", "noise_variance"):
        if what not in problem.functions:
            continue
        function = getattr(problem, what)
        one = function(x)
        if not np.isfinite(one).all():
            raise ValueError(f"{who} needs a finite {what} at the start, got {one[0]}")
        if not np.array_equal(one, function(x)):
            raise ValueError(f"{who} needs {what} to be the same at the same x, got two answers")
    if "stochastic_gradient" not in problem.functions:
        return
    generator = np.random.default_rng(0)
    x = np.stack([problem.start] * 8)
    samples = problem.draw(generator, TRIES, len(x))
    found, again = np.empty((2, TRIES, *x.shape))
    for k, sample in enumerate(samples):
        problem.stochastic_gradient(x, sample, found[k])
        problem.stochastic_gradient(x, sample, again[k])
    if not np.isfinite(found).all():
        raise ValueError(f"{who} needs finite stochastic gradients at the start, got {found[0, 0]}")
    if not np.array_equal(found, again):
        raise ValueError(
            f"{who} needs stochastic_gradient to draw all random numbers from what it is given, "
            "got two answers for the same x and numbers; is np.random in it?"
        )
    alike = (found == found[:, :1]).all()
    if problem.vectorised and not problem.picks and alike and (found != found[0]).any():
        raise ValueError(
            f"{who} needs stochastic_gradient to draw for each of the (n, dim) points, got the "
            "same noise at all of them; ask rng for numbers of shape x.shape or (n, ...)"
        )
