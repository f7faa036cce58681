"""Servers that restart, refuse or have no streams, and connections that break."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from tests.conftest import StartWorker, started_server
from tests.proxies import CuttingProxy, OldProxy
from tests.real_server import RealServer
from tests.waiting import end_of
from workflow_graph_client import Job, Worker, WorkflowGraphError


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
