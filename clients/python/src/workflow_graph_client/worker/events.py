"""The log events of a worker: each once, as a readable line and as fields.

The logger is `workflow_graph_client.worker`. A record's `event` attribute is a dict with the event's `type` and fields,
for programs that log JSON.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ..job import Job

logger = logging.getLogger("workflow_graph_client.worker")


class WorkerEvents:
    """The events of one worker."""

    def __init__(self, worker_id: str, server_url: str) -> None:
        self._worker_id = worker_id
        self._server_url = server_url

    def registered(self, labels: Sequence[str], slots: int) -> None:
        """The server knows the worker."""
        what = f"labels {', '.join(labels)}" if labels else "no labels"
        self._say(
            logging.INFO,
            f"worker {self._worker_id} registered with {self._server_url} ({what}, {plural(slots, 'slot')})",
            type="registered",
            server_url=self._server_url,
            labels=list(labels),
            slots=slots,
        )

    def newer_server(self, version: str, server_version: str) -> None:
        """The server is newer than this library."""
        self._say(
            logging.WARNING,
            f"{self._server_url} has version {server_version}, and this worker's library {version}; "
            "the worker keeps running, and can be updated at any time",
            type="newer-server",
            version=version,
            server_version=server_version,
        )

    def job_started(self, job: Job) -> None:
        """The executor is called."""
        if logger.isEnabledFor(logging.INFO):
            self._say(logging.INFO, f"{attempt_name(job)} started", type="job-started", **ids(job))

    def job_ended(self, job: Job, outcome: str, secs: float, error: str | None) -> None:
        """The attempt is over on this worker: `success`, `failure`, `cancelled`, `timed_out` or `lost`."""
        level = logging.INFO if outcome in ("success", "cancelled") else logging.WARNING
        if not logger.isEnabledFor(level):
            return
        verb = {"success": "succeeded", "cancelled": "was cancelled", "failure": "failed", "lost": "lost its lease"}
        why = f": {first_line(error)}" if error and outcome in ("failure", "lost") else ""
        if outcome == "timed_out":
            what = f"{error or 'timed out'}, and ended after {secs:.1f} s"
        else:
            what = f"{verb[outcome]} after {secs:.1f} s{why}"
        self._say(
            level,
            f"{attempt_name(job)} {what}",
            type="job-ended",
            outcome=outcome,
            duration_secs=secs,
            error=error,
            **ids(job),
        )

    def report_refused(self, job: Job, status: int, reason: str | None, message: str) -> None:
        """The server refused the result."""
        self._say(
            logging.WARNING,
            f"{attempt_name(job)}: the server refused the report ({reason or status}): {message}",
            type="report-refused",
            status=status,
            reason=reason,
            **ids(job),
        )

    def report_given_up(self, job: Job, after_secs: float) -> None:
        """The result could not be reported until the lease was definitely lost."""
        self._say(
            logging.ERROR,
            f"{attempt_name(job)}: the result could not be reported for {seconds(after_secs)}, given up",
            type="report-given-up",
            after_secs=after_secs,
            **ids(job),
        )

    def stopped_too_late(self, job: Job) -> None:
        """The report of a timed-out job arrived after the server's grace period."""
        message = f"{attempt_name(job)}: it did not stop within the server's grace"
        self._say(logging.WARNING, message, type="stopped-too-late", **ids(job))

    def logs_dropped(self, job: Job, size: int, message: str) -> None:
        """The server refused output."""
        self._say(
            logging.WARNING,
            f"{attempt_name(job)}: {size} bytes of its log were dropped: {message}",
            type="logs-dropped",
            bytes=size,
            **ids(job),
        )

    def executor_left_behind(self, job: Job, grace_secs: float) -> None:
        """The executor did not return in time and was abandoned."""
        self._say(
            logging.WARNING,
            f"{attempt_name(job)}: its executor did not end within {seconds(grace_secs)} of the cancellation "
            "and was left behind",
            type="executor-left-behind",
            grace_secs=grace_secs,
            **ids(job),
        )

    def server_away(self, code: str) -> None:
        """The server is unavailable."""
        self._say(
            logging.WARNING,
            f"server {self._server_url} is away ({code}), retrying",
            type="server-away",
            server_url=self._server_url,
            code=code,
        )

    def server_back(self, away_secs: float) -> None:
        """The server is available again."""
        self._say(
            logging.INFO,
            f"server {self._server_url} is back after {seconds(away_secs)}",
            type="server-back",
            server_url=self._server_url,
            away_secs=away_secs,
        )

    def draining(self, running: int, timeout_secs: float) -> None:
        """The worker takes no more jobs."""
        what = f"{plural(running, 'job')} may finish within {seconds(timeout_secs)}" if running else "no job is running"
        self._say(logging.INFO, f"stopping: {what}", type="draining", running=running, timeout_secs=timeout_secs)

    def stopped(self) -> None:
        """The worker has stopped."""
        self._say(logging.INFO, "worker stopped", type="stopped")

    def warning(self, message: str) -> None:
        """Any other warning."""
        self._say(logging.WARNING, message, type="warning")

    def _say(self, level: int, message: str, **fields: Any) -> None:
        logger.log(level, "%s", message, extra={"event": {**fields, "worker_id": self._worker_id}})


def ids(job: Job) -> dict[str, Any]:
    """The attempt of an event."""
    return {"run_id": job.workflow_id, "workflow": job.workflow, "job_id": job.job_id, "attempt": job.attempt}


def attempt_name(job: Job) -> str:
    """The attempt, for people."""
    workflow = f"{job.workflow}/" if job.workflow else ""
    retry = f" (attempt {job.attempt})" if job.attempt else ""
    return f"{workflow}{job.job_id}{retry} of run {job.workflow_id}"


def first_line(text: str) -> str:
    """The text up to its first line feed."""
    return text.split("\n", 1)[0]


def seconds(secs: float) -> str:
    """A time, for people."""
    return f"{round(secs, 1):g} s"


def plural(count: int, noun: str) -> str:
    """So many of them."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
