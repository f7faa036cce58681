"""Workers that drain, terminate, or leave an executor behind."""

from __future__ import annotations

import threading
import time

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer
from tests.waiting import end_of, wait_until
from workflow_graph_client import Job


def test_a_stopped_worker_finishes_its_job_and_takes_no_other(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    begun = threading.Event()

    def execute(job: Job) -> None:
        begun.set()
        time.sleep(0.5)

    labels = ["drain", transport]
    worker = start_worker(server, execute, labels=labels, transport=transport)
    run_id = server.run(a={"run": "x", "labels": labels}, b={"run": "x", "needs": "a", "labels": labels})
    assert begun.wait(10)
    worker.stop()
    wait_until(lambda: worker.running == 0)
    time.sleep(0.3)
    statuses = [job["status"] for job in server.client.status(run_id)["jobs"]]
    assert statuses == ["success", "queued"]
    server.client.cancel(run_id)


def test_a_terminated_worker_ends_its_job_which_may_be_tried_again(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    begun = threading.Event()

    def execute(job: Job) -> None:
        begun.set()
        job.cancelled.wait(20)
        job.cancelled.raise_if_set()

    worker = start_worker(server, execute, labels=["end", transport], transport=transport)
    run_id = server.run(a={"run": "x", "labels": ["end", transport]})
    assert begun.wait(10)
    worker.terminate()
    job = end_of(server, run_id)["a"]
    assert (job["status"], job["output"]) == ("failure", "worker stopped")


def test_an_executor_that_does_not_end_is_left_behind(
    server: RealServer, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("workflow_graph_client.worker.attempt.LEAVE_BEHIND_AFTER_GRACE_SECS", 0.2)
    forever = threading.Event()

    def execute(job: Job) -> None:
        if job.job_id == "stuck":
            forever.wait(20)

    start_worker(server, execute, labels=["stuck"], grace_secs=0.2)
    rest = {"run": "x", "labels": ["stuck"]}
    run_id = server.run(stuck={**rest, "timeout": 3}, next={**rest, "needs": "stuck", "if": "always()"})
    jobs = end_of(server, run_id)
    assert jobs["next"]["status"] == "success"
    assert jobs["stuck"]["status"] == "failure"
    assert any("was left behind" in record.message for record in caplog.records)
    forever.set()
