"""Claims over plain HTTP, told to a server that notes what it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from workflow_graph_client import Job, Worker


class NotingServer(ThreadingHTTPServer):
    """Has jobs to claim; an old one has no call for several."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.is_old = False
        self.jobs: list[str] = []
        self.calls: list[tuple[str, Any]] = []
        self.changed = threading.Condition()

    def until(self, is_so: Any) -> None:
        with self.changed:
            assert self.changed.wait_for(is_so, 20), self.calls

    def asked(self, path: str) -> list[Any]:
        return [body for called, body in self.calls if called.endswith(path)]


class Answering(BaseHTTPRequestHandler):
    """One connection."""

    server: NotingServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        with self.server.changed:
            status, answer = self.answer(body)
            self.server.calls.append((self.path, body))
            self.server.changed.notify_all()
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, body: Any) -> tuple[int, Any]:
        if self.path == "/api/jobs/claim-many":
            if self.server.is_old:
                return 404, {"code": "not_found", "message": "no such path"}
            return 200, {"claims": [self.claimed() for _ in range(min(body["max_jobs"], len(self.server.jobs)))]}
        if self.path == "/api/jobs/claim":
            return 200, self.claimed() if self.server.jobs else None
        return 200, {}

    def claimed(self) -> Any:
        name = self.server.jobs.pop(0)
        job = {"job_id": name, "workflow_id": "run", "command": "true"}
        return {"job": job, "lease": {"lease_id": name, "ttl_secs": 30}}

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def noting() -> Iterator[NotingServer]:
    with NotingServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_claim_asks_for_as_many_jobs_as_slots_are_free(noting: NotingServer) -> None:
    noting.jobs = ["a", "b", "c"]
    go_on = threading.Event()

    def execute(_: Job) -> None:
        go_on.wait(20)

    worker, thread = started(noting, execute, slots=5)
    # Two slots are left.
    noting.until(lambda: len(noting.asked("/claim-many")) >= 2)
    go_on.set()
    noting.until(lambda: len(noting.asked("/complete")) == 3)
    worker.stop()
    thread.join(10)
    assert [body["max_jobs"] for body in noting.asked("/claim-many")[:2]] == [5, 2]
    ids = [body["request_id"] for body in noting.asked("/claim-many")]
    assert len(set(ids[:2])) == 2


def test_a_server_without_claims_of_several_jobs_is_asked_for_one_at_a_time(noting: NotingServer) -> None:
    noting.is_old = True
    noting.jobs = ["a", "b", "c"]
    worker, thread = started(noting, lambda _: None, slots=3)
    noting.until(lambda: len(noting.asked("/complete")) == 3)
    worker.stop()
    thread.join(10)
    # A claim whose connection broke makes the worker look once more for a newer server.
    assert 1 <= len(noting.asked("/claim-many")) < len(noting.asked("/claim"))


def started(server: NotingServer, execute: Any, slots: int) -> tuple[Worker, threading.Thread]:
    worker = Worker(server_url=server.url, executor=execute, transport="http", slots=slots)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    return worker, thread
