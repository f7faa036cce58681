"""Workers that the server drains."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer
from tests.waiting import end_of, scaled, wait_until
from workflow_graph_client import Job, Worker


def test_a_worker_drained_with_stop_finishes_its_job_and_ends(
    server: RealServer, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def execute(job: Job) -> None:
        begun.set()
        may_end.wait(scaled(30))

    labels = ["drained-with-stop", transport]
    options: dict[str, Any] = {"labels": labels, "transport": transport, "heartbeat_interval_secs": 0.2}
    worker = Worker(server_url=server.url, executor=execute, **options)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    run_id = server.run(a={"run": "x", "labels": labels}, b={"run": "x", "needs": "a", "labels": labels})
    assert begun.wait(scaled(30))
    server.client.drain_worker(worker.worker_id, stop=True, reason="test")
    wait_until(lambda: "stops when no job is running" in caplog.text)
    assert worker.running == 1
    may_end.set()
    thread.join(scaled(30))
    assert not thread.is_alive()
    assert [job["status"] for job in server.client.status(run_id)["jobs"]] == ["success", "queued"]
    server.client.cancel(run_id)


def test_an_undrained_worker_gets_jobs_again(
    server: RealServer, start_worker: StartWorker, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def execute(job: Job) -> None:
        begun.set()
        if job.job_id == "a":
            may_end.wait(scaled(30))

    labels = ["undrained", transport]
    options: dict[str, Any] = {"labels": labels, "transport": transport, "heartbeat_interval_secs": 0.2}
    worker = start_worker(server, execute, **options)
    run_id = server.run(a={"run": "x", "labels": labels}, b={"run": "x", "needs": "a", "labels": labels})
    assert begun.wait(scaled(30))
    drain = server.client.drain_worker(worker.worker_id)
    assert (drain["stop"], drain["reason"], drain["by"]) == (False, "", None)
    wait_until(lambda: "until the drain is undone" in caplog.text)
    may_end.set()
    wait_until(lambda: [job["status"] for job in server.client.status(run_id)["jobs"]] == ["success", "queued"])
    server.client.undrain_worker(worker.worker_id)
    assert end_of(server, run_id)["b"]["status"] == "success"
