"""Somebody else's function, called at many points: the right numbers come back, or one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.problems.regions import Region

FAR = 1e6  # in units of the start: beyond, a function may overflow as a run that diverges does


@dataclass(frozen=True, eq=False, kw_only=True)
class Calling:
    """How a function is called, and what it is called in sentences.

    Fields: who, the problem; what, the function; call, it itself; shape, of its result at one point
    (dim,), () or (dim,); vectorised, whether it takes all points at once, (m, dim); start, a point
    at which it can be called; region, outside of which it need not be defined.
    """

    who: str
    what: str
    call: Callable[..., Any]
    shape: tuple[int, ...]
    vectorised: bool
    start: Array
    region: Region | None

    def fill(self, x: Array, out: Array, *more: Sequence[Any] | Any) -> None:
        """Its results at every row of x, (m, dim), into `out`, (m, ...).

        more: its further arguments, one for each row, or as they are if it is vectorised. It gets
        a copy of every point, so it may do with it what it likes. Where a row is not finite (its
        replica is lost) it is not called: the result is not a number. What it raises becomes a
        ValueError, and so does a result of a wrong shape or type, or one that is not a number at a
        point in the region that is no further away than runs that have not diverged get.
        """
        there = np.asarray(np.isfinite(x).all(axis=1))
        copy = x.copy()
        if self.vectorised:
            copy[~there] = self.start  # the shape stays, or the last bit might not
            out[...] = self._read(self._called(copy, copy, *more), (len(x), *self.shape), x)
        else:
            shape, call, usual = self.shape, self.call, np.dtype(np.float64)
            for i, row in enumerate(copy):
                if not there[i]:
                    continue
                try:
                    found = call(row, *[each[i] for each in more])
                except Exception as error:
                    raise self._raised(x[i], error) from error
                if type(found) is np.ndarray and found.shape == shape and found.dtype == usual:
                    out[i] = found
                else:
                    out[i] = self._read(found, shape, x[i])
        if not there.all():
            out[~there] = np.nan
        self._check(x, out, there)

    def _called(self, x: Array, *arguments: Any) -> Any:
        try:
            return self.call(*arguments)
        except Exception as error:
            raise self._raised(x, error) from error

    def _raised(self, x: Array, error: Exception) -> ValueError:
        words = " ".join(str(error).split()) or "no message"
        return ValueError(
            f"{self.who} needs {self.what} to work at x = {point(x)}, got {type(error).__name__}: "
            f"{words}"
        )

    def _read(self, found: Any, shape: tuple[int, ...], x: Array) -> Any:
        """A result as numbers of this shape; of one number whatever the shape is."""
        who = f"{self.who} needs {self.what} to return"
        needed = "a number" if shape == () else f"numbers of shape {shape}"
        where = f"at x = {point(x)}"
        if found is None:
            raise ValueError(f"{who} {needed}, got None {where}; is there a return?")
        try:
            array = np.asarray(found)
        except ValueError:  # rows of different lengths
            array = np.asarray(None)
        if array.dtype.kind not in "iuf":
            got = type(found).__name__ if array.dtype.kind == "O" else array.dtype.name
            raise ValueError(f"{who} {needed}, got {got} {where}")
        if array.shape != shape and not (array.size == 1 and int(np.prod(shape)) == 1):
            raise ValueError(f"{who} {needed}, got shape {array.shape} {where}")
        return array.reshape(shape)

    def _check(self, x: Array, out: Array, there: NDArray[np.bool_]) -> None:
        """Refuse what is not a number and no overflow: a run that diverges says so itself."""
        gone = np.isnan(out).reshape(len(x), -1).any(axis=1) & there
        if not gone.any():
            return
        gone &= np.abs(x).max(axis=1) <= FAR * max(1.0, float(np.abs(self.start).max()))
        if self.region is not None:
            gone &= self.region.contains(x)
        if gone.any():
            at = x[gone.argmax()]
            raise ValueError(
                f"{self.who} needs {self.what} to return numbers, got nan at x = {point(at)}; is "
                "it defined there, and does nothing overflow? A region says where it need be"
            )


def point(x: Array) -> str:
    """A point in few words, or the first of several.

    >>> point(np.array([1.0, 2.5])), point(np.zeros((3, 9)))
    ('(1, 2.5)', '(0, 0, 0, 0, ...) and 2 more')
    """
    if x.ndim == 2:
        return point(x[0]) + (f" and {len(x) - 1} more" if len(x) > 1 else "")
    return "(" + ", ".join(f"{a:.6g}" for a in x[:4]) + (", ..." if len(x) > 4 else "") + ")"
