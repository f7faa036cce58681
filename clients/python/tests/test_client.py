from __future__ import annotations

import asyncio
import itertools
import threading

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer, free_port
from workflow_graph import AsyncClient, Client, Job, ServerUnreachableError, WorkflowGraphError


def test_a_definition_that_cannot_run_tells_every_problem_with_its_place(server: RealServer) -> None:
    with pytest.raises(WorkflowGraphError) as raised:
        server.client.create_workflow("name: x\non: push\njobs:\n  a:\n    run: x\n    needs: b\n")
    error = raised.value
    assert (error.status, error.problems[0].job, error.problems[0].line) == (422, "a", 6)
    assert '"b"' in error.problems[0].message


def test_what_does_not_exist_is_said_with_its_code(server: RealServer) -> None:
    with pytest.raises(WorkflowGraphError) as raised:
        server.client.status("nothing/here")
    assert (raised.value.status, raised.value.code) == (404, "not_found")


def test_a_server_that_is_away_is_another_error() -> None:
    with pytest.raises(ServerUnreachableError) as raised:
        Client(f"http://127.0.0.1:{free_port()}").workflows()
    assert raised.value.code == "ECONNREFUSED"


def test_runs_come_page_by_page_newest_first(server: RealServer) -> None:
    workflow = server.define(a={"run": "x", "labels": ["nobody"]})
    started = [server.client.run_workflow(workflow, {"n": str(number)}) for number in range(5)]
    page = server.client.runs_page(workflow=workflow, limit=2)
    assert [run["run_id"] for run in page["runs"]] == [started[4], started[3]]
    rest = server.client.runs_page(workflow=workflow, limit=1000, page_token=page["next_page_token"])
    assert [run["run_id"] for run in rest["runs"]] == [started[2], started[1], started[0]]
    assert next(run["inputs"] for run in server.client.runs(workflow=workflow)) == {"n": "4"}
    for run_id in started:
        server.client.cancel(run_id)


def test_the_same_request_id_starts_one_run(server: RealServer) -> None:
    workflow = server.define(a={"run": "x", "labels": ["nobody"]})
    request_id = "a-request-id-of-this-test"
    assert server.client.run_workflow(workflow, request_id=request_id) == server.client.run_workflow(
        workflow, request_id=request_id
    )
    server.client.cancel(workflow)


def test_a_log_is_followed_to_the_end_of_its_job(server: RealServer, start_worker: StartWorker) -> None:
    go_on = threading.Event()

    def execute(job: Job) -> None:
        job.log.stdout("one\n")
        go_on.wait(10)
        job.log.stderr("two\n")

    start_worker(server, execute, labels=["follow"])
    run_id = server.run(a={"run": "x", "labels": ["follow"]})
    chunks = []
    for chunk in server.client.follow_logs(run_id, "a"):
        chunks.append((chunk["stream"], chunk["data"], chunk["attempt"]))
        go_on.set()
    assert chunks == [("stdout", "one\n", 0), ("stderr", "two\n", 0)]


def test_changes_of_a_run_are_watched_each_once_to_its_end(server: RealServer, start_worker: StartWorker) -> None:
    workflow = server.define(a={"run": "x", "labels": ["watch"]}, b={"run": "x", "needs": "a", "labels": ["watch"]})
    run_id = server.client.run_workflow(workflow)
    before = server.client.status(run_id)
    changes = server.client.watch(run_id)
    first = next(changes)
    # The same values as over HTTP; newer fields of the server may be missing.
    job = first["snapshot"][0]["jobs"][0]
    assert job == {key: value for key, value in before["jobs"][0].items() if key in job}
    start_worker(server, lambda job: None, labels=["watch"])
    events = [event for change in changes for event in change["events"]]
    assert [event["job_id"] for event in events if event["type"] == "job.success"] == ["a", "b"]
    assert events[-1]["type"] == "run.success"
    numbers = [event["number"] for event in events]
    assert numbers == sorted(set(numbers))
    later = server.client.watch(run_id, after_event=numbers[2])
    assert [event["number"] for change in later for event in change["events"]] == numbers[3:]


def test_a_job_that_nobody_can_run_is_explained(server: RealServer) -> None:
    run_id = server.run(a={"run": "x", "labels": ["no-such-label"]})
    explanation = server.client.explain(run_id, "a")
    assert (explanation["status"], explanation["reasons"][0]["code"]) == ("queued", "no_matching_worker")
    assert server.client.cancel(run_id) == run_id


def test_a_wait_has_an_end(server: RealServer) -> None:
    run_id = server.run(a={"run": "x", "labels": ["nobody"]})
    with pytest.raises(TimeoutError):
        server.client.wait(run_id, timeout_secs=0.2, interval_secs=0.05)
    server.client.cancel(run_id)
    assert server.client.wait(run_id)["state"] == "cancelled"


def test_the_async_client_does_not_block_its_loop(server: RealServer, start_worker: StartWorker) -> None:
    def execute(job: Job) -> None:
        job.log.stdout("hello\n")

    start_worker(server, execute, labels=["aclient"])

    async def main() -> None:
        async with AsyncClient(server.url) as client:
            workflow = await client.create_workflow(
                {"name": "x", "on": "push", "jobs": {"a": {"run": "x", "labels": ["aclient"]}}}
            )
            run_id = await client.run_workflow(workflow["id"])
            assert (await client.wait(run_id, interval_secs=0.02))["state"] == "success"
            assert [chunk["data"] async for chunk in client.follow_logs(run_id, "a")] == ["hello\n"]
            assert [run["run_id"] async for run in client.runs(workflow=workflow["id"])] == [run_id]
            assert any(worker["labels"] == ["aclient"] for worker in await client.workers())
            with pytest.raises(WorkflowGraphError):
                await client.status("nothing")

    asyncio.run(main())


def test_pages_are_read_only_as_far_as_they_are_looked_at(server: RealServer) -> None:
    assert len(list(itertools.islice(server.client.runs(), 1))) == 1
