"""Processes of our own: how they are started, and what each does first."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext


def context(module: str) -> BaseContext:
    """How processes are started here: from a server that has imported `module`, or afresh.

    Never by a plain fork: that copies locks of BLAS threads in whatever state they are.
    """
    import multiprocessing

    ways = multiprocessing.get_all_start_methods()
    found = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
    found.set_forkserver_preload([module])  # one import of NumPy for all, not one each
    return found


def settle_down() -> None:
    """Once in each process: hold BLAS to one thread, leave Ctrl-C to the parent."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, "blas")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
