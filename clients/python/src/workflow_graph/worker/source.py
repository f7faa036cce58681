"""Where a worker's jobs come from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..backoff import Backoff
from ..errors import is_temporary
from ..http.worker_calls import WorkerCalls
from ..job import Claim
from ..user_agent import USER_AGENT
from .events import WorkerEvents
from .presence import ServerPresence
from .reports import Reporter
from .settings import WorkerSettings
from .threads import JobThreads


class JobSource(Reporter, Protocol):
    """Gets jobs, and takes their results and logs."""

    def run(self) -> None:
        """Gets jobs until the worker stops, on this thread. Raises when the server refuses the worker."""

    def stop_claiming(self) -> None:
        """Gets no new jobs from now on."""

    def finish(self) -> None:
        """Ends `run`: every job has ended."""


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What each kind of source needs of its worker."""

    settings: WorkerSettings
    calls: WorkerCalls
    presence: ServerPresence
    events: WorkerEvents
    threads: JobThreads
    #: Set when the worker stops.
    stopping: threading.Event
    #: Runs a job.
    start: Callable[[Claim], None]
    #: How many run now.
    running: Callable[[], int]
    #: The job of this lease was cancelled.
    cancelled: Callable[[str], None]
    #: This lease is gone.
    lost: Callable[[str], None]

    def register(self) -> None:
        """Makes the worker known; waits for a server that is away. Raises when the server refuses the worker."""
        settings, backoff = self.settings, Backoff()
        while not self.stopping.is_set():
            try:
                self.calls.register(settings.worker_id, settings.labels, settings.slots, USER_AGENT)
            except Exception as error:
                if not is_temporary(error):
                    raise
                self.presence.away(error)
            else:
                self.presence.back()
                self.events.registered(settings.labels, settings.slots)
                return
            self.stopping.wait(backoff.next_secs())
