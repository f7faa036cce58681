"""Whether the server is reachable."""

from __future__ import annotations

import threading
import time

from ..errors import ServerUnreachableError, WorkflowGraphError, error_text
from .events import WorkerEvents


class ServerPresence:
    """Logs each change of the server's availability once, whichever thread of the worker detects it."""

    def __init__(self, events: WorkerEvents) -> None:
        self._events = events
        self._lock = threading.Lock()
        self._away_since: float | None = None

    def away(self, error: BaseException | str) -> None:
        """A call got no response."""
        with self._lock:
            if self._away_since is not None:
                return
            self._away_since = time.monotonic()
        self._events.server_away(code_of(error))

    def back(self) -> None:
        """A call got a response."""
        if self._away_since is None:
            return
        with self._lock:
            since, self._away_since = self._away_since, None
        if since is not None:
            self._events.server_back(time.monotonic() - since)


def code_of(error: BaseException | str) -> str:
    """What happened, in a word."""
    if isinstance(error, str):
        return error
    if isinstance(error, ServerUnreachableError):
        return error.code
    return f"HTTP {error.status}" if isinstance(error, WorkflowGraphError) else error_text(error)
