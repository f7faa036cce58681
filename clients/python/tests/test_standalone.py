"""The worker as a program of its own."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real_server import RealServer
from tests.waiting import scaled

PROGRAM = [sys.executable, "-m", "workflow_graph_client.worker"]


def start(server: RealServer, *options: str, **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, "SERVER_URL": server.url, "PYTHONUNBUFFERED": "1", **environment}
    return subprocess.Popen([*PROGRAM, *options], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_it_is_configured_by_the_environment_and_runs_shell_jobs(server: RealServer) -> None:
    worker = start(server, WORKER_LABELS="alone, linux", WORKFLOW_GRAPH_TOKEN="secret")
    command = "echo \"token: $WORKFLOW_GRAPH_TOKEN\"; echo '::set-output a=b'"
    run_id = server.run(a={"run": command, "labels": ["linux", "alone"]})
    workflow = server.client.wait(run_id, timeout_secs=scaled(20), interval_secs=0.05)
    assert workflow["jobs"][0]["outputs"] == {"a": "b"}
    assert server.log(run_id, "a").splitlines()[0] == "token: "
    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=scaled(20))
    assert worker.returncode == 0
    assert "registered with" in output
    assert output.endswith("worker stopped\n")


def test_a_drain_with_stop_ends_it_with_code_0(server: RealServer) -> None:
    worker = start(server, WORKER_LABELS="drained-alone", WORKER_ID="drained-alone")
    run_id = server.run(a={"run": "true", "labels": ["drained-alone"]})
    server.client.wait(run_id, timeout_secs=scaled(20), interval_secs=0.05)
    server.client.drain_worker("drained-alone", stop=True)
    output, _ = worker.communicate(timeout=scaled(30))
    assert worker.returncode == 0
    assert output.endswith("worker stopped\n")


def test_sigterm_lets_the_job_finish_and_a_second_one_ends_it(server: RealServer, tmp_path: Path) -> None:
    worker = start(server, "--labels", "twice", "--log-format", "json", "--grace", "0.5")
    run_id = server.run(a={"run": f"touch {tmp_path}/begun; sleep 30", "labels": ["twice"]})
    wait_for(tmp_path / "begun")
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=scaled(20))
    events = [json.loads(line) for line in output.splitlines()]
    assert [event["type"] for event in events] == ["registered", "job-started", "draining", "job-ended", "stopped"], (
        output
    )
    job = server.client.wait(run_id, timeout_secs=scaled(5))["jobs"][0]
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
    job = server.client.wait(run_id, timeout_secs=scaled(20))["jobs"][0]
    assert (job["status"], job["attempt"]) == ("success", 1)
    second.terminate()
    second.communicate(timeout=scaled(20))


def test_neither_its_environment_nor_its_arguments_show_its_credentials(server: RealServer) -> None:
    url = server.url.replace("http://", "http://user:pass-word@")
    show = "cd /proc/$PPID; cat environ cmdline | tr '\\0' '\\n'; env"
    for label, options, environment in (
        ("shown1", ["--labels", "shown1"], {"SERVER_URL": url, "WORKFLOW_GRAPH_TOKEN": "right-token"}),
        ("shown2", ["--labels", "shown2", "--token=right-token", "--server", url], {}),
    ):
        worker = start(server, *options, **environment)
        run_id = server.run(a={"run": show, "labels": [label]})
        server.client.wait(run_id, timeout_secs=60, interval_secs=0.05)
        worker.terminate()
        output, _ = worker.communicate(timeout=scaled(60))
        log = server.log(run_id, "a")
        assert "PATH=" in log
        assert f"--labels\n{label}" in log
        for secret in ("right-token", "pass-word"):
            assert secret not in log
            assert secret not in output
        assert f"registered with {server.url} (" in output


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_it_drains_when_its_terminal_closes(server: RealServer, tmp_path: Path, number: signal.Signals) -> None:
    label = number.name.lower()
    worker = start(server, "--labels", label)
    run_id = server.run(a={"run": f"touch {tmp_path}/begun; sleep 0.7; echo finished", "labels": [label]})
    wait_for(tmp_path / "begun")
    worker.send_signal(number)
    output, _ = worker.communicate(timeout=scaled(60))
    assert worker.returncode == 0, output
    assert server.client.wait(run_id, timeout_secs=20)["jobs"][0]["status"] == "success"
    assert server.log(run_id, "a") == "finished\n"


def test_sighup_again_and_again_only_drains(server: RealServer, tmp_path: Path) -> None:
    worker = start(server, "--labels", "hups")
    run_id = server.run(a={"run": f"touch {tmp_path}/begun; sleep 2", "labels": ["hups"]})
    wait_for(tmp_path / "begun")
    for _ in range(4):
        worker.send_signal(signal.SIGHUP)
        time.sleep(0.1)
    worker.communicate(timeout=scaled(60))
    assert worker.returncode == 0
    assert server.client.wait(run_id, timeout_secs=20)["jobs"][0]["status"] == "success"


def test_a_worker_under_nohup_outlives_its_terminal(server: RealServer) -> None:
    env = {**os.environ, "SERVER_URL": server.url, "WORKER_LABELS": "nohup"}
    command = f'trap "" HUP; exec {shlex.join(PROGRAM)}'
    worker = subprocess.Popen(["/bin/sh", "-c", command], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    first = server.run(a={"run": "true", "labels": ["nohup"]})
    server.client.wait(first, timeout_secs=60)
    worker.send_signal(signal.SIGHUP)
    second = server.run(a={"run": "true", "labels": ["nohup"]})
    assert server.client.wait(second, timeout_secs=60)["state"] == "success"
    worker.terminate()
    worker.communicate(timeout=scaled(60))
    assert worker.returncode == 0


def test_a_worker_whose_terminal_is_gone_finishes_its_job(server: RealServer, tmp_path: Path) -> None:
    terminal, own = pty.openpty()
    env = {**os.environ, "SERVER_URL": server.url, "WORKER_LABELS": "gone", "PYTHONUNBUFFERED": ""}
    worker = subprocess.Popen(PROGRAM, env=env, stdin=own, stdout=own, stderr=own, start_new_session=True)
    os.close(own)
    run_id = server.run(a={"run": f"touch {tmp_path}/begun; sleep 0.7; echo finished", "labels": ["gone"]})
    wait_for(tmp_path / "begun")
    os.close(terminal)
    worker.send_signal(signal.SIGHUP)
    assert worker.wait(60) == 0
    assert server.client.wait(run_id, timeout_secs=20)["jobs"][0]["status"] == "success"


def test_a_worker_whose_directory_is_gone_does_not_start_or_returns_the_job(server: RealServer, tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    workdir.mkdir()
    first = start(server, "--labels", "place", "--workdir", str(workdir))
    wait_until_registered(server, "place")
    workdir.rmdir()
    run_id = server.run(a={"run": "true", "labels": ["place"]})
    output, _ = first.communicate(timeout=scaled(60))
    assert first.returncode == 1
    assert f"error: the directory that jobs start in is gone: {workdir}\n" in output
    workdir.mkdir()
    second = start(server, "--labels", "place", "--workdir", str(workdir))
    job = server.client.wait(run_id, timeout_secs=60)["jobs"][0]
    assert (job["status"], job["attempt"]) == ("success", 0)
    second.terminate()
    second.communicate(timeout=scaled(60))


def test_a_wrong_variable_to_pass_is_said(server: RealServer) -> None:
    worker = start(server, "--pass-env", "A,DATABASE_URL")
    output, _ = worker.communicate(timeout=scaled(60))
    assert worker.returncode == 2
    assert output.startswith("error: --pass-env: DATABASE_URL is a setting of workflow-graph")


def wait_until_registered(server: RealServer, label: str) -> None:
    deadline = time.monotonic() + 60
    while not any(label in worker["labels"] for worker in server.client.workers()):
        assert time.monotonic() < deadline, f"no worker with the label {label}"
        time.sleep(0.05)


@pytest.mark.parametrize("transport", ["stream", "http"])
def test_a_job_that_times_out_keeps_its_last_lines_and_its_retry_begins_when_it_is_gone(
    server: RealServer, tmp_path: Path, transport: str
) -> None:
    label = f"times-out-{transport}"
    worker = start(server, "--labels", label, "--slots", "2", "--transport", transport, "--log-format", "json")
    # It ends a moment after it was asked to; the retry would find its file.
    command = (
        f"test ! -e {tmp_path}/running || echo beside >> {tmp_path}/seen; touch {tmp_path}/running; "
        "trap 'echo rolling back; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; "
        f"rm {tmp_path}/running; exit 1' TERM; "
        'test "$WORKFLOW_GRAPH_ATTEMPT" = 1 && rm -f ' + f"{tmp_path}/running && exit 0; "
        "while :; do sleep 0.1; done"
    )
    run_id = server.run(a={"run": command, "labels": [label], "timeout": 1, "retries": 1})
    job = server.client.wait(run_id, timeout_secs=120)["jobs"][0]
    assert (job["status"], job["attempt"]) == ("success", 1)
    assert not (tmp_path / "seen").exists()
    attempts = server.client.explain(run_id, "a")["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["timed_out", "success"]
    assert "rolling back\n" in server.log(run_id, "a")
    worker.terminate()
    output, _ = worker.communicate(timeout=60)
    ended = [event for event in map(json.loads, output.splitlines()) if event["type"] == "job-ended"]
    assert [event["outcome"] for event in ended] == ["timed_out", "success"]
    assert "timed out after 1 s" in ended[0]["message"]


def test_a_wrong_option_is_said(server: RealServer) -> None:
    worker = start(server, "--slots", "0")
    output, _ = worker.communicate(timeout=scaled(20))
    assert (worker.returncode, output) == (2, "error: slots must be from 1 to 10000, and is 0\n")


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + scaled(15)
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.02)
