"""The worker as a program of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.real_server import RealServer

PROGRAM = [sys.executable, "-m", "workflow_graph.worker"]


def start(server: RealServer, *options: str, **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, "SERVER_URL": server.url, "PYTHONUNBUFFERED": "1", **environment}
    return subprocess.Popen([*PROGRAM, *options], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_it_is_configured_by_the_environment_and_runs_shell_jobs(server: RealServer) -> None:
    worker = start(server, WORKER_LABELS="alone, linux", WORKFLOW_GRAPH_TOKEN="secret")
    command = "echo \"token: $WORKFLOW_GRAPH_TOKEN\"; echo '::set-output a=b'"
    run_id = server.run(a={"run": command, "labels": ["linux", "alone"]})
    workflow = server.client.wait(run_id, timeout_secs=20, interval_secs=0.05)
    assert workflow["jobs"][0]["outputs"] == {"a": "b"}
    assert server.log(run_id, "a").splitlines()[0] == "token: "
    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=20)
    assert worker.returncode == 0
    assert "registered with" in output
    assert output.endswith("worker stopped\n")


def test_sigterm_lets_the_job_finish_and_a_second_one_ends_it(server: RealServer, tmp_path: Path) -> None:
    worker = start(server, "--labels", "twice", "--log-format", "json", "--grace", "0.5")
    run_id = server.run(a={"run": f"touch {tmp_path}/begun; sleep 30", "labels": ["twice"]})
    wait_for(tmp_path / "begun")
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=20)
    events = [json.loads(line) for line in output.splitlines()]
    assert [event["type"] for event in events] == ["registered", "job-started", "draining", "job-ended", "stopped"], (
        output
    )
    job = server.client.wait(run_id, timeout_secs=5)["jobs"][0]
    assert (job["status"], job["output"]) == ("failure", "worker stopped")


def test_a_killed_worker_leaves_no_heartbeat_behind_so_that_its_job_is_tried_again(
    server: RealServer, tmp_path: Path
) -> None:
    first = start(server, "--labels", "killed", "--lease-ttl", "1")
    command = f"echo $WORKFLOW_GRAPH_ATTEMPT >> {tmp_path}/begun; sleep $((2 - 2 * WORKFLOW_GRAPH_ATTEMPT))"
    run_id = server.run(a={"run": command, "labels": ["killed"], "retries": 1})
    wait_for(tmp_path / "begun")
    time.sleep(1.2)
    first.kill()
    first.communicate()
    second = start(server, "--labels", "killed")
    job = server.client.wait(run_id, timeout_secs=20)["jobs"][0]
    assert (job["status"], job["attempt"]) == ("success", 1)
    second.terminate()
    second.communicate(timeout=20)


def test_a_wrong_option_is_said(server: RealServer) -> None:
    worker = start(server, "--slots", "0")
    output, _ = worker.communicate(timeout=20)
    assert (worker.returncode, output) == (2, "error: slots must be from 1 to 10000, and is 0\n")


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 15
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.02)
