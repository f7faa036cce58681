"""Calls that hold back work: drains of workers, pauses, and backfills of schedules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol, cast
from urllib.parse import quote, urlencode

from .wire_controls import Backfill, Pause, PauseKind, WorkerDrain


class Calls(Protocol):
    """The plain calls of a client."""

    def _get(self, path: str, **parameters: str | int | None) -> Any: ...
    def _post(self, path: str, body: bytes, content_type: str = "application/json") -> Any: ...
    def _delete(self, path: str) -> Any: ...


class ClientControls:
    """A part of `Client`."""

    def drain_worker(self: Calls, worker_id: str, *, stop: bool = False, reason: str = "") -> WorkerDrain:
        """Drains a worker: it gets no more jobs, and those that it runs continue. Needs a token with the scope admin.

        stop: workers of the client libraries end when they run no job. reason: for people; at most 500 characters.
        """
        return cast(WorkerDrain, self._post(drain_path(worker_id), json_of(stop=stop, reason=reason)))

    def undrain_worker(self: Calls, worker_id: str) -> None:
        """Undoes the drain of a worker; does nothing when it is not draining."""
        self._delete(drain_path(worker_id))

    def pause(self: Calls, kind: PauseKind, subject: str, *, reason: str = "") -> Pause:
        """Pauses a workflow, a run or a label until it is resumed; a label needs a token with the scope admin.

        What is paused already keeps its pause.
        """
        return cast(Pause, self._post("/api/pauses", json_of(**{kind: subject}, reason=reason)))

    def resume(self: Calls, kind: PauseKind, subject: str) -> None:
        """Ends a pause; does nothing when there is none."""
        self._delete(f"/api/pauses?{urlencode([(kind, subject)])}")

    def pauses(self: Calls) -> list[Pause]:
        """All pauses of workflows, runs and labels."""
        return cast("list[Pause]", self._get("/api/pauses")["pauses"])

    def create_backfill(
        self: Calls,
        workflow: str,
        schedule: str,
        *,
        from_ms: int,
        to_ms: int,
        max_live: int | None = None,
        order: Literal["oldest", "newest"] | None = None,
        again: bool = False,
        dry_run: bool = False,
    ) -> Backfill:
        """Starts runs for past times of a schedule.

        from_ms, to_ms: the first time, and the time before which it ends, in Unix milliseconds. max_live: how many of
        its runs may be unfinished at once; 1 when absent. order: which times come first; the oldest when absent. again:
        whether times that have a run get another one. dry_run: only counts the times.
        """
        optional: Mapping[str, Any] = {"max_live": max_live, "order": order}
        given = {name: value for name, value in optional.items() if value is not None}
        body = json_of(schedule=schedule, from_ms=from_ms, to_ms=to_ms, again=again, dry_run=dry_run, **given)
        return cast(Backfill, self._post(backfills_path(workflow), body))

    def backfills(self: Calls, workflow: str) -> list[Backfill]:
        """The newest 100 backfills of a workflow, the newest first."""
        return cast("list[Backfill]", self._get(backfills_path(workflow)))

    def cancel_backfill(self: Calls, workflow: str, id: str) -> Backfill:
        """Cancels a backfill: it starts no more runs; those that it started continue."""
        return cast(Backfill, self._delete(f"{backfills_path(workflow)}/{quote(id, safe='')}"))


def json_of(**fields: Any) -> bytes:
    """The fields as a body."""
    return json.dumps(fields).encode()


def drain_path(worker_id: str) -> str:
    """Where the drain of a worker is."""
    return f"/api/workers/{quote(worker_id, safe='')}/drain"


def backfills_path(workflow: str) -> str:
    """Where the backfills of a workflow are."""
    return f"/api/workflows/{quote(workflow, safe='')}/backfills"
