r"""A network of layers on many replicas at once, with gradients written by hand.

.. math:: \nabla_{W_l} = (h_{l-1}, 1)' \delta_l, \qquad
          \delta_l = (\delta_{l+1} W_{l+1}') \circ \phi'(z_l), \qquad
          \delta_{D+1} = \mathrm{softmax}(z) - y
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, Problem
from empirics.problems.minibatch import Minibatches


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


def _softmax(z: NDArray[Any]) -> NDArray[Any]:
    """In place, along the last axis."""
    # a largest entry of a short row is found several times as fast down the columns of its copy
    top = np.ascontiguousarray(z.reshape(-1, z.shape[-1]).T).max(axis=0)
    z -= top.reshape(*z.shape[:-1], 1)
    np.exp(z, out=z)
    z /= np.matmul(z, np.ones((z.shape[-1], 1), z.dtype))
    return z
