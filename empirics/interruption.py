"""Ctrl-C, reliably: an interrupt that is raised where nobody can hear it is remembered as well.

Python raises KeyboardInterrupt between two instructions of whatever is running. If that is a
destructor or a callback, the exception is printed and dropped; if it is the last line of a loop
that keeps what it has when interrupted, that loop just ends. Either way the program goes on as if
nothing had happened. So the signal is noted too, for whoever is in charge to look at between tasks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interruption:
    """Notes SIGINT while it is entered; raises KeyboardInterrupt too, but only where that is safe.

    `asked` says whether it came. A second one is raised anywhere.

    >>> with Interruption() as interruption:
    ...     signal.raise_signal(signal.SIGINT)  # noted
    ...     try:
    ...         with interruption.raised():
    ...             interruption.check()
    ...     except KeyboardInterrupt:
    ...         print("stopped")
    stopped
    """

    def __init__(self) -> None:
        self.asked = False
        self._raised = False
        self._previous: Any = None

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Here an interrupt is raised at once."""
        self._raised = True
        try:
            yield
        finally:
            self._raised = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was an interrupt, wherever it went."""
        if self.asked:
            raise KeyboardInterrupt

    def _note(self, signum: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if again or self._raised:
            raise KeyboardInterrupt

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python forbids it
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
