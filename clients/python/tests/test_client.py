from __future__ import annotations

import asyncio
import itertools
import json
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tests.conftest import StartWorker
from tests.real_server import RealServer, free_port
from tests.waiting import scaled
from workflow_graph_client import (
    AsyncClient,
    Client,
    Job,
    PermanentError,
    ServerUnreachableError,
    WorkflowGraphError,
)


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


def test_a_removed_workflow_is_no_longer_listed_and_its_runs_stay(server: RealServer) -> None:
    workflow = server.define(a={"run": "x", "labels": ["nobody"]})
    run_id = server.client.run_workflow(workflow)
    server.client.cancel(run_id)
    server.client.remove_workflow(workflow)
    server.client.remove_workflow(workflow)
    assert workflow not in [listed["id"] for listed in server.client.all_workflows()]
    assert server.client.status(run_id)["state"] == "cancelled"
    with pytest.raises(WorkflowGraphError):
        server.client.remove_workflow("nothing")


def test_pages_are_read_only_as_far_as_they_are_looked_at(server: RealServer) -> None:
    assert len(list(itertools.islice(server.client.runs(), 1))) == 1


class Resetting(BaseHTTPRequestHandler):
    """Does what it is asked, and cuts the connection instead of the first answer to each call."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, bytes]]] = []

    def do_GET(self) -> None:
        self.answer(b"[]")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, body))
        if len(self.seen) % 2 == 1:
            self.close_connection = True
            return
        self.answer(b'{"run_id": "r", "id": "w"}')

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_is_sent_again_because_a_connection_broke_is_the_same_request() -> None:
    Resetting.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Resetting) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        client = Client(f"http://127.0.0.1:{http_server.server_port}")
        calls: list[Callable[[], object]] = [
            lambda: client.create_workflow("jobs: {}"),
            lambda: client.cancel("a"),
            lambda: client.cancel("a", force=True),
            lambda: client.run_workflow("a"),
        ]
        for make_call in calls:
            client.workflows()  # leaves a kept connection, on which a call is sent again
            make_call()
        client.close()
        http_server.shutdown()
    pairs = list(zip(Resetting.seen[::2], Resetting.seen[1::2], strict=True))
    assert len(pairs) == 4
    assert all(first == second for first, second in pairs)
    assert "request_id=" in pairs[0][0][0]
    bodies = [json.loads(body) for (_, body), _ in pairs[1:]]
    assert [body.get("force") for body in bodies] == [False, True, None]
    assert len({body["request_id"] for body in bodies}) == 3


def test_a_cancel_is_forced_only_when_asked(server: RealServer) -> None:
    run_id = server.run(
        a={"run": "true", "labels": ["nobody"]},
        b={"run": "true", "needs": ["a"], "if": "always()", "labels": ["nobody"]},
    )
    server.client.cancel(run_id)
    server.client.cancel(run_id)
    states = {job["id"]: job["status"] for job in server.client.status(run_id)["jobs"]}
    assert states == {"a": "cancelled", "b": "queued"}
    server.client.cancel(run_id, force=True)
    assert server.client.wait(run_id, timeout_secs=60)["state"] == "cancelled"


def test_a_workflow_that_is_created_again_with_the_same_id_is_the_same(server: RealServer) -> None:
    text = "name: twice\non: api\njobs: { a: { run: 'true' } }"
    request_id = str(uuid.uuid4())
    first = server.client.create_workflow(text, request_id=request_id)
    assert server.client.create_workflow(text, request_id=request_id)["id"] == first["id"]
    assert server.client.create_workflow(text)["id"] != first["id"]
    ids = [workflow["id"] for workflow in server.client.all_workflows()]
    assert first["id"] in ids
    assert len(ids) == len(set(ids))


def test_failed_jobs_run_again_in_their_run(server: RealServer, start_worker: StartWorker) -> None:
    def fail_once(job: Job) -> dict[str, str]:
        if job.job_id == "a" and job.attempt == 0:
            raise PermanentError("broken", exit_code=75)
        return {}

    start_worker(server, executor=fail_once)
    run = server.client.run_workflow(server.define(a={"run": "x"}, b={"run": "x", "needs": "a"}))
    (failed, _) = server.client.wait(run, timeout_secs=scaled(30))["jobs"]
    assert (failed["status"], failed["exit_code"]) == ("failure", 75)
    dry = server.client.rerun(run, failed=True, dry_run=True)
    assert [job["job_id"] for job in dry["jobs"]] == ["a", "b"]
    answer = server.client.rerun(run, failed=True)
    assert (answer["run_id"], answer["generation"], answer["job_count"]) == (run, 2, 2)
    assert server.client.wait(run, timeout_secs=scaled(30))["state"] == "success"


def test_what_waits_and_what_a_workflow_declares_is_listed(server: RealServer) -> None:
    workflow = server.client.create_workflow(
        "name: nightly\non: {schedule: [{id: night, cron: '0 3 * * *'}]}\nconcurrency: py-deploy\n"
        "inputs: {target: {type: choice, options: [a, b], default: a}}\n"
        "jobs: {a: {run: x, labels: [py-nobody]}}\n"
    )["id"]
    run = server.client.run_workflow(workflow)
    waiting = server.client.run_workflow(workflow)
    (gate,) = server.client.gates(prefix="py-deploy")["gates"]
    assert [one["run_id"] for one in (*gate["holders"], *gate["waiting"])] == [run, waiting]
    queued = next(one for one in server.client.queue()["label_sets"] if one["labels"] == ["py-nobody"])
    assert (queued["waiting"], queued["no_matching_worker"]) == (1, True)
    inputs = server.client.workflow_inputs(workflow)
    assert (inputs["declared"], inputs["inputs"][0]["options"]) == (True, ["a", "b"])
    (schedule,) = server.client.schedules(workflow=workflow)
    assert (schedule["id"], schedule["paused_at_ms"]) == ("night", None)
    assert server.client.pause_schedule(workflow, "night", reason="holidays")["pause_reason"] == "holidays"
    assert server.client.resume_schedule(workflow, "night")["paused_at_ms"] is None
    counted = server.client.create_backfill(workflow, "night", from_ms=0, to_ms=3 * 86_400_000, dry_run=True)
    assert (counted["id"], counted["total"], counted["order"]) == ("", 3, "oldest")
    far = server.client.create_backfill(workflow, "night", from_ms=0, to_ms=3 * 86_400_000, order="newest")
    cancelled = server.client.cancel_backfill(workflow, far["id"])
    assert (cancelled["cancelled"], server.client.backfills(workflow)[0]["id"]) == (True, far["id"])


def test_a_pause_holds_a_workflow_until_it_is_resumed(server: RealServer) -> None:
    workflow = server.define(a={"run": "x", "labels": ["py-paused"]})
    pause = server.client.pause("workflow", workflow, reason="holidays")
    assert (pause["kind"], pause["subject"], pause["reason"]) == ("workflow", workflow, "holidays")
    assert pause in server.client.pauses()
    server.client.resume("workflow", workflow)
    assert pause not in server.client.pauses()
