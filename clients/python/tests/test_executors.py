"""Slots, plain and async executors."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer
from tests.waiting import end_of, scaled, wait_until
from workflow_graph_client import Job, Worker, WorkflowJob


def test_slots_are_all_used_and_never_more(server: RealServer, start_worker: StartWorker, transport: str) -> None:
    lock = threading.Lock()
    full = threading.Event()
    now, most = 0, 0

    def execute(job: Job) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == 8:
                full.set()
        full.wait(30)
        time.sleep(0.002)
        with lock:
            now -= 1

    start_worker(server, execute, labels=["slots", transport], transport=transport, slots=8)
    jobs = {f"j{number}": {"run": "x", "labels": ["slots", transport]} for number in range(200)}
    assert {job["status"] for job in end_of(server, server.run(**jobs)).values()} == {"success"}
    assert most == 8


def test_async_executors_run_side_by_side_and_are_cancelled(
    server: RealServer, start_worker: StartWorker, transport: str
) -> None:
    seen: list[str] = []
    begun: list[str] = []

    async def execute(job: Job) -> dict[str, str]:
        try:
            job.log.stdout("hello\n")
            begun.append(job.job_id)
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
    assert time.monotonic() - started_at < scaled(5)
    run_id = server.run(long={"run": "x", "labels": labels})
    wait_until(lambda: "long" in begun)
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
