"""What the server says of workflows, runs, logs and workers, as JSON on the documented paths.

Names are those of the wire and values are kept as they came, so a field that a newer server adds is there too. Times
are Unix milliseconds of the server's clock. None is "not known yet".
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from .wire_controls import WorkerDrain

JobStatus = Literal["queued", "running", "success", "failure", "skipped", "cancelled"]
RunState = Literal["queued", "running", "success", "failure", "cancelled"]


class _OptionalJobFields(TypedDict, total=False):
    #: The condition as written, when there is one, is under `if`.
    timeout_secs: int | None
    priority: int
    outputs: dict[str, str]
    ended_at: int | None
    worker_id: str | None
    delayed_until_ms: int | None
    #: From start to end of the last attempt, in milliseconds.
    duration_ms: int | None
    #: How many bytes are missing in the middle of the last attempt's log, which was too long.
    log_missing_bytes: int | None
    #: That its worker reported; None when it reported none.
    exit_code: int | None


class WorkflowJob(_OptionalJobFields):
    """A job's definition and state in a run."""

    id: str
    name: str
    status: JobStatus
    command: str
    #: Whole seconds; older servers send fractions.
    duration_secs: float | None
    started_at: int | None
    depends_on: list[str]
    #: The error text of a job that failed.
    output: str | None
    required_labels: list[str]
    max_retries: int
    #: The number of the last attempt, from 0.
    attempt: int
    #: Empty when there is none; None from older servers.
    metadata: dict[str, Any] | None


class Workflow(TypedDict):
    """A workflow with the state of the requested run, or of its newest."""

    id: str
    name: str
    trigger: str
    jobs: list[WorkflowJob]
    #: The definition's id.
    workflow: str
    #: The run that `jobs` shows; None before the first.
    run_id: str | None
    state: RunState | None
    version: int
    created_at_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None


class Run(TypedDict):
    """One execution of a workflow."""

    run_id: str
    workflow: str
    name: str
    state: RunState
    version: int
    created_at_ms: int
    started_at_ms: int | None
    ended_at_ms: int | None
    jobs: int
    #: How many of its jobs have not ended.
    open_jobs: int
    inputs: dict[str, str]


class RunPage(TypedDict):
    """Some runs, newest first."""

    runs: list[Run]
    #: For the next page; empty on the last.
    next_page_token: str


class _OptionalLogFields(TypedDict, total=False):
    #: How many bytes are missing in place of this chunk, in the middle of a log that was too long.
    missing_bytes: int | None
    #: Set on a line that the server wrote itself, such as that the attempt timed out: 1, 2 or 3. It counts as stderr.
    system_line: int | None


class StoredLogChunk(_OptionalLogFields):
    """A piece of a job's output."""

    #: The id of the run.
    workflow_id: str
    job_id: str
    #: Orders the chunks of one attempt over both streams, from 0.
    sequence: int
    data: str
    #: The worker's clock.
    timestamp_ms: int
    stream: Literal["stdout", "stderr"]
    attempt: int


class _OptionalWorkerFields(TypedDict, total=False):
    only_labelled: bool
    current_workflow_id: str | None
    running: int
    slots: int
    version: str
    #: None unless it is draining.
    drain: WorkerDrain | None


class WorkerInfo(_OptionalWorkerFields):
    """A worker as the server sees it."""

    worker_id: str
    labels: list[str]
    registered_at_ms: int
    last_heartbeat_ms: int
    current_job: str | None
    status: Literal["idle", "busy", "offline"]


class Event(TypedDict):
    """A change of state."""

    #: Grows with each event of the server; `watch` resumes after one.
    number: int
    at_ms: int
    #: Such as `job.queued`, `job.running`, `job.success`, `run.failure`.
    type: str
    run_id: str
    #: Empty for an event of the whole run.
    job_id: str
    attempt: int | None
    #: More about it.
    data: dict[str, Any]


class RunChanges(TypedDict):
    """One change of a watch."""

    #: The state of the runs before the first event; only in the first change, and only without `after_event`.
    snapshot: list[Workflow]
    #: Each change once, in order.
    events: list[Event]
    #: Where to resume.
    last_event: int


class _OptionalAttemptFields(TypedDict, total=False):
    #: How many bytes are missing in the middle of its log, which was too long.
    log_missing_bytes: int | None
    #: That its worker reported; None when it reported none.
    exit_code: int | None


class JobAttempt(_OptionalAttemptFields):
    """One try of a job."""

    #: From 0.
    attempt: int
    worker_id: str
    started_at_ms: int
    ended_at_ms: int | None
    #: Such as `success`, `failure` or `lease_expired`; None while it runs.
    outcome: str | None
    error: str | None


class JobReason(TypedDict):
    """A reason for the state of a job. Under the key that `code` names there are more fields with its details."""

    #: Such as `needs_open`, `no_matching_worker` or `failed`.
    code: str
    #: A sentence for people.
    message: str


class JobExplanation(TypedDict):
    """Why a job is in the state that it is in."""

    run_id: str
    #: The definition's id.
    workflow: str
    job_id: str
    status: JobStatus
    #: When the server looked.
    at_ms: int
    #: The main reason first.
    reasons: list[JobReason]
    #: Oldest first; at most the newest hundred.
    attempts: list[JobAttempt]
