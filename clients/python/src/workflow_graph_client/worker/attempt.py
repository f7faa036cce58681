"""One attempt on this worker: runs the executor, sends its log, reports its result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import WorkflowGraphError, is_unauthorised
from ..heartbeats.keeper import LeaseKeeper
from ..job import Claim, Failure, Result, Success
from ..job_log import JobLog, LogCallbacks, LogSettings
from ..stop import Stop, stop_grace_secs
from .events import WorkerEvents
from .executors import ERROR_CHARACTERS_MAX, ExecutorRunner
from .presence import ServerPresence
from .report import Accepted, GivenUp, Reporter, ReportOutcome, keep_result_secs
from .threads import JobThreads

#: An executor that ends processes within the grace may need a little longer to say so.
LEAVE_BEHIND_AFTER_GRACE_SECS = 5.0
#: The longest wait that a thread can be asked for is a little more.
TIMER_SECS_MAX = threading.TIMEOUT_MAX / 2


@dataclass(frozen=True, slots=True)
class AttemptContext:
    """What all attempts of a worker share."""

    worker_id: str
    runner: ExecutorRunner
    writers_may_wait: bool
    keeper: LeaseKeeper
    reporter: Reporter
    threads: JobThreads
    presence: ServerPresence
    events: WorkerEvents
    log: LogSettings
    grace_secs: float
    #: The attempt is over.
    ended: Callable[[Attempt], None]


class Attempt:
    """Every outcome is reported to the server, or logged if the server accepts no report."""

    def __init__(self, claim: Claim, context: AttemptContext) -> None:
        self.claim = claim
        self._context = context
        self._job = claim.job
        self._lock = threading.Lock()
        self._stop_cause: str | None = None
        self._is_lost = False
        self._grace_secs = context.grace_secs
        self._settled = False
        self._timers: list[threading.Timer] = []
        self._started_at = 0.0
        self._log = JobLog(
            context.log,
            LogCallbacks(
                push=lambda chunks: context.reporter.push_logs(claim, chunks),
                trouble=context.presence.away,
                sent=context.presence.back,
                dropped=lambda size, message: context.events.logs_dropped(self._job, size, message),
            ),
            writers_may_wait=context.writers_may_wait,
            refused_secs_max=claim.lease.ttl_secs,
        )

    def start(self) -> None:
        """Returns at once; the rest happens on other threads."""
        context, job = self._context, self._job
        self._started_at = time.monotonic()
        job.worker_id = context.worker_id
        job.log = self._log
        context.keeper.watch(self.claim, self)
        context.events.job_started(job)
        if job.timeout_secs is not None and job.timeout_secs > 0:
            self._after(min(TIMER_SECS_MAX, job.timeout_secs), self._time_out)
        context.runner.start(job, self._executor_ended)

    def _time_out(self) -> None:
        self.stop("timeout", within_secs=self.claim.lease.stop_grace_secs)

    def stop(self, cause: str, text: str | None = None, within_secs: float | None = None) -> None:
        """Stops the job: `cancelled`, `lost`, `expired`, `timeout` or `stopped`. The first cause takes precedence."""
        with self._lock:
            if self._stop_cause is not None:
                return
            self._stop_cause = cause
            if self._settled:
                return
            self._grace_secs = self._job.grace_secs = stop_grace_secs(self._context.grace_secs, within_secs)
        self._job.cancelled.cancel(text or self._stop_text(cause))
        self._after(self._grace_secs + LEAVE_BEHIND_AFTER_GRACE_SECS, self._leave_behind)

    def lease_lost(self, reason: str, message: str) -> None:
        """The server reports that the lease is gone."""
        self._is_lost = True
        self._log.close()
        self.stop("lost", f"lease lost: {message}{f' ({reason})' if reason else ''}")

    def lease_expired(self) -> None:
        """The lease could not be renewed within its time."""
        self.stop("expired")

    def stop_job(self, stop: Stop) -> None:
        """The server requests to stop the job."""
        cause = "timeout" if stop.reason == "timed_out" else "cancelled"
        self.stop(cause, within_secs=stop.within_secs or self.claim.lease.stop_grace_secs)

    def _after(self, secs: float, action: Callable[[], None]) -> None:
        timer = threading.Timer(secs, action)
        timer.daemon = True
        with self._lock:
            if self._settled:
                return
            self._timers.append(timer)
            timer.start()

    def _executor_ended(self, result: Result) -> None:
        self._settle(result)

    def _leave_behind(self) -> None:
        if self._settle(None):
            self._context.events.executor_left_behind(self._job, self._grace_secs)

    def _settle(self, result: Result | None) -> bool:
        """The executor has returned, or was abandoned (None). False if that happened before."""
        with self._lock:
            if self._settled:
                return False
            self._settled = True
            timers, self._timers = self._timers, []
        for timer in timers:
            timer.cancel()
        final = self._final(result)
        self._log.flush(keep_result_secs(self.claim.lease))
        if self._stop_cause == "cancelled":
            self._report_cancelled()
        elif self._stop_cause == "timeout":
            self._report_timeout(final)
        elif self._stop_cause == "lost" and isinstance(final, Failure):
            self._end("lost", final.error)
        else:
            self._context.reporter.report(self.claim.lease, final, lambda outcome: self._reported(final, outcome))
        return True

    def _report_cancelled(self) -> None:
        """The server refuses this report, but it confirms that the job has stopped."""
        if self._is_lost:
            return self._end("cancelled", None)
        failure = Failure("cancelled", retryable=False)
        self._context.reporter.report(self.claim.lease, failure, lambda outcome: self._end("cancelled", None))

    def _report_timeout(self, result: Result) -> None:
        error = result.error if isinstance(result, Failure) else None
        if self._is_lost:
            return self._end("timed_out", error)

        def reported(outcome: ReportOutcome) -> None:
            """Can run on a thread that must not block."""
            if isinstance(outcome, GivenUp):
                self._context.events.report_given_up(self._job, outcome.after_secs)
            elif isinstance(outcome, WorkflowGraphError):
                if outcome.reason == "cancelled":
                    return self._end("cancelled", None)
                if outcome.status == 409:
                    self._context.events.stopped_too_late(self._job)
                else:
                    self._context.events.report_refused(self._job, outcome.status, outcome.reason, outcome.message)
            self._end("timed_out", error)

        self._context.reporter.report(self.claim.lease, result, reported)

    def _final(self, result: Result | None) -> Result:
        cause = self._stop_cause
        if result is not None and cause is None:
            return result
        # A job that finishes while its worker stops has finished.
        if isinstance(result, Success) and cause == "stopped":
            return result
        return Failure(self._job.cancelled.reason or "worker stopped", retryable=True)

    def _reported(self, result: Result, outcome: ReportOutcome, *, again: bool = False) -> None:
        """Can run on a thread that must not block."""
        error = result.error if isinstance(result, Failure) else None
        if isinstance(outcome, Accepted):
            return self._end("success" if error is None else "failure", error)
        if isinstance(outcome, GivenUp):
            self._context.events.report_given_up(self._job, outcome.after_secs)
            return self._end("lost", error)
        if again:
            return self._end("lost", error)
        self._context.events.report_refused(self._job, outcome.status, outcome.reason, outcome.message)
        if outcome.status == 409:
            return self._end("cancelled" if outcome.reason == "cancelled" else "lost", error)
        if is_unauthorised(outcome):
            return self._end("lost", error)
        self._context.threads.run(lambda: self._report_refusal(outcome))

    def _report_refusal(self, refusal: WorkflowGraphError) -> None:
        """The lease lives, but the report is invalid, for example because its outputs are too large: the job fails."""
        error = f"the server refused the result: {refusal.message}"[:ERROR_CHARACTERS_MAX]
        failure = Failure(error, retryable=False)
        self._context.reporter.report(
            self.claim.lease, failure, lambda outcome: self._reported(failure, outcome, again=True)
        )

    def _end(self, outcome: str, error: str | None) -> None:
        context = self._context
        context.keeper.forget(self.claim)
        self._log.close()
        context.events.job_ended(self._job, outcome, time.monotonic() - self._started_at, error)
        context.ended(self)
        context.reporter.slot_freed(self.claim.lease)

    def _stop_text(self, cause: str) -> str:
        return {
            "cancelled": "cancelled",
            "expired": f"lease expired: the server was not reached for {self.claim.lease.ttl_secs:g} s",
            "timeout": f"timed out after {self._job.timeout_secs} s",
            "stopped": "worker stopped",
        }.get(cause, cause)
