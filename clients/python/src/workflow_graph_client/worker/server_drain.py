"""What a worker does while the server drains it."""

from __future__ import annotations

from collections.abc import Callable

from ..drain import Drain
from .events import WorkerEvents


class ServerDrain:
    """The server's drain of this worker: it gives no jobs. With `stop`, the worker stops when it runs none."""

    def __init__(self, events: WorkerEvents, running: Callable[[], int], stop: Callable[[], None]) -> None:
        self._events = events
        self._running = running
        self._stop = stop
        self._drain: Drain | None = None

    def report(self, drain: Drain | None) -> None:
        """The worker is draining, or not: None."""
        if drain == self._drain:
            return
        self._drain = drain
        self._events.warning(drain_text(drain))
        self.stop_if_over()

    def forget(self) -> None:
        """A new session begins. It reports a drain that still exists."""
        self._drain = None

    def stop_if_over(self) -> None:
        """Called when a job has ended."""
        drain = self._drain
        if drain is not None and drain.stop and self._running() == 0:
            self._stop()


def drain_text(drain: Drain | None) -> str:
    """A change of the drain, for people."""
    if drain is None:
        return "the drain of this worker was undone: it gets jobs again"
    if drain.stop:
        return "the server drains this worker: it gets no jobs, and stops when no job is running"
    return "the server drains this worker: it gets no jobs until the drain is undone"
