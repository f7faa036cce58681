"""Claiming jobs over plain HTTP."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..backoff import Backoff
from ..errors import WorkflowGraphError, is_temporary, is_unauthorised
from ..http.connection import Abort, RequestAborted
from ..job import Claim, Lease, LogChunk, Result
from .report import ReportOutcome, report_until_settled
from .source import SourceContext

#: A server that answers "no job" sooner than this did not wait, so the worker does.
WAITED_SECS_MIN = 0.5
POLL_SECS = 1.0
#: How long the claim that takes back an unread answer may take.
TAKE_BACK_SECS = 2.0
#: So many jobs are claimed at once, where so many slots are free.
CLAIMED_JOBS_MAX = 100


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """An idempotent claim: the same id returns the same jobs while their leases live."""

    request_id: str
    jobs_max: int


class HttpSource:
    """Claims jobs while slots are free, one waiting claim at a time. A JobSource.

    A claim asks for as many jobs as slots are free. It has an id, and is repeated with the same id when its answer was
    lost, so that jobs that were granted are not left to their leases' end.
    """

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._changed = threading.Condition()
        self._abort = Abort()
        self._finished = threading.Event()

    def run(self) -> None:
        """Claims until the worker stops, then waits for the last job."""
        self._context.register()
        backoff = Backoff()
        request: ClaimRequest | None = None
        while free := self._wait_for_slot():
            request = request or ClaimRequest(str(uuid.uuid4()), min(free, CLAIMED_JOBS_MAX))
            sent_at = time.monotonic()
            try:
                claims = self._claim(request, self._context.settings.wait_secs, self._abort)
            except RequestAborted:
                self._give_back(request)
                break
            except Exception as error:
                if is_temporary(error):
                    self._context.presence.away(error)
                elif is_unauthorised(error) or (isinstance(error, WorkflowGraphError) and error.status == 404):
                    self._context.register()
                else:
                    raise
                self._context.stopping.wait(backoff.next_secs())
                continue
            self._context.presence.back()
            backoff.reset()
            request = None
            for claim in claims:
                self._context.start(claim)
            if not claims and time.monotonic() - sent_at < WAITED_SECS_MIN:
                self._context.stopping.wait(POLL_SECS)
        self._finished.wait()

    def stop_claiming(self) -> None:
        """Cancels the pending claim."""
        self._abort.set()
        with self._changed:
            self._changed.notify_all()

    def finish(self) -> None:
        """Ends `run`."""
        self.stop_claiming()
        self._finished.set()

    def reports_drains(self) -> bool:
        """Responses to heartbeats report them."""
        return False

    def push_logs(self, claim: Claim, chunks: Sequence[LogChunk]) -> None:
        """Returns when the chunks are durable."""
        self._context.calls.push_logs(claim.lease.lease_id, claim.job.workflow_id, claim.job.job_id, chunks)

    def report(self, lease: Lease, result: Result, settled: Callable[[ReportOutcome], None]) -> None:
        """Returns when the report is settled."""
        outcome = report_until_settled(
            lambda: self._context.calls.report(lease.lease_id, result), self._context.presence, lease
        )
        settled(outcome)

    def slot_freed(self, lease: Lease) -> None:
        """Another job can be claimed."""
        with self._changed:
            self._changed.notify_all()

    def _wait_for_slot(self) -> int:
        """Waits for a free slot and returns their number; 0 when the worker stops."""
        slots, stopping = self._context.settings.slots, self._context.stopping
        with self._changed:
            self._changed.wait_for(lambda: self._context.running() < slots or stopping.is_set())
        return 0 if stopping.is_set() else slots - self._context.running()

    def _claim(
        self, request: ClaimRequest, wait_secs: float, abort: Abort | None, timeout_secs: float = 30
    ) -> list[Claim]:
        settings = self._context.settings
        return self._context.calls.claim(
            settings.worker_id,
            settings.offered_labels,
            lease_ttl_secs=settings.lease_ttl_secs,
            wait_secs=wait_secs,
            request_id=request.request_id,
            jobs_max=request.jobs_max,
            only_labelled=settings.only_labelled,
            abort=abort,
            timeout_secs=timeout_secs,
        )

    def _give_back(self, request: ClaimRequest) -> None:
        """The server may have granted jobs in the moment of the stop: they are claimed once more and released unrun.

        If the server cannot be asked, a job comes back when its lease ends, as after a crash.
        """
        claims: list[Claim] = []
        with contextlib.suppress(Exception):
            claims = self._claim(request, 0, None, TAKE_BACK_SECS)
        for claim in claims:
            with contextlib.suppress(Exception):
                self._context.calls.release(claim.lease.lease_id)
