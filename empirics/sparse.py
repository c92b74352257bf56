"""Adding rows of one array to rows of another, in place and many to one: SciPy's compiled loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def in_place() -> Callable[..., Any] | None:
    """SciPy's sums += matrix @ u for a matrix by columns; None if this SciPy has none.

    It is the function behind the public operator, which makes a new array of sums every time.
    """
    try:
        from scipy.sparse._sparsetools import csc_matvecs
    except ImportError:
        return None
    return csc_matvecs  # type: ignore[no-any-return]  # SciPy's modules in C have no types
