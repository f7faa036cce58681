"""Creates workflows, starts runs and inspects them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, urlencode

from .client_controls import ClientControls
from .errors import is_temporary
from .http.answers import call, call_for_page, error_of_answer
from .http.connection import Abort, Answer, HttpConnection, Request, RequestAborted
from .http.server_sent_events import read_events
from .server_address import public_url
from .wire import JobExplanation, JobStatus, Run, RunChanges, RunPage, RunState, StoredLogChunk, WorkerInfo, Workflow
from .wire_waiting import GatePage, Queue, RerunAnswer, Schedule, SchedulePage, WorkflowInputs

RECONNECT_SECS = 0.5


class Client(ClientControls):
    """An `id` parameter accepts a run id, or a workflow id, which means its newest run.

    Every method raises WorkflowGraphError if the server refuses the call, and ServerUnreachableError if it cannot be
    reached. All methods are thread-safe.
    """

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
        #: Without a user name and password.
        self.server_url = public_url(server_url)
        self._full_url = server_url.rstrip("/")
        self._token = token
        self._ca_file = ca_file
        self._timeout_secs = timeout_secs
        self._connection = HttpConnection(self._full_url, token, ca_file)
        self._closing = Abort()

    def create_workflow(self, definition: str | Mapping[str, Any], *, request_id: str | None = None) -> Workflow:
        """Stores a definition: the text of a workflow file (YAML or JSON), or `{name, trigger, jobs}` as a dict.

        request_id: the same one creates the same workflow, however often it is sent; a random one when absent, so that
        a call whose answer was lost creates no second workflow.
        """
        path = with_query("/api/workflows", {"request_id": request_id or str(uuid.uuid4())})
        if isinstance(definition, str):
            return cast(Workflow, self._post(path, definition.encode(), "application/yaml"))
        return cast(Workflow, self._post(path, json.dumps(definition).encode()))

    def workflows(
        self, *, limit: int | None = None, offset: int | None = None, status: JobStatus | None = None
    ) -> list[Workflow]:
        """A page of the workflows by id, each with the state of its newest run.

        limit: at most 1000; 100 when absent. status: only workflows with a job in this state.
        """
        return cast("list[Workflow]", self._get("/api/workflows", limit=limit, offset=offset, status=status))

    def all_workflows(self, *, status: JobStatus | None = None) -> Iterator[Workflow]:
        """Iterates over all workflows by id; pages are fetched on demand."""
        limit = 100
        offset = 0
        while True:
            path = with_query("/api/workflows", {"limit": limit, "offset": offset, "status": status})
            page, next_offset = call_for_page(self._connection, Request("GET", path, timeout_secs=self._timeout_secs))
            yield from cast("list[Workflow]", page)
            # A page of very many jobs is shorter, and says where the next begins. Older servers say nothing.
            if next_offset is None and len(page) < limit:
                return
            offset = offset + limit if next_offset is None else next_offset

    def status(self, id: str) -> Workflow:
        """The workflow with the states of its jobs."""
        return cast(Workflow, self._get(f"/api/workflows/{segment(id)}/status"))

    def run_workflow(self, id: str, inputs: Mapping[str, str] | None = None, *, request_id: str | None = None) -> str:
        """Starts a run of the workflow's current definition, and gives its id.

        inputs: handed to every job of the run. request_id: the same one starts the same run, however often it is sent;
        a random one when absent.
        """
        body = {"inputs": dict(inputs or {}), "request_id": request_id or str(uuid.uuid4())}
        return str(self._post(f"/api/workflows/{segment(id)}/run", json.dumps(body).encode())["run_id"])

    def runs_page(
        self,
        *,
        workflow: str | None = None,
        state: RunState | None = None,
        limit: int | None = None,
        page_token: str | None = None,
    ) -> RunPage:
        """A page of runs, newest first. `limit` is at most 1000; 100 when absent."""
        page = self._get("/api/runs", workflow=workflow, state=state, limit=limit, page_token=page_token)
        return cast(RunPage, page)

    def runs(self, *, workflow: str | None = None, state: RunState | None = None) -> Iterator[Run]:
        """Iterates over all runs, newest first; pages are fetched on demand."""
        page_token: str | None = None
        while page_token != "":
            page = self.runs_page(workflow=workflow, state=state, page_token=page_token)
            yield from page["runs"]
            page_token = page["next_page_token"]

    def cancel(self, id: str, *, force: bool = False, request_id: str | None = None) -> str:
        """Cancels a run: queued jobs end, and the workers of running jobs are notified. Returns the run's id.

        Repeating it changes nothing. force: also ends clean-up jobs (`if: always()`). request_id: the same one means
        the same run, also when `id` is a workflow's and a newer run has started; a random one when absent.
        """
        body = {"force": force, "request_id": request_id or str(uuid.uuid4())}
        return str(self._post(f"/api/workflows/{segment(id)}/cancel", json.dumps(body).encode())["run_id"])

    def rerun(
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
        """Runs jobs of a run again, in the same run, and with them all jobs that need them. Outputs of the others stay.

        failed: every job that failed or was cancelled. jobs: these, instead of `failed`. dependants: whether the jobs
        that need them run again too. force: cancels jobs that are running and would run again, and waits until they
        have stopped. dry_run: changes nothing, and answers what would happen. request_id: the same one begins one
        re-run, however often it is sent; a random one when absent. Raises WorkflowGraphError with the reason
        `job_running` or `dependant_running` when a job is in the way.
        """
        body = {
            "failed": failed,
            "jobs": list(jobs),
            "dependants": dependants,
            "force": force,
            "dry_run": dry_run,
            "request_id": request_id or str(uuid.uuid4()),
        }
        return cast(RerunAnswer, self._post(f"/api/workflows/{segment(id)}/rerun", json.dumps(body).encode()))

    def workflow_inputs(self, id: str) -> WorkflowInputs:
        """What the current definition of a workflow, or of a run's workflow, says of the inputs of its runs."""
        return cast(WorkflowInputs, self._get(f"/api/workflows/{segment(id)}/inputs"))

    def schedules_page(
        self, *, workflow: str | None = None, limit: int | None = None, page_token: str | None = None
    ) -> SchedulePage:
        """A page of the schedules of workflows. `limit` is at most 1000; 100 when absent."""
        page = self._get("/api/schedules", workflow=workflow, limit=limit, page_token=page_token)
        return cast(SchedulePage, page)

    def schedules(self, *, workflow: str | None = None) -> Iterator[Schedule]:
        """All schedules of workflows, page by page as they are looked at."""
        page_token: str | None = None
        while page_token != "":
            page = self.schedules_page(workflow=workflow, page_token=page_token)
            yield from page["schedules"]
            page_token = page["next_page_token"]

    def pause_schedule(self, workflow: str, schedule: str, *, reason: str = "") -> Schedule:
        """Pauses a schedule: until it is resumed it starts no runs, and times that come meanwhile get none later."""
        body = json.dumps({"reason": reason}).encode()
        return cast(Schedule, self._post(f"{schedule_path(workflow, schedule)}/pause", body))

    def resume_schedule(self, workflow: str, schedule: str) -> Schedule:
        """Resumes a paused schedule at its next time."""
        return cast(Schedule, self._post(f"{schedule_path(workflow, schedule)}/resume", b"{}"))

    def gates(self, *, prefix: str | None = None, limit: int | None = None, page_token: str | None = None) -> GatePage:
        """A page of the concurrency groups in use, by name. `limit` is at most 200; 100 when absent."""
        return cast(GatePage, self._get("/api/gates", prefix=prefix, limit=limit, page_token=page_token))

    def queue(self) -> Queue:
        """What waits for a worker, by the labels that it requires: those that no live worker has first."""
        return cast(Queue, self._get("/api/queue"))

    def remove_workflow(self, id: str) -> None:
        """Removes a workflow from the list: it cannot be started any more, and its runs stay until they are pruned.

        A workflow that comes from a file of the workflows folder is refused.
        """
        self._delete(f"/api/workflows/{segment(id)}")

    def explain(self, id: str, job_id: str) -> JobExplanation:
        """Explains the state of a job: what it waits for, why it was retried, skipped or cancelled, how it failed."""
        return cast(JobExplanation, self._get(f"/api/workflows/{segment(id)}/jobs/{segment(job_id)}/why"))

    def logs(
        self,
        id: str,
        job_id: str,
        *,
        attempt: int | None = None,
        limit: int | None = None,
        tail: int | None = None,
        after: StoredLogChunk | None = None,
    ) -> list[StoredLogChunk]:
        """The stored log of a job: all attempts in order, or one.

        limit: at most this many chunks, and never more than 10000; all of them when absent. tail: only the last lines
        of what is stored; ignored with `after`. after: only what comes after this chunk, the last one of the answer
        before.
        """
        place = None if after is None else log_position(after)
        chunks = self._get(logs_path(id, job_id), attempt=attempt, limit=limit, tail=tail, after=place)
        return cast("list[StoredLogChunk]", chunks)

    def follow_logs(
        self,
        id: str,
        job_id: str,
        *,
        attempt: int | None = None,
        tail: int | None = None,
        after: StoredLogChunk | None = None,
    ) -> Iterator[StoredLogChunk]:
        """A job's log as it grows: what is stored, then live, until the job has ended.

        tail: begin with the last lines of what is stored; ignored with `after`. after: begin after this chunk. After a
        broken connection, or a restart of the server, it reconnects and resumes after the last chunk.
        """
        last_event_id: str | None = None if after is None else log_position(after)
        was_there = False
        path = with_query(f"{logs_path(id, job_id)}/stream", {"attempt": attempt, "tail": tail})
        while True:
            headers = {"Accept": "text/event-stream"}
            if last_event_id is not None:
                headers["Last-Event-ID"] = last_event_id
            request = Request("GET", path, headers=headers, timeout_secs=self._timeout_secs)
            try:
                for event in read_events(self._pieces(request)):
                    was_there = True
                    if event.name == "end":
                        return
                    if event.name != "log":
                        continue
                    yield cast(StoredLogChunk, json.loads(event.data))
                    last_event_id = event.id or last_event_id
                # The log has an end only where it says so: a server that stops ends the stream as well.
                was_there = True
            except (RequestAborted, _NothingLeft):
                return
            except Exception as error:
                if not was_there or not is_temporary(error):
                    raise
            time.sleep(RECONNECT_SECS)

    def watch(self, id: str = "", *, after_event: int | None = None) -> Iterator[RunChanges]:
        """The changes of a run, or of every run when `id` is empty, each once and in order.

        First comes a snapshot, or with `after_event` what came after that event. A connection that breaks is made again
        and goes on where it was. Ends with the run; that of every run does not end. Comes over gRPC.
        """
        # Loading grpcio takes a while, and those who do not watch need not wait for it.
        from .stream.watch import watch_runs

        return watch_runs(self._full_url, self._token, self._ca_file, id, after_event)

    def workers(self) -> list[WorkerInfo]:
        """The workers that the server knows, newest registration first."""
        return cast("list[WorkerInfo]", self._get("/api/workers"))

    def wait(self, id: str, *, timeout_secs: float | None = None, interval_secs: float = 0.5) -> Workflow:
        """Waits until the run has ended and returns its final state. Also waits while the server is unavailable.

        Raises TimeoutError when it has not ended within the time; there is no limit when absent.
        """
        deadline = None if timeout_secs is None else time.monotonic() + timeout_secs
        while True:
            try:
                workflow = self.status(id)
                if workflow["state"] not in (None, "queued", "running"):
                    return workflow
            except Exception as error:
                if not is_temporary(error):
                    raise
            if deadline is not None and time.monotonic() + interval_secs > deadline:
                raise TimeoutError(f"{id} has not ended within {timeout_secs:g} s")
            time.sleep(interval_secs)

    def close(self) -> None:
        """Closes the connections and stops followed logs."""
        self._closing.set()
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, path: str, **parameters: str | int | None) -> Any:
        request = Request("GET", with_query(path, parameters), timeout_secs=self._timeout_secs)
        return call(self._connection, request)

    def _post(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return call(self._connection, Request("POST", path, body, content_type, timeout_secs=self._timeout_secs))

    def _delete(self, path: str) -> Any:
        return call(self._connection, Request("DELETE", path, timeout_secs=self._timeout_secs))

    def _pieces(self, request: Request) -> Iterator[bytes]:
        refusal: bytes | None = None
        status = 0
        for piece in self._connection.stream(request, self._closing):
            if piece.status == 200:
                yield piece.body
            elif piece.status == 204:
                raise _NothingLeft
            else:
                status, refusal = piece.status, (refusal or b"") + piece.body
        if refusal is not None:
            raise error_of_answer(Answer(status, refusal), request)


class _NothingLeft(Exception):
    """The followed log has ended, and nothing is left."""


#: Lines that the server wrote have streams of their own.
SYSTEM_STREAMS = {1: "system-first", 2: "system-stop", 3: "system-end"}


def log_position(chunk: StoredLogChunk) -> str:
    """The position of the chunk in its job's log, in the server's form."""
    stream = SYSTEM_STREAMS.get(chunk.get("system_line") or 0, chunk["stream"])
    return f"{chunk.get('attempt', 0)}.{chunk['sequence']}.{stream}"


def schedule_path(workflow: str, schedule: str) -> str:
    """Where a schedule is."""
    return f"/api/workflows/{segment(workflow)}/schedules/{segment(schedule)}"


def logs_path(id: str, job_id: str) -> str:
    """The path of a job's log."""
    return f"/api/workflows/{segment(id)}/jobs/{segment(job_id)}/logs"


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def with_query(path: str, parameters: Mapping[str, str | int | None]) -> str:
    """The path with the parameters that have a value."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{path}?{query}" if query else path
