"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

from .client import Client
from .wire import JobExplanation, JobStatus, Run, RunChanges, RunPage, RunState, StoredLogChunk, WorkerInfo, Workflow
from .wire_controls import Backfill, Pause, PauseKind, WorkerDrain
from .wire_waiting import GatePage, Queue, RerunAnswer, Schedule, SchedulePage, WorkflowInputs

Value = TypeVar("Value")


class AsyncClient:
    """The methods of `Client`, to be awaited. Each call runs on a thread, so the loop is never blocked."""

    def __init__(
        self,
        server_url: str = "http://localhost:3000",
        *,
        token: str | None = None,
        ca_file: str | None = None,
        timeout_secs: float = 30,
    ) -> None:
        """Raises ValueError when the URL is not one of a server.

        ca_file: certificates (PEM) to trust for an `https://` server, in place of the system's.
        timeout_secs: for one call.
        """
        self._client = Client(server_url, token=token, ca_file=ca_file, timeout_secs=timeout_secs)

    @property
    def server_url(self) -> str:
        """The server's address."""
        return self._client.server_url

    async def create_workflow(self, definition: str | Mapping[str, Any], *, request_id: str | None = None) -> Workflow:
        """See `Client.create_workflow`."""
        return await asyncio.to_thread(self._client.create_workflow, definition, request_id=request_id)

    def all_workflows(self, *, status: JobStatus | None = None) -> AsyncIterator[Workflow]:
        """See `Client.all_workflows`."""
        return on_threads(lambda: self._client.all_workflows(status=status))

    async def workflows(
        self, *, limit: int | None = None, offset: int | None = None, status: JobStatus | None = None
    ) -> list[Workflow]:
        """See `Client.workflows`."""
        return await asyncio.to_thread(self._client.workflows, limit=limit, offset=offset, status=status)

    async def status(self, id: str) -> Workflow:
        """See `Client.status`."""
        return await asyncio.to_thread(self._client.status, id)

    async def run_workflow(
        self, id: str, inputs: Mapping[str, str] | None = None, *, request_id: str | None = None
    ) -> str:
        """See `Client.run_workflow`."""
        return await asyncio.to_thread(self._client.run_workflow, id, inputs, request_id=request_id)

    async def runs_page(
        self,
        *,
        workflow: str | None = None,
        state: RunState | None = None,
        limit: int | None = None,
        page_token: str | None = None,
    ) -> RunPage:
        """See `Client.runs_page`."""
        call = functools.partial(
            self._client.runs_page, workflow=workflow, state=state, limit=limit, page_token=page_token
        )
        return await asyncio.to_thread(call)

    def runs(self, *, workflow: str | None = None, state: RunState | None = None) -> AsyncIterator[Run]:
        """See `Client.runs`."""
        return on_threads(lambda: self._client.runs(workflow=workflow, state=state))

    async def cancel(self, id: str, *, force: bool = False, request_id: str | None = None) -> str:
        """See `Client.cancel`."""
        return await asyncio.to_thread(self._client.cancel, id, force=force, request_id=request_id)

    async def remove_workflow(self, id: str) -> None:
        """See `Client.remove_workflow`."""
        await asyncio.to_thread(self._client.remove_workflow, id)

    async def explain(self, id: str, job_id: str) -> JobExplanation:
        """See `Client.explain`."""
        return await asyncio.to_thread(self._client.explain, id, job_id)

    async def rerun(
        self,
        id: str,
        *,
        failed: bool = False,
        jobs: Sequence[str] = (),
        dependants: bool = True,
        force: bool = False,
        dry_run: bool = False,
        request_id: str | None = None,
    ) -> RerunAnswer:
        """See `Client.rerun`."""
        options = {"failed": failed, "dependants": dependants, "force": force, "dry_run": dry_run}
        return await asyncio.to_thread(self._client.rerun, id, jobs=jobs, request_id=request_id, **options)

    async def workflow_inputs(self, id: str) -> WorkflowInputs:
        """See `Client.workflow_inputs`."""
        return await asyncio.to_thread(self._client.workflow_inputs, id)

    async def schedules_page(
        self, *, workflow: str | None = None, limit: int | None = None, page_token: str | None = None
    ) -> SchedulePage:
        """See `Client.schedules_page`."""
        return await asyncio.to_thread(
            self._client.schedules_page, workflow=workflow, limit=limit, page_token=page_token
        )

    def schedules(self, *, workflow: str | None = None) -> AsyncIterator[Schedule]:
        """See `Client.schedules`."""
        return on_threads(lambda: self._client.schedules(workflow=workflow))

    async def pause_schedule(self, workflow: str, schedule: str, *, reason: str = "") -> Schedule:
        """See `Client.pause_schedule`."""
        return await asyncio.to_thread(self._client.pause_schedule, workflow, schedule, reason=reason)

    async def resume_schedule(self, workflow: str, schedule: str) -> Schedule:
        """See `Client.resume_schedule`."""
        return await asyncio.to_thread(self._client.resume_schedule, workflow, schedule)

    async def drain_worker(self, worker_id: str, *, stop: bool = False, reason: str = "") -> WorkerDrain:
        """See `Client.drain_worker`."""
        return await asyncio.to_thread(self._client.drain_worker, worker_id, stop=stop, reason=reason)

    async def undrain_worker(self, worker_id: str) -> None:
        """See `Client.undrain_worker`."""
        return await asyncio.to_thread(self._client.undrain_worker, worker_id)

    async def pause(self, kind: PauseKind, subject: str, *, reason: str = "") -> Pause:
        """See `Client.pause`."""
        return await asyncio.to_thread(self._client.pause, kind, subject, reason=reason)

    async def resume(self, kind: PauseKind, subject: str) -> None:
        """See `Client.resume`."""
        return await asyncio.to_thread(self._client.resume, kind, subject)

    async def pauses(self) -> list[Pause]:
        """See `Client.pauses`."""
        return await asyncio.to_thread(self._client.pauses)

    async def create_backfill(
        self,
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
        """See `Client.create_backfill`."""
        return await asyncio.to_thread(
            self._client.create_backfill,
            workflow,
            schedule,
            from_ms=from_ms,
            to_ms=to_ms,
            max_live=max_live,
            order=order,
            again=again,
            dry_run=dry_run,
        )

    async def backfills(self, workflow: str) -> list[Backfill]:
        """See `Client.backfills`."""
        return await asyncio.to_thread(self._client.backfills, workflow)

    async def cancel_backfill(self, workflow: str, id: str) -> Backfill:
        """See `Client.cancel_backfill`."""
        return await asyncio.to_thread(self._client.cancel_backfill, workflow, id)

    async def gates(
        self, *, prefix: str | None = None, limit: int | None = None, page_token: str | None = None
    ) -> GatePage:
        """See `Client.gates`."""
        return await asyncio.to_thread(self._client.gates, prefix=prefix, limit=limit, page_token=page_token)

    async def queue(self) -> Queue:
        """See `Client.queue`."""
        return await asyncio.to_thread(self._client.queue)

    async def logs(
        self,
        id: str,
        job_id: str,
        *,
        attempt: int | None = None,
        limit: int | None = None,
        tail: int | None = None,
        after: StoredLogChunk | None = None,
    ) -> list[StoredLogChunk]:
        """See `Client.logs`."""
        options = {"attempt": attempt, "limit": limit, "tail": tail}
        return await asyncio.to_thread(self._client.logs, id, job_id, after=after, **options)

    def follow_logs(
        self,
        id: str,
        job_id: str,
        *,
        attempt: int | None = None,
        tail: int | None = None,
        after: StoredLogChunk | None = None,
    ) -> AsyncIterator[StoredLogChunk]:
        """See `Client.follow_logs`."""
        return on_threads(lambda: self._client.follow_logs(id, job_id, attempt=attempt, tail=tail, after=after))

    def watch(self, id: str = "", *, after_event: int | None = None) -> AsyncIterator[RunChanges]:
        """See `Client.watch`."""
        return on_threads(lambda: self._client.watch(id, after_event=after_event))

    async def workers(self) -> list[WorkerInfo]:
        """See `Client.workers`."""
        return await asyncio.to_thread(self._client.workers)

    async def wait(self, id: str, *, interval_secs: float = 0.5) -> Workflow:
        """See `Client.wait`. For a limit use `asyncio.wait_for`."""
        while True:
            try:
                return await asyncio.to_thread(self._client.wait, id, timeout_secs=0, interval_secs=interval_secs)
            except TimeoutError:
                await asyncio.sleep(interval_secs)

    async def close(self) -> None:
        """Closes the connections and stops followed logs."""
        await asyncio.to_thread(self._client.close)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def on_threads(make: Callable[[], Iterator[Value]]) -> AsyncIterator[Value]:
    """The iterator's values, each waited for on a thread of the loop's pool."""
    values = await asyncio.to_thread(make)
    end = object()
    while (value := await asyncio.to_thread(next, values, end)) is not end:
        yield value  # type: ignore[misc]
