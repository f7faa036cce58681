"""Creates workflows, starts runs and looks at them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

from .errors import is_temporary
from .http.answers import call, error_of_answer
from .http.connection import Abort, Answer, HttpConnection, Request, RequestAborted
from .http.server_sent_events import read_events
from .wire import JobExplanation, JobStatus, Run, RunChanges, RunPage, RunState, StoredLogChunk, WorkerInfo, Workflow

RECONNECT_SECS = 0.5


class Client:
    """Where a method takes `id`, that is the id of a run, or of a workflow, which then means its newest run.

    Every method raises WorkflowGraphError when the server says no, and ServerUnreachableError when nobody answers.
    May be used from any thread.
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
        self.server_url = server_url.rstrip("/")
        self._token = token
        self._ca_file = ca_file
        self._timeout_secs = timeout_secs
        self._connection = HttpConnection(self.server_url, token, ca_file)
        self._closing = Abort()

    def create_workflow(self, definition: str | Mapping[str, Any]) -> Workflow:
        """Stores a definition: the text of a workflow file (YAML or JSON), or `{name, trigger, jobs}` as a dict."""
        if isinstance(definition, str):
            return cast(Workflow, self._post("/api/workflows", definition.encode(), "application/yaml"))
        return cast(Workflow, self._post("/api/workflows", json.dumps(definition).encode()))

    def workflows(
        self, *, limit: int | None = None, offset: int | None = None, status: JobStatus | None = None
    ) -> list[Workflow]:
        """A page of the workflows by id, each with the state of its newest run.

        limit: at most 1000; 100 when absent. status: only workflows with a job in this state.
        """
        return cast("list[Workflow]", self._get("/api/workflows", limit=limit, offset=offset, status=status))

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
        """All runs, newest first, page by page as they are looked at."""
        page_token: str | None = None
        while page_token != "":
            page = self.runs_page(workflow=workflow, state=state, page_token=page_token)
            yield from page["runs"]
            page_token = page["next_page_token"]

    def cancel(self, id: str) -> str:
        """Cancels a run: what has not started ends, and the workers of what has are told. Gives the run's id."""
        return str(self._post(f"/api/workflows/{segment(id)}/cancel", b"{}")["run_id"])

    def explain(self, id: str, job_id: str) -> JobExplanation:
        """Why a job is as it is: what it waits for, why it was retried, skipped or cancelled, how it failed."""
        return cast(JobExplanation, self._get(f"/api/workflows/{segment(id)}/jobs/{segment(job_id)}/why"))

    def logs(
        self, id: str, job_id: str, *, attempt: int | None = None, limit: int | None = None
    ) -> list[StoredLogChunk]:
        """The stored log of a job: all attempts in order, or one."""
        return cast("list[StoredLogChunk]", self._get(logs_path(id, job_id), attempt=attempt, limit=limit))

    def follow_logs(self, id: str, job_id: str, *, attempt: int | None = None) -> Iterator[StoredLogChunk]:
        """A job's log as it grows: what is stored, then live, until the job has ended.

        A connection that breaks, and a server that stops, are waited for, and it goes on where it was.
        """
        last_event_id: str | None = None
        was_there = False
        path = with_query(f"{logs_path(id, job_id)}/stream", {"attempt": attempt})
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
            except RequestAborted:
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

        return watch_runs(self.server_url, self._token, self._ca_file, id, after_event)

    def workers(self) -> list[WorkerInfo]:
        """The workers that the server knows, newest registration first."""
        return cast("list[WorkerInfo]", self._get("/api/workers"))

    def wait(self, id: str, *, timeout_secs: float | None = None, interval_secs: float = 0.5) -> Workflow:
        """Waits until the run has ended, and gives its last state. A server that is away meanwhile is waited for.

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
        """Ends the connections, and the logs that are followed."""
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

    def _pieces(self, request: Request) -> Iterator[bytes]:
        refusal: bytes | None = None
        status = 0
        for piece in self._connection.stream(request, self._closing):
            if piece.status == 200:
                yield piece.body
            else:
                status, refusal = piece.status, (refusal or b"") + piece.body
        if refusal is not None:
            raise error_of_answer(Answer(status, refusal), request)


def logs_path(id: str, job_id: str) -> str:
    """The path of a job's log."""
    return f"/api/workflows/{segment(id)}/jobs/{segment(job_id)}/logs"


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def with_query(path: str, parameters: Mapping[str, str | int | None]) -> str:
    """The path with those parameters that have a value."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{path}?{query}" if query else path
