"""Jobs that the server pushes over a stream, with reports on the same stream."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc

from ..backoff import Backoff
from ..drain import Drain
from ..errors import ServerUnreachableError, WorkflowGraphError, is_unauthorised
from ..gen.workflowgraph.v1 import job_reports_pb2 as reports_pb
from ..gen.workflowgraph.v1 import job_service_pb2 as pb
from ..gen.workflowgraph.v1 import types_pb2 as types_pb
from ..heartbeats.keeper import LeaseKeeper
from ..job import Claim, Lease, LogChunk, Result
from ..stop import Stop
from ..stream.channel import Call, Channel, error_of
from ..stream.convert import read_claim, reason_text, report_message, stop_reason
from ..stream.log_stream import LogStream
from ..stream.outbox import REPORT_BYTES_MAX, Outbox
from ..user_agent import USER_AGENT
from .report import Accepted, GivenUp, ReportOutcome, keep_result_secs, report_until_settled
from .source import SourceContext

#: Streams that break one after another before anything came, while plain calls are answered: there is none to be had.
BROKEN_MAX = 5
#: How long the server may take to end a session that the worker has ended.
GOODBYE_SECS = 2.0


class NoStream(Exception):
    """The stream is not available. Its messages are sent over plain HTTP."""


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A result without a response. It is resent over each new session."""

    lease: Lease
    result: Result
    message: reports_pb.JobReport
    settled: Callable[[ReportOutcome], None]
    since: float


class StreamSource:
    """A session with the server, opened again when it breaks. A JobSource.

    The server knows from credits how many jobs it may push: one for each free slot, each used up by a pushed job and
    given back by the answer to its report. Leases do not depend on the session, so running jobs go on without it.
    """

    def __init__(self, context: SourceContext, channel: Channel, keeper: LeaseKeeper) -> None:
        self._context = context
        self._channel = channel
        self._keeper = keeper
        self._logs = LogStream(channel)
        self._lock = threading.Lock()
        self._outbox: Outbox | None = None
        self._call: Call[pb.WorkJobsResponse] | None = None
        self._held: dict[str, Lease] = {}
        self._pending: dict[str, PendingReport] = {}
        #: Leases whose credit came back although their end is not settled.
        self._credited: set[str] = set()
        self._finished = threading.Event()
        self._is_dead = False
        self._logs_by_call = False

    def run(self) -> None:
        """Holds a session until the worker has ended. Raises NoStream, or what the server refuses the worker with.

        After it raised, results and logs go by calls of their own.
        """
        try:
            self._hold_sessions()
        except BaseException:
            with self._lock:
                self._is_dead = self._logs_by_call = True
            self._report_pending_by_call()
            raise

    def _hold_sessions(self) -> None:
        backoff = Backoff()
        broken = 0
        while not self._finished.is_set():
            self._context.register()
            self._give_up_old_reports()
            error, had_answers = self._hold_session()
            if self._finished.is_set():
                return
            if had_answers:
                broken = 0
                backoff.reset()
            if error is not None:
                broken += 1
                self._judge(error, had_answers, broken)
                self._context.presence.away(error)
                if not had_answers:
                    self._channel.renew()
            self._finished.wait(backoff.next_secs())

    def reports_drains(self) -> bool:
        """While a session is open."""
        return self._outbox is not None

    def stop_claiming(self) -> None:
        """Requests no more jobs from the server."""
        with self._lock:
            if self._outbox is not None:
                self._outbox.drain()

    def finish(self) -> None:
        """Ends the session, and `run`."""
        self._finished.set()
        with self._lock:
            outbox, call = self._outbox, self._call
            if outbox is not None:
                outbox.close()
        if call is not None:
            timer = threading.Timer(GOODBYE_SECS, call.cancel)
            timer.daemon = True
            timer.start()
        self._logs.close()

    def push_logs(self, claim: Claim, chunks: Sequence[LogChunk]) -> None:
        """Returns when the chunks are durable. Chunks that the stream refuses are sent in a separate call."""
        if not self._logs_by_call:
            try:
                return self._logs.push(claim.lease.lease_id, chunks)
            except WorkflowGraphError as error:
                if error.status in (409, 401, 403):
                    raise
                self._logs_by_call = error.status == 501
        self._context.calls.push_logs(claim.lease.lease_id, claim.job.workflow_id, claim.job.job_id, chunks)

    def report(self, lease: Lease, result: Result, settled: Callable[[ReportOutcome], None]) -> None:
        """Returns at once, unless the report is too large for the stream."""
        message = report_message(lease.lease_id, result)
        pending = PendingReport(lease, result, message, settled, time.monotonic())
        by_call = message.ByteSize() > REPORT_BYTES_MAX
        with self._lock:
            by_call = by_call or self._is_dead or lease.lease_id in self._credited
            if not by_call:
                self._pending[lease.lease_id] = pending
                if self._outbox is not None:
                    self._outbox.report(message)
        if by_call:
            self._report_by_call(pending)

    def slot_freed(self, lease: Lease) -> None:
        """Returns the credit of the slot, unless the report did."""
        with self._lock:
            self._credited.discard(lease.lease_id)
            if self._held.pop(lease.lease_id, None) is None or self._outbox is None:
                return
            if not self._context.stopping.is_set():
                self._outbox.add_credits(1)

    def _hold_session(self) -> tuple[WorkflowGraphError | ServerUnreachableError | None, bool]:
        """Returns why the session ended (None if the server ended it), and whether a message had arrived."""
        had_answers = False
        try:
            call = self._open()
            for response in call:
                had_answers = True
                self._take(response)
                if response.draining and not self._finished.is_set():
                    self._close_outbox()
            return None, had_answers
        except grpc.RpcError as rpc_error:
            return error_of(rpc_error, self._channel.server_url), had_answers
        finally:
            self._close_outbox()

    def _open(self) -> Call[pb.WorkJobsResponse]:
        settings = self._context.settings
        self._context.forget_drain()
        with self._lock:
            is_stopping = self._context.stopping.is_set()
            hello = pb.WorkJobsRequest.Hello(
                worker_id=settings.worker_id,
                labels=settings.offered_labels,
                only_labelled=settings.only_labelled,
                lease_ttl_secs=settings.lease_ttl_secs,
                slots=settings.slots,
                version=USER_AGENT,
            )
            first = pb.WorkJobsRequest(
                hello=hello,
                add_credits=0 if is_stopping else max(0, settings.slots - len(self._held)),
                received_lease_ids=self._held,
                drain=is_stopping,
            )
            outbox = Outbox(first)
            for pending in self._pending.values():
                outbox.report(pending.message)
            if self._finished.is_set():
                outbox.close()
            self._outbox = outbox
            is_return = bool(self._held)
            self._call = call = self._channel.call("JobService/WorkJobs", iter(outbox), pb.WorkJobsResponse.FromString)
        if is_return:
            # Messages about these leases were lost in the meantime.
            self._keeper.renew_now()
        return call

    def _close_outbox(self) -> None:
        with self._lock:
            outbox, self._outbox = self._outbox, None
        if outbox is not None:
            outbox.close()

    def _take(self, response: pb.WorkJobsResponse) -> None:
        for result in response.results:
            self._take_result(result)
        for claim in response.claims:
            self._take_claim(claim)
        for stop in response.stops:
            self._context.stop(stop.lease_id, Stop(stop_reason(stop.reason), stop.within_secs))
        # An older server has only these. What was said before counts.
        for lease_id in response.cancelled_lease_ids:
            self._context.stop(lease_id, Stop("cancelled"))
        for lease_id in response.lost_lease_ids:
            self._context.lost(lease_id)
        # After the jobs that came with it: they are running.
        if response.HasField("drain"):
            self._context.drain(Drain(response.drain.stop) if response.drain.active else None)

    def _take_claim(self, message: types_pb.Claim) -> None:
        lease_id = message.lease.lease_id
        with self._lock:
            is_known = lease_id in self._held
            is_stopping = self._context.stopping.is_set()
            if not is_stopping:
                self._held.setdefault(lease_id, Lease(lease_id, float(message.lease.ttl_secs)))
            if self._outbox is not None:
                self._outbox.received(lease_id)
        if is_stopping:
            self._context.threads.run(lambda: self._release(lease_id))
        elif not is_known:
            self._start(message)

    def _start(self, message: types_pb.Claim) -> None:
        """One that cannot be read is released: another worker may read it."""
        lease_id = message.lease.lease_id
        try:
            claim = read_claim(message)
        except WorkflowGraphError:
            with self._lock:
                self._held.pop(lease_id, None)
            self._context.threads.run(lambda: self._release(lease_id))
        else:
            self._context.start(claim)

    def _release(self, lease_id: str) -> None:
        """A job that arrived during the stop. If it cannot be released, it is requeued when its lease expires."""
        with contextlib.suppress(Exception):
            self._context.calls.release(lease_id)

    def _take_result(self, result: reports_pb.JobReportResult) -> None:
        with self._lock:
            pending = self._pending.pop(result.lease_id, None)
            self._held.pop(result.lease_id, None)
        if pending is None:
            return
        self._context.presence.back()
        if not result.HasField("refused"):
            return pending.settled(Accepted())
        reason = reason_text(result.refused)
        if not reason:
            # Another report will follow; the credit came back with this one.
            self._credited.add(result.lease_id)
        pending.settled(
            WorkflowGraphError(
                result.message or "the lease is gone",
                status=409 if reason else 400,
                code="aborted" if reason else "invalid_argument",
                reason=reason or None,
            )
        )

    def _report_by_call(self, pending: PendingReport) -> None:
        outcome = report_until_settled(
            lambda: self._context.calls.report(pending.lease.lease_id, pending.result),
            self._context.presence,
            pending.lease,
        )
        pending.settled(outcome)

    def _report_pending_by_call(self) -> bool:
        """False when nothing was pending."""
        with self._lock:
            pending, self._pending = self._pending, {}
        for report in pending.values():
            self._context.threads.run(lambda report=report: self._report_by_call(report))  # type: ignore[misc]
        return bool(pending)

    def _give_up_old_reports(self) -> None:
        now = time.monotonic()
        with self._lock:
            old = [p for p in self._pending.values() if now - p.since >= keep_result_secs(p.lease)]
            for pending in old:
                del self._pending[pending.lease.lease_id]
                self._held.pop(pending.lease.lease_id, None)
        for pending in old:
            pending.settled(GivenUp(now - pending.since))

    def _judge(self, error: WorkflowGraphError | ServerUnreachableError, had_answers: bool, broken: int) -> None:
        """Handles a broken session: raises if another one would fail too."""
        if isinstance(error, ServerUnreachableError):
            if broken >= BROKEN_MAX and not self._context.stopping.is_set():
                raise NoStream(error.code)
            return
        if error.status == 501:
            raise NoStream(error.code)
        if error.status not in (400, 404, 409, 413) and not is_unauthorised(error):
            return
        # One of the pending reports may be what the server did not take; alone, each is judged for itself.
        if not self._report_pending_by_call() and not had_answers:
            raise error
