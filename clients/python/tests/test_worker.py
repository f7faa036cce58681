"""Workers against the real server, over both transports."""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import StartWorker, started_server
from tests.proxies import CuttingProxy, OldProxy
from tests.real_server import RealServer
from workflow_graph import Job, PermanentError, RetryableError, Worker, WorkflowGraphError, WorkflowJob
from workflow_graph.shell.process_tree import list_processes, read_process


def end_of(server: RealServer, run_id: str, secs: float = 90) -> dict[str, WorkflowJob]:
    workflow = server.client.wait(run_id, timeout_secs=secs, interval_secs=0.02)
    return {job["id"]: job for job in workflow["jobs"]}


def wait_until(condition: Callable[[], object], secs: float = 15) -> None:
    deadline = time.monotonic() + secs
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


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
        job.cancelled.wait(20)
        told.append(time.monotonic())
        job.log.stdout("last words\n")
        job.cancelled.raise_if_set()

    start_worker(server, execute, labels=["cancel", transport], transport=transport)
    run_id = server.run(a={"run": "x", "labels": ["cancel", transport]})
    assert began.wait(10)
    cancelled_at = time.monotonic()
    server.client.cancel(run_id)
    assert end_of(server, run_id)["a"]["status"] == "cancelled"
    wait_until(lambda: told)
    assert told[0] - cancelled_at < 3
    wait_until(lambda: server.log(run_id, "a") == "last words\n")


def test_heartbeats_go_on_while_a_job_holds_the_interpreter(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    def execute(job: Job) -> dict[str, str]:
        # A call through PyDLL keeps the interpreter's lock: no other thread of this process runs meanwhile.
        ctypes.PyDLL(None).sleep(7)
        return {"attempt": str(job.attempt)}

    start_worker(server, execute, labels=["busy", transport], transport=transport, lease_ttl_secs=6)
    jobs = end_of(server, server.run(a={"run": "x", "retries": 1, "labels": ["busy", transport]}))
    assert (jobs["a"]["status"], jobs["a"]["outputs"]) == ("success", {"attempt": "0"})


def test_a_lease_that_cannot_be_renewed_ends_its_job(
    own_server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    reasons: list[str | None] = []
    begun = threading.Event()

    def execute(job: Job) -> None:
        begun.set()
        job.cancelled.wait(20)
        reasons.append(job.cancelled.reason)
        job.cancelled.raise_if_set()

    start_worker(own_server, execute, transport=transport, lease_ttl_secs=1)
    own_server.run(a={"run": "x"})
    assert begun.wait(10)
    own_server.pause()
    wait_until(lambda: reasons, 5)
    own_server.resume()
    assert reasons == ["lease expired: the server was not reached for 1 s"]


def test_a_server_restart_costs_no_attempt(
    own_server: RealServer, start_worker: StartWorker, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def execute(job: Job) -> dict[str, str]:
        job.log.stdout("before\n")
        begun.set()
        go_on.wait(20)
        job.log.stdout("after\n")
        return {"attempt": str(job.attempt)}

    start_worker(own_server, execute, transport=transport)
    run_id = own_server.run(a={"run": "x"}, b={"run": "x", "needs": "a"})
    assert begun.wait(10)
    own_server.stop(signal.SIGKILL)
    go_on.set()
    time.sleep(1)
    own_server.start()
    jobs = end_of(own_server, run_id)
    assert [job["outputs"] for job in jobs.values()] == [{"attempt": "0"}, {"attempt": "0"}]
    assert own_server.log(run_id, "a") == "before\nafter\n"
    said = [record.message for record in caplog.records if "away" in record.message or "is back" in record.message]
    assert [("is away" in message, "is back" in message) for message in said[:2]] == [(True, False), (False, True)]


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


def test_slots_are_all_used_and_never_more(server: RealServer, start_worker: StartWorker, transport: str) -> None:
    lock = threading.Lock()
    now, most = 0, 0

    def execute(job: Job) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1

    start_worker(server, execute, labels=["slots", transport], transport=transport, slots=8)
    jobs = {f"j{number}": {"run": "x", "labels": ["slots", transport]} for number in range(200)}
    assert {job["status"] for job in end_of(server, server.run(**jobs)).values()} == {"success"}
    assert most == 8


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
    monkeypatch.setattr("workflow_graph.worker.attempt.LEAVE_BEHIND_AFTER_GRACE_SECS", 0.2)
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


def test_async_executors_run_side_by_side_and_are_cancelled(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    seen: list[str] = []

    async def execute(job: Job) -> dict[str, str]:
        try:
            job.log.stdout("hello\n")
            await job.log.drain()
            await asyncio.sleep(20 if job.job_id == "long" else 0.5)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return {"thread": threading.current_thread().name}

    labels = ["async", transport]
    start_worker(server, execute, labels=labels, transport=transport, slots=20)
    started_at = time.monotonic()
    jobs = end_of(server, server.run(**{f"j{n}": {"run": "x", "labels": labels} for n in range(20)}))
    assert {(job["outputs"] or {})["thread"] for job in jobs.values()} == {"executor-loop"}
    assert time.monotonic() - started_at < 5
    run_id = server.run(long={"run": "x", "labels": labels})
    wait_until(lambda: server.client.status(run_id)["state"] == "running")
    server.client.cancel(run_id)
    wait_until(lambda: seen)


def test_a_worker_runs_on_the_loop_of_its_program(server: RealServer) -> None:
    async def execute(job: Job) -> dict[str, str]:
        return {"thread": threading.current_thread().name}

    async def main() -> dict[str, WorkflowJob]:
        worker = Worker(server_url=server.url, labels=["loop"], executor=execute)
        task = asyncio.create_task(worker.run_async())
        run_id = await asyncio.to_thread(server.run, a={"run": "x", "labels": ["loop"]})
        jobs = await asyncio.to_thread(end_of, server, run_id)
        worker.stop()
        await asyncio.wait_for(task, 10)
        return jobs

    assert asyncio.run(main())["a"]["outputs"] == {"thread": "MainThread"}


def test_a_cancelled_run_async_ends_its_jobs(server: RealServer) -> None:
    async def execute(job: Job) -> None:
        await asyncio.sleep(30)

    async def main() -> str | None:
        worker = Worker(server_url=server.url, labels=["loop-end"], executor=execute)
        task = asyncio.create_task(worker.run_async())
        run_id = await asyncio.to_thread(server.run, a={"run": "x", "labels": ["loop-end"]})
        while worker.running == 0:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return (await asyncio.to_thread(end_of, server, run_id))["a"]["output"]

    assert asyncio.run(main()) == "worker stopped"


def test_a_heartbeat_process_that_dies_is_replaced(
    server: RealServer, start_worker: StartWorker, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    def execute(job: Job) -> dict[str, str]:
        for pid in heartbeat_pids(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        time.sleep(7)
        return {"attempt": str(job.attempt)}

    # Long enough for a busy machine to start a process.
    start_worker(server, execute, labels=["beat", transport], transport=transport, lease_ttl_secs=6)
    jobs = end_of(server, server.run(a={"run": "x", "retries": 1, "labels": ["beat", transport]}))
    assert jobs["a"]["outputs"] == {"attempt": "0"}
    assert any("was started again" in record.message for record in caplog.records)


def test_the_heartbeat_process_dies_with_its_parent(server: RealServer) -> None:
    program = f"from workflow_graph import Worker; Worker(server_url={server.url!r}, labels=['dies']).run()"
    parent = subprocess.Popen([sys.executable, "-c", program])
    wait_until(lambda: heartbeat_pids(parent.pid))
    (child,) = heartbeat_pids(parent.pid)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(child), 5)


def test_tokens_are_sent_and_a_wrong_one_ends_the_worker_with_the_reason(transport: str) -> None:
    server = started_server(with_tokens=True)
    try:
        with pytest.raises(WorkflowGraphError) as raised:
            Worker(server_url=server.url, token="wrong", transport=transport).run()  # type: ignore[arg-type]
        assert raised.value.status == 401
        token = server.make_token("worker", "worker")
        time.sleep(1.5)
        worker = Worker(server_url=server.url, token=token, transport=transport)  # type: ignore[arg-type]
        thread = threading.Thread(target=worker.run)
        thread.start()
        assert end_of(server, server.run(a={"run": "env"}))["a"]["status"] == "success"
        worker.stop()
        thread.join(10)
    finally:
        server.remove()


def test_without_a_stream_a_worker_goes_on_with_plain_http_and_says_so_once(
    server: RealServer, caplog: pytest.LogCaptureFixture
) -> None:
    with OldProxy(server.port) as proxy:
        worker = Worker(server_url=proxy.url, executor=lambda job: {"a": "b"}, labels=["old"], slots=2)
        thread = threading.Thread(target=worker.run)
        thread.start()
        rest = {"run": "x", "labels": ["old"]}
        jobs = end_of(server, server.run(a=rest, b={**rest, "needs": "a"}))
        assert [job["outputs"] for job in jobs.values()] == [{"a": "b"}, {"a": "b"}]
        worker.stop()
        thread.join(10)
    said = [record.message for record in caplog.records if "jobs cannot be streamed" in record.message]
    assert len(said) == 1


def test_a_connection_that_is_cut_costs_no_attempt(server: RealServer, transport: str) -> None:
    with CuttingProxy(server.port) as proxy:
        worker = Worker(
            server_url=proxy.url,
            executor=lambda job: time.sleep(0.05),
            labels=["cut", transport],
            slots=4,
            transport=transport,  # type: ignore[arg-type]
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        names = [f"j{number}" for number in range(60)]
        run_id = server.run(**{name: {"run": "x", "labels": ["cut", transport]} for name in names})
        for _ in range(4):
            time.sleep(0.3)
            proxy.cut()
        jobs = end_of(server, run_id, 120)
        assert {(job["status"], job["attempt"]) for job in jobs.values()} == {("success", 0)}
        worker.stop()
        thread.join(20)
        assert not thread.is_alive()


def test_a_chain_of_forty_tiny_jobs_is_fast(server: RealServer, start_worker: StartWorker) -> None:
    start_worker(server, lambda job: {"n": str(job.attempt)}, labels=["chain"])
    job = {"run": "x", "labels": ["chain"]}
    chain = {f"j{n}": {**job, "needs": f"j{n - 1}"} if n else job for n in range(40)}
    workflow = server.define(**chain)
    times: list[float] = []
    for _ in range(5):
        started_at = time.monotonic()
        assert server.client.wait(server.client.run_workflow(workflow), interval_secs=0.005)["state"] == "success"
        times.append(time.monotonic() - started_at)
    print(f"a chain of 40 jobs: median {sorted(times)[2] * 1000:.0f} ms")
    # About 0.1 s on an idle machine; this much means that something waits for a timer.
    assert sorted(times)[2] < 4


def test_what_is_said_is_said_as_fields_too(
    server: RealServer, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "workflow_graph")
    start_worker(server, lambda job: None, labels=["fields"], worker_id="field-worker")
    end_of(server, server.run(a={"run": "x", "labels": ["fields"]}))
    wait_until(lambda: len([r for r in caplog.records if getattr(r, "event", {}).get("type") == "job-ended"]) == 1)
    events = [getattr(record, "event", {}) for record in caplog.records]
    assert [event["type"] for event in events] == ["registered", "job-started", "job-ended"]
    assert events[2]["outcome"] == "success"
    assert {event["worker_id"] for event in events} == {"field-worker"}


def heartbeat_pids(parent: int) -> list[int]:
    return [
        entry.pid
        for entry in list_processes()
        if entry.parent_pid == parent
        and b"workflow_graph._heartbeat" in Path(f"/proc/{entry.pid}/cmdline").read_bytes()
    ]


def is_alive(pid: int) -> bool:
    entry = read_process(pid)
    return entry is not None and not entry.is_zombie
