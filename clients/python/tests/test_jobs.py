"""What becomes of jobs: outputs, failures, logs, cancellation."""

from __future__ import annotations

import json
import logging
import threading
import time

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer
from tests.waiting import end_of, scaled, wait_until
from workflow_graph_client import Job, PermanentError, RetryableError


def test_outputs_reach_the_jobs_that_need_them(server: RealServer, start_worker: StartWorker, transport: str) -> None:
    def execute(job: Job) -> dict[str, str]:
        if job.job_id == "first":
            return {"käse": 'a "b"\n', "empty": ""}
        got = {key: dict(values) for key, values in job.upstream_outputs.items()}
        return {"got": json.dumps(got, sort_keys=True)}

    start_worker(server, execute, labels=["up", transport], transport=transport)
    labels = ["up", transport]
    run_id = server.run(first={"run": "x", "labels": labels}, second={"run": "x", "needs": "first", "labels": labels})
    jobs = end_of(server, run_id)
    assert json.loads(jobs["second"]["outputs"]["got"]) == {"first": {"käse": 'a "b"\n', "empty": ""}}


def test_failures_are_retried_as_they_say(server: RealServer, start_worker: StartWorker, transport: str) -> None:
    def execute(job: Job) -> None:
        if job.job_id == "permanent":
            raise PermanentError("never")
        if job.job_id == "plain":
            raise KeyError("what")
        if job.attempt < 2:
            raise RetryableError("not yet")

    start_worker(server, execute, labels=["fail", transport], transport=transport)
    rest = {"run": "x", "retries": 2, "labels": ["fail", transport]}
    jobs = end_of(server, server.run(permanent=rest, plain=rest, third=rest))
    assert (jobs["permanent"]["status"], jobs["permanent"]["attempt"]) == ("failure", 0)
    assert jobs["permanent"]["output"] == "never"
    assert (jobs["plain"]["status"], jobs["plain"]["attempt"]) == ("failure", 2)
    assert (jobs["third"]["status"], jobs["third"]["attempt"]) == ("success", 2)


def test_outputs_that_are_no_texts_fail_for_good(server: RealServer, start_worker: StartWorker) -> None:
    start_worker(server, lambda job: {"n": 1}, labels=["notext"])
    jobs = end_of(server, server.run(a={"run": "x", "retries": 3, "labels": ["notext"]}))
    assert (jobs["a"]["output"], jobs["a"]["attempt"]) == ('output "n" must be a text, and is int', 0)


def test_a_cancelled_job_is_told_within_two_seconds(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    told: list[float] = []
    began = threading.Event()

    def execute(job: Job) -> None:
        began.set()
        job.cancelled.wait(scaled(20))
        told.append(time.monotonic())
        job.log.stdout("last words\n")
        job.cancelled.raise_if_set()

    start_worker(server, execute, labels=["cancel", transport], transport=transport)
    run_id = server.run(a={"run": "x", "labels": ["cancel", transport]})
    assert began.wait(scaled(10))
    cancelled_at = time.monotonic()
    server.client.cancel(run_id)
    assert end_of(server, run_id)["a"]["status"] == "cancelled"
    wait_until(lambda: told)
    assert told[0] - cancelled_at < scaled(3)
    wait_until(lambda: server.log(run_id, "a") == "last words\n")


def test_ten_megabytes_of_log_arrive_whole_and_in_order(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    lines = [f"{number:07} {'x' * 91}\n" for number in range(100_000)]

    def execute(job: Job) -> None:
        for line in lines:
            job.log.stdout(line)

    start_worker(server, execute, labels=["much", transport], transport=transport)
    run_id = server.run(a={"run": "x", "labels": ["much", transport]})
    assert end_of(server, run_id, 120)["a"]["status"] == "success"
    assert "".join(chunk["data"] for chunk in server.client.follow_logs(run_id, "a")) == "".join(lines)


def test_outputs_that_the_server_does_not_take_fail_the_job(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    def execute(job: Job) -> dict[str, str]:
        return {"big": "x" * 3_000_000} if job.job_id == "big" else {"middling": "x" * 400_000}

    rest = {"run": "x", "retries": 3, "labels": ["big", transport]}
    worker = start_worker(server, execute, labels=["big", transport], transport=transport)
    jobs = end_of(server, server.run(big=rest, again={**rest, "needs": "big", "if": "always()"}))
    assert (jobs["big"]["status"], jobs["big"]["attempt"]) == ("failure", 0)
    assert "the server refused the result" in (jobs["big"]["output"] or "")
    # Its slot is free again.
    assert jobs["again"]["status"] in ("success", "failure")
    wait_until(lambda: worker.running == 0)


def test_what_is_said_is_said_as_fields_too(
    server: RealServer, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "workflow_graph_client")
    start_worker(server, lambda job: None, labels=["fields"], worker_id="field-worker")
    end_of(server, server.run(a={"run": "x", "labels": ["fields"]}))
    wait_until(lambda: len([r for r in caplog.records if getattr(r, "event", {}).get("type") == "job-ended"]) == 1)
    events = [getattr(record, "event", {}) for record in caplog.records]
    assert [event["type"] for event in events] == ["registered", "job-started", "job-ended"]
    assert events[2]["outcome"] == "success"
    assert {event["worker_id"] for event in events} == {"field-worker"}
