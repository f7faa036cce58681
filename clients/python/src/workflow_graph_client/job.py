"""A job as its executor sees it, and as the JSON of the documented paths, which messages become as well."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .cancel_signal import CancelSignal

#: Named texts that a job hands to the jobs that need it.
Outputs = Mapping[str, str]


class LogWriter(Protocol):
    """Takes a job's output. May be used from any thread."""

    def stdout(self, text: str) -> None:
        """Writes to the log. In an executor that is a plain function it waits while too much is unsent."""

    def stderr(self, text: str) -> None:
        """The same for the error stream."""

    async def drain(self) -> None:
        """For an async executor that writes much: waits while too much is unsent."""


class DiscardedLog:
    """Takes output and forgets it: the log of a job that was made by hand, as in a test of an executor."""

    def stdout(self, text: str) -> None:
        """Forgets the text."""

    def stderr(self, text: str) -> None:
        """Forgets the text."""

    async def drain(self) -> None:
        """Returns at once."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when a failed attempt is tried again."""

    #: Retries after the first attempt.
    max_retries: int = 0
    #: `"None"`, `{"Fixed": {"delay_secs": 5}}` or `{"Exponential": {"base_secs": 2, "max_secs": 60}}`.
    backoff: Any = "None"


@dataclass(frozen=True, slots=True)
class NeedResult:
    """How a job that another one needs has ended."""

    #: `success`, `failure`, `skipped` or `cancelled`.
    result: str
    #: Whether it failed, and that counts as success.
    tolerated: bool = False
    #: Of one that failed, the beginning of its error text.
    error: str | None = None
    #: The number of its last attempt, from 0.
    attempt: int = 0
    #: How long that took, in whole seconds; None when there was none.
    duration_secs: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job, for display: the job's `command` runs them all."""

    id: str
    name: str
    run: str
    env: Mapping[str, str]


@dataclass(eq=False, slots=True)
class Job:
    """One attempt of a job: its data, log and cancellation signal. Times are Unix milliseconds of the server."""

    #: The job's key in its workflow.
    job_id: str
    #: A POSIX shell script, to be run with `sh -c`, or whatever else the executor makes of it.
    command: str = ""
    #: The id of the run.
    workflow_id: str = ""
    #: The id of the workflow's definition.
    workflow: str = ""
    #: The job's display name.
    name: str = ""
    #: The number of this attempt, from 0.
    attempt: int = 0
    #: The outputs of each job that this one needs, by job id.
    upstream_outputs: Mapping[str, Outputs] = field(default_factory=dict)
    #: The inputs that the run was started with.
    inputs: Mapping[str, str] = field(default_factory=dict)
    #: The definition's `env` for this job. `command` sets it already.
    env: Mapping[str, str] = field(default_factory=dict)
    required_labels: Sequence[str] = ()
    #: The attempt may take this many seconds; None is without limit.
    timeout_secs: int | None = None
    priority: int = 0
    #: Whatever the definition says under the job's `metadata`.
    metadata: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    retry_policy: RetryPolicy = RetryPolicy()
    #: When the job last became claimable.
    enqueued_at_ms: int = 0
    #: Until when the job's last retry was delayed.
    delayed_until_ms: int | None = None
    #: How each job that this one needs has ended, by job id; empty from an older server.
    needs: Mapping[str, NeedResult] = field(default_factory=dict)
    #: Of a child of a job with a matrix, whose id is `test.3`: the key of that job; None for any other job.
    group: str | None = None
    #: The child's index, from 0.
    index: int | None = None
    #: The child's values as a JSON object. `env` has them as `MATRIX_<KEY>`.
    matrix_json: str | None = None

    #: The worker that runs it.
    worker_id: str = field(default="", repr=False)
    #: The job's log.
    log: LogWriter = field(default_factory=DiscardedLog, repr=False)
    #: How long processes may take to end, once the job has to, before they are to be killed; None is the worker's
    #: grace. It is shorter when the server does not wait that long.
    grace_secs: float | None = field(default=None, repr=False)
    #: Set when the job has to end. The task of an async executor is cancelled as well.
    cancelled: CancelSignal = field(default_factory=CancelSignal, repr=False)


def read_job(job: dict[str, Any]) -> Job:
    """The job as it was claimed. What an older server does not send gets the value for "none"."""
    policy = job.get("retry_policy") or {}
    return Job(
        job_id=job["job_id"],
        command=job["command"],
        workflow_id=job["workflow_id"],
        workflow=job.get("workflow") or "",
        name=job.get("name") or "",
        attempt=job.get("attempt") or 0,
        upstream_outputs=job.get("upstream_outputs") or {},
        inputs=job.get("inputs") or {},
        env=job.get("env") or {},
        required_labels=tuple(job.get("required_labels") or ()),
        timeout_secs=job.get("timeout_secs"),
        priority=job.get("priority") or 0,
        metadata=job.get("metadata") or {},
        steps=tuple(
            Step(step.get("id", ""), step.get("name", ""), step.get("run", ""), step.get("env") or {})
            for step in job.get("steps") or ()
        ),
        retry_policy=RetryPolicy(policy.get("max_retries", 0), policy.get("backoff", "None")),
        enqueued_at_ms=job.get("enqueued_at_ms") or 0,
        delayed_until_ms=job.get("delayed_until_ms") or None,
        needs={key: read_need(need) for key, need in (job.get("needs") or {}).items()},
        group=job.get("group"),
        index=job.get("index"),
        matrix_json=job.get("matrix_json"),
    )


def read_need(need: dict[str, Any]) -> NeedResult:
    """The result of a need."""
    return NeedResult(
        need.get("result") or "",
        bool(need.get("tolerated")),
        need.get("error"),
        need.get("attempt") or 0,
        need.get("duration_secs"),
    )


def need_json(need: NeedResult) -> dict[str, Any]:
    """The result of a need, in the form of the documented paths."""
    return {
        "result": need.result,
        "tolerated": need.tolerated,
        "error": need.error,
        "attempt": need.attempt,
        "duration_secs": need.duration_secs,
    }


def job_json(job: Job) -> dict[str, Any]:
    """The job in the form of the documented paths."""
    return {
        "job_id": job.job_id,
        "workflow_id": job.workflow_id,
        "command": job.command,
        "required_labels": list(job.required_labels),
        "retry_policy": {"max_retries": job.retry_policy.max_retries, "backoff": job.retry_policy.backoff},
        "attempt": job.attempt,
        "upstream_outputs": {key: dict(outputs) for key, outputs in job.upstream_outputs.items()},
        "enqueued_at_ms": job.enqueued_at_ms,
        "delayed_until_ms": job.delayed_until_ms,
        "workflow": job.workflow,
        "name": job.name,
        "timeout_secs": job.timeout_secs,
        "env": dict(job.env),
        "steps": [{"id": s.id, "name": s.name, "run": s.run, "env": dict(s.env)} for s in job.steps],
        "inputs": dict(job.inputs),
        "priority": job.priority,
        "metadata": dict(job.metadata),
        "needs": {key: need_json(need) for key, need in job.needs.items()},
        "group": job.group,
        "index": job.index,
        "matrix_json": job.matrix_json,
    }


#: Runs one attempt and gives its outputs, or raises. `PermanentError` fails the job at once; any other exception is
#: a failure that may be retried.
Executor = Callable[[Job], Outputs | None] | Callable[[Job], Awaitable[Outputs | None]]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to report on one attempt. Its id is a secret."""

    lease_id: str
    #: For how long it lives without a heartbeat, in seconds.
    ttl_secs: float
    #: How long the server waits for the report of a job that it wants stopped; None from an older server.
    stop_grace_secs: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A job and the right to report on it."""

    job: Job
    lease: Lease
    #: The earliest moment, by the monotonic clock, at which it may have been granted. The answer to a claim may have
    #: been held up on its way.
    asked_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Success:
    """How an attempt ended: with these outputs."""

    outputs: Outputs


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt ended: not well."""

    #: What went wrong, for people.
    error: str
    retryable: bool
    #: Of the command that failed, from 0 to 255; None when there is none.
    exit_code: int | None = None


Result = Success | Failure


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a job's output on its way to the server."""

    #: Orders the chunks of one attempt over both streams, from 0.
    sequence: int
    #: `stdout` or `stderr`.
    stream: str
    data: str
    #: The worker's clock.
    timestamp_ms: int
