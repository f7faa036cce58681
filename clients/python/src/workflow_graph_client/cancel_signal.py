"""The signal that a job must stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .errors import JobCancelled


class CancelSignal(threading.Event):
    """Set when the job has to end: it was cancelled, its lease is gone, its time is up, or its worker stops.

    It is a `threading.Event`: look at it with `is_set()`, or sleep with `wait(seconds)`, which returns True at once
    when the job has to end.
    """

    #: Why the job has to end, in words; None until then.
    reason: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], object]] = []
        self._callbacks_lock = threading.Lock()

    def cancel(self, reason: str) -> None:
        """Sets the signal and calls the callbacks. The first reason takes precedence."""
        with self._callbacks_lock:
            if self.is_set():
                return
            self.reason = reason
            self.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def raise_if_set(self) -> None:
        """Raises JobCancelled if the job must stop."""
        if self.is_set():
            raise JobCancelled(self.reason or "cancelled")

    def add_callback(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Calls back when the job has to end, at once if it has to already, on a thread of the worker's.

        The callback must neither block nor raise. Gives a function that takes it away again.
        """
        with self._callbacks_lock:
            if not self.is_set():
                self._callbacks.append(callback)
                return lambda: self._remove(callback)
        callback()
        return lambda: None

    def _remove(self, callback: Callable[[], object]) -> None:
        with self._callbacks_lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
