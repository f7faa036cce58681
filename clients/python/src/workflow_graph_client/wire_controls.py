"""Drains, pauses and backfills, as the documented HTTP paths write them. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Literal, TypedDict

PauseKind = Literal["workflow", "run", "label"]


class WorkerDrain(TypedDict):
    """The drain of a worker: it gets no jobs."""

    since_ms: int
    #: The name of the token that drained it; None when the server ran without tokens.
    by: str | None
    #: Why, for people; may be empty.
    reason: str
    #: Whether the worker ends when it runs no job.
    stop: bool


class Pause(TypedDict):
    """A pause of a workflow, a run or a label."""

    kind: PauseKind
    #: The id of the workflow or run, or the label.
    subject: str
    #: Why, for people; may be empty.
    reason: str
    paused_at_ms: int
    #: The name of the token that paused it; None when the server ran without tokens.
    paused_by: str | None


class Backfill(TypedDict):
    """Runs for past times of a schedule."""

    #: Empty for one that was only counted.
    id: str
    workflow: str
    schedule: str
    from_ms: int
    to_ms: int
    max_live: int
    order: Literal["oldest", "newest"]
    #: Whether times that have a run get another one.
    again: bool
    #: Its times, and how many of them were handled so far: `started` + `skipped` + `refused`.
    total: int
    handled: int
    started: int
    skipped: int
    refused: int
    last_error: str | None
    #: Its runs that have not ended.
    live: int
    created_at_ms: int
    #: The name of the token that created it.
    created_by: str | None
    #: When it handled its last time, or was cancelled; None while it is active.
    ended_at_ms: int | None
    cancelled: bool
