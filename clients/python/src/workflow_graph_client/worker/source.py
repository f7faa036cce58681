"""Sources of a worker's jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..backoff import Backoff
from ..drain import Drain
from ..errors import is_temporary
from ..http.worker_calls import WorkerCalls
from ..job import Claim
from ..stop import Stop
from ..user_agent import USER_AGENT
from .events import WorkerEvents
from .newer_server import warn_of_newer_server
from .presence import ServerPresence
from .report import Reporter
from .settings import WorkerSettings
from .threads import JobThreads


class JobSource(Reporter, Protocol):
    """Gets jobs, and accepts their results and logs."""

    def run(self) -> None:
        """Gets jobs until the worker stops, on this thread. Raises if the server refuses the worker."""

    def stop_claiming(self) -> None:
        """Gets no new jobs from now on."""

    def finish(self) -> None:
        """Ends `run`: every job has ended."""

    def reports_drains(self) -> bool:
        """Whether it reports each change of the worker's drain by itself now."""


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What each source needs from its worker."""

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
    #: The job of this lease is to stop.
    stop: Callable[[str, Stop], None]
    #: This lease is gone.
    lost: Callable[[str], None]
    #: The server drains the worker, or its drain was undone: None.
    drain: Callable[[Drain | None], None]
    #: A new session begins, with the worker's drain if there is one.
    forget_drain: Callable[[], None]

    def register(self) -> None:
        """Registers the worker; waits while the server is unavailable. Raises if the server refuses the worker."""
        settings, backoff = self.settings, Backoff()
        while not self.stopping.is_set():
            try:
                self.calls.register(
                    settings.worker_id,
                    settings.offered_labels,
                    settings.slots,
                    USER_AGENT,
                    only_labelled=settings.only_labelled,
                )
            except Exception as error:
                if not is_temporary(error):
                    raise
                self.presence.away(error)
            else:
                self.presence.back()
                self.events.registered(settings.labels, settings.slots)
                if not self.stopping.is_set():
                    warn_of_newer_server(self.calls, self.events)
                return
            self.stopping.wait(backoff.next_secs())
