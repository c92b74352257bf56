r"""Multilayer perceptrons on real data, many replicas at once, with gradients written by hand.

.. math:: h_0 = x, \quad h_l = \phi(W_l' h_{l-1} + b_l), \quad z = W' h_D + b, \quad
          f = \frac1n \sum_i \Big(\log \sum_k e^{z_{ik}} - z_{i y_i}\Big) + \frac{l_2}{2} |w|^2
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems.base import Array, Constant, Problem, whole
from empirics.problems.datasets import table
from empirics.problems.minibatch import Minibatches, minibatches
from empirics.problems.multinomial import softmax_bounds

LANES = 32  # wide enough for the loops over layers, narrow enough for the cache


def perceptron(
    data: str | tuple[ArrayLike, ArrayLike] = "digits-multinomial",
    *,
    depth: int = 1,
    width: int = 32,
    batch: int = 32,
    replacement: bool = True,
    activation: Literal["relu", "tanh"] = "relu",
    precision: Literal["double", "single"] = "double",
    l2: float = 0.0,
    seed: int = 0,
    classes: Sequence[Any] | None = None,
    standardise: bool = True,
    label: int | str = -1,
) -> Perceptron:
    """A classifier with `depth` hidden layers of `width` units; its minibatches are its noise.

    Parameters: data, classes, standardise and label as for `logistic`; depth D >= 0, 0 being
    softmax regression; width; batch, rows a minibatch, drawn with or without replacement;
    activation, "relu" or "tanh"; precision of the arithmetic of gradients ("single" is faster;
    iterates stay double); l2 >= 0; seed of the start, the same for all replicas: weights normal
    with variance 2/inputs ("relu") or 1/inputs ("tanh"), biases 0. Raises ValueError if an argument
    is not of its kind.

    Of its constants only the infimum is known with depth > 0, and only from below: losses are not
    negative. There is no global smoothness: a ReLU has a kink, and the curvature of a deep network
    grows with its weights. The variance of the noise is exact at every point, but has no bound.
    Depth 0 is convex, and has bounds of all: L = lambda_max(X'X)/(2 n) + l2 and mu_sc = l2 as in
    `logistic`; the gradient of a row is at most sqrt 2 |x_i| long, so there are sigma, noise_bound
    and, if l2 = 0, gradient_bound and second_moment.

    >>> problem = perceptron(depth=1, width=32, batch=32)
    >>> problem.dim, problem.constants["infimum"].provenance
    (2314, 'bound')
    >>> float(problem.accuracy(problem.start).round(2))
    0.1

    Source: He, Zhang, Ren, Sun, ICCV 2015 (start of ReLU layers); LeCun, Bottou, Orr, Mueller 1998
    (start of tanh layers).
    """
    layers, units = whole("perceptron", "depth", depth, 0), whole("perceptron", "width", width, 1)
    whole("perceptron", "seed", seed, 0, np.inf)
    if activation not in ("relu", "tanh"):
        raise ValueError(f'perceptron needs activation = "relu" or "tanh", got {activation!r}')
    if precision not in ("double", "single"):
        raise ValueError(f'perceptron needs precision = "double" or "single", got {precision!r}')
    if not (np.isfinite(l2) and l2 >= 0):
        raise ValueError(f"perceptron needs a finite l2 >= 0, got {l2}")
    rows = table(data, classes, standardise, label=label, who="perceptron")
    picks = minibatches("perceptron", len(rows.X), batch, replacement)
    sizes = (rows.X.shape[1] - 1, *[units] * layers, len(rows.classes))
    kind = np.float64 if precision == "double" else np.float32
    return Perceptron(
        name="perceptron",
        dim=sum((i + 1) * o for i, o in pairwise(sizes)),
        start=_start(sizes, 2.0 if activation == "relu" else 1.0, seed),
        constants={
            **({} if layers else softmax_bounds(rows.X, picks, l2)),
            "infimum": Constant(value=0.0, provenance="bound", why="losses are not negative"),
        },
        settings={
            "kind": "perceptron",
            "data": rows.source,
            **rows.facts,
            "depth": layers,
            "width": units,
            "batch": picks.size,
            "replacement": picks.replacement,
            "activation": activation,
            "precision": precision,
            "l2": float(l2),
            "seed": seed,
            "classes": list(rows.classes),
            "standardise": standardise,
        },
        lanes=LANES,
        sample_size=picks.size,
        sizes=sizes,
        X=rows.X.astype(kind),
        Y=np.eye(len(rows.classes), dtype=kind)[rows.y],
        picks=picks,
        smooth=activation == "tanh",
        l2=l2,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Perceptron(Problem):
    """What `perceptron` makes.

    Fields beyond Problem: sizes, inputs, hidden units and classes; X, the data with a last column
    of ones, (n, inputs + 1); Y, the classes as unit vectors, (n, classes); picks, the minibatches;
    smooth, whether the activation is tanh; l2. A layer with i inputs and o outputs is an (i + 1, o)
    matrix, the last row being its biases; an iterate holds these one after the other. A sample is
    the places of the rows of each minibatch, (lanes, b).
    """

    sizes: tuple[int, ...]
    X: NDArray[Any]
    Y: NDArray[Any]
    picks: Minibatches
    smooth: bool
    l2: float

    def value(self, x: Array) -> Array:
        flat = x.reshape(-1, self.dim)
        losses = [self._loss(row[None]) for row in flat]
        return np.asarray(np.reshape(losses, x.shape[:-1]) + self.l2 / 2 * np.vecdot(x, x))

    def accuracy(self, x: Array) -> Array:
        """Share of the rows that are put into the right class: (..., dim) -> (...)."""
        flat, truth = x.reshape(-1, self.dim), self.Y.argmax(axis=-1)
        shares = [(self._scores(row[None])[-1][0].argmax(axis=-1) == truth).mean() for row in flat]
        return np.asarray(np.reshape(shares, x.shape[:-1]))

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        flat, result = x.reshape(-1, self.dim), out.reshape(-1, self.dim)
        for k in range(len(flat)):  # one by one: a layer of all rows of the data is large enough
            self._backward(flat[k : k + 1], self.X[None], self.Y[None], result[k : k + 1])
        out += self.l2 * x
        return out

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> NDArray[np.int64]:
        return self.picks.draw(generator, steps, lanes)

    def stochastic_gradient(self, x: Array, sample: NDArray[np.int64], out: Array) -> None:
        self._backward(x, self.X.take(sample, axis=0), self.Y.take(sample, axis=0), out)
        if self.l2:
            out += self.l2 * x

    def noise_variance(self, x: Array) -> Array:
        """Exact: the squared norm of the gradient of one row is a sum over the layers."""
        flat = x.reshape(-1, self.dim)
        rows = [self._scatter(row[None]) for row in flat]
        return np.reshape(rows, x.shape[:-1]) * self.picks.share

    def _layers(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        """The matrices in iterates (m, dim), as views (m, i + 1, o)."""
        ends = np.cumsum([(i + 1) * o for i, o in pairwise(self.sizes)]).tolist()
        begins = [0, *ends[:-1]]
        return [
            x[:, begin:end].reshape(len(x), -1, o)
            for begin, end, o in zip(begins, ends, self.sizes[1:], strict=True)
        ]

    def _forward(self, layers: Sequence[NDArray[Any]], rows: NDArray[Any]) -> list[NDArray[Any]]:
        """What comes out of every layer, scores at the end, (m, b, o) each; rows (m, b, p)."""
        outputs: list[NDArray[Any]] = []
        for place, layer in enumerate(layers):
            if place == 0:
                z = np.matmul(rows, layer)  # its ones carry the biases
            else:
                z = np.matmul(outputs[-1], layer[:, :-1])
                z += layer[:, -1:]
            if place < len(layers) - 1:
                np.tanh(z, out=z) if self.smooth else np.maximum(z, 0, out=z)
            outputs.append(z)
        return outputs

    def _back(
        self, layers: Sequence[NDArray[Any]], outputs: list[NDArray[Any]], classes: NDArray[Any]
    ) -> Iterator[tuple[int, NDArray[Any]]]:
        """From the last layer to the first: its place, and d loss / d its sums, (m, b, o)."""
        delta = _softmax(outputs[-1])
        delta -= classes
        for place in range(len(layers) - 1, -1, -1):
            yield place, delta
            if place:
                h = outputs[place - 1]
                delta = np.matmul(delta, layers[place][:, :-1].swapaxes(-1, -2))
                if self.smooth:
                    delta *= 1 - h * h
                else:
                    delta *= h > 0

    def _backward(
        self, x: Array, rows: NDArray[Any], classes: NDArray[Any], out: NDArray[Any]
    ) -> None:
        """Mean over the rows, (m, b, p), of the gradient at every x, (m, dim), into `out`."""
        kind = self.X.dtype
        same = x.dtype == kind
        layers = self._layers(x if same else x.astype(kind))
        result = out if same else np.empty(out.shape, kind)
        slopes = self._layers(result)
        outputs = self._forward(layers, rows)
        ones = np.ones((1, rows.shape[1]), kind)
        for place, delta in self._back(layers, outputs, classes):
            if place == len(layers) - 1:
                delta /= rows.shape[1]  # it is small here, and all others come from it
            if place == 0:
                np.matmul(rows.swapaxes(-1, -2), delta, out=slopes[0])
                continue
            below = outputs[place - 1]
            np.matmul(below.swapaxes(-1, -2), delta, out=slopes[place][:, :-1])
            np.matmul(ones, delta, out=slopes[place][:, -1:])  # sums: faster than `sum`
        if not same:
            out[:] = result

    def _scores(self, x: Array) -> list[NDArray[Any]]:
        return self._forward(self._layers(x.astype(self.X.dtype)), self.X[None])

    def _loss(self, x: Array) -> float:
        z = self._scores(x)[-1][0].astype(np.float64)
        z -= z.max(axis=-1, keepdims=True)
        losses = np.log(np.exp(z).sum(axis=-1)) - np.vecdot(z, self.Y)
        return float(losses.mean())

    def _scatter(self, x: Array) -> float:
        """Variance of the gradient of one row picked at random, at x, (1, dim)."""
        layers = self._layers(x.astype(self.X.dtype))
        outputs = self._forward(layers, self.X[None])
        second = np.zeros(len(self.X))
        for place, delta in self._back(layers, outputs, self.Y[None]):
            below = self.X if place == 0 else outputs[place - 1][0]
            inputs = np.vecdot(below, below) + (place > 0)  # the biases' input is 1
            second += np.vecdot(delta[0], delta[0]) * inputs
        mean = np.empty_like(x)
        self._backward(x, self.X[None], self.Y[None], mean)
        return max(float(second.mean() - np.vecdot(mean, mean)[0]), 0.0)


def _start(sizes: tuple[int, ...], gain: float, seed: int) -> Array:
    """Weights of all layers, one after the other; the last has the variance of a linear layer."""
    generator = np.random.default_rng(seed)
    parts = []
    for place, (i, o) in enumerate(pairwise(sizes)):
        variance = (gain if place < len(sizes) - 2 else 1.0) / i
        layer = np.vstack([generator.standard_normal((i, o)) * np.sqrt(variance), np.zeros(o)])
        parts.append(layer.ravel())
    return np.concatenate(parts)


def _softmax(z: NDArray[Any]) -> NDArray[Any]:
    """In place, along the last axis."""
    # a largest entry of a short row is found several times as fast down the columns of its copy
    top = np.ascontiguousarray(z.reshape(-1, z.shape[-1]).T).max(axis=0)
    z -= top.reshape(*z.shape[:-1], 1)
    np.exp(z, out=z)
    z /= np.matmul(z, np.ones((z.shape[-1], 1), z.dtype))
    return z
