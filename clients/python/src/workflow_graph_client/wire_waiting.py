"""Answers about re-runs, schedules, queues, concurrency groups and inputs, as the documented HTTP paths write them."""

from __future__ import annotations

from typing import Literal, TypedDict


class RerunJob(TypedDict):
    """A job, and why it runs again, stays or is skipped."""

    job_id: str
    #: A part of a sentence for people.
    reason: str


class RerunAnswer(TypedDict):
    """What a re-run does, or would do. Lists hold the first thousand."""

    run_id: str
    #: The generation of the run that begins with it.
    generation: int
    #: The jobs that run again.
    jobs: list[RerunJob]
    job_count: int
    #: Of a dry run: the jobs that stay as they are.
    kept: list[RerunJob]
    kept_count: int
    #: Of a dry run: jobs that wait again and are certain to be skipped.
    skipped: list[RerunJob]
    skipped_count: int


class Schedule(TypedDict):
    """A schedule of a workflow. Times are Unix milliseconds."""

    #: The workflow's id.
    workflow: str
    #: Its own id, unique in its workflow.
    id: str
    cron: str
    timezone: str
    #: The inputs of its runs, as the file has them.
    inputs: dict[str, str]
    jitter_secs: int
    catch_up: Literal["latest", "all", "none"]
    within_secs: int
    overlap: Literal["allow", "skip", "queue", "cancel"]
    #: The next time that it is due; None while it is paused.
    next_at_ms: int | None
    #: When the run of that time starts: later by a part of the jitter.
    next_start_ms: int | None
    #: The last time that something became of; None before the first.
    last_at_ms: int | None
    #: What became of it: `started`, `overlap`, `missed` or `refused`; empty before the first.
    last_outcome: str
    last_run_id: str | None
    last_error: str | None
    #: Since when it is paused; None while it is not.
    paused_at_ms: int | None
    #: The name of the token that it was paused with.
    paused_by: str | None
    pause_reason: str
    #: What it does next and what it did last, in a sentence for people.
    explanation: str


class SchedulePage(TypedDict):
    """A page of schedules."""

    schedules: list[Schedule]
    #: Empty on the last page.
    next_page_token: str


class QueuedLabelSet(TypedDict):
    """The claimable jobs that require the same labels."""

    label_set: int
    labels: list[str]
    waiting: int
    #: When the one that has waited longest became claimable.
    oldest_at_ms: int
    #: Live workers that take these jobs, and their free slots.
    matching_workers: int
    free_slots: int
    #: Why they wait, a sentence for people.
    message: str
    no_matching_worker: bool


class Queue(TypedDict):
    """What waits for a worker."""

    at_ms: int
    #: Those that no live worker has first.
    label_sets: list[QueuedLabelSet]
    waiting: int


class RunAtGate(TypedDict):
    """A run that has a place in a concurrency group, or waits for one."""

    run_id: str
    workflow: str
    #: Since when it has its place, or waits for it.
    since_ms: int


class Gate(TypedDict):
    """A concurrency group in use."""

    kind: str
    group: str
    #: How many have a place.
    in_use: int
    #: The first ten that have a place, the oldest first.
    holders: list[RunAtGate]
    #: The first ten that wait, in order.
    waiting: list[RunAtGate]
    #: How many wait.
    waiting_total: int


class GatePage(TypedDict):
    """A page of concurrency groups."""

    gates: list[Gate]
    #: Empty on the last page.
    next_page_token: str


class InputDeclaration(TypedDict):
    """An input that a definition declares."""

    name: str
    type: Literal["string", "boolean", "number", "choice", "json"]
    description: str | None
    required: bool
    #: What it is when a run is started without it; None when there is no default.
    default: str | None
    #: Of a choice: what it may be.
    options: list[str]
    min: float | None
    max: float | None
    integer: bool
    max_length: int | None
    #: A default with expressions, as written; `default` is None then. A server of before has no such key.
    default_expression: str | None


class WorkflowInputs(TypedDict):
    """The inputs of a workflow's runs."""

    #: The id of the workflow's definition.
    workflow: str
    #: Whether the definition declares inputs. If not, a run takes any, as texts.
    declared: bool
    inputs: list[InputDeclaration]
