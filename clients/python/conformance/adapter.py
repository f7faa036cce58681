"""The conformance adapter: executes commands from stdin, and writes events to stdout.

test/conformance/ADAPTER.md says what goes in and out.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from calls import call_client

from workflow_graph_client import Executor, Job, JobCancelled, Outputs, PermanentError, RetryableError, Worker
from workflow_graph_client.shell.process_tree import kill_live_groups

LOOK_EVERY_SECS = 0.02

output_lock = threading.Lock()
workers: dict[str, Worker] = {}


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("workflow_graph_client.worker").addHandler(SayStarted())
    for line in sys.stdin:
        if line.strip():
            obey(json.loads(line))
    kill_live_groups()
    os._exit(0)


def obey(command: dict[str, Any]) -> None:
    match command["do"]:
        case "hello":
            say(event="hello", client="python", transports=["stream", "http"], executors=["function", "shell"])
        case "start":
            start(command["worker"], command.get("options") or {})
        case "drain":
            workers[command["worker"]].stop()
        case "terminate":
            workers[command["worker"]].terminate()
        case "call":
            say(**call_client(command))


def start(name: str, options: dict[str, Any]) -> None:
    try:
        worker = make_worker(name, options)
    except ValueError as error:
        say(event="stopped", worker=name, error=str(error))
        return
    workers[name] = worker

    def run() -> None:
        try:
            worker.run()
        except Exception as error:
            say(event="stopped", worker=name, error=str(error))
        else:
            say(event="stopped", worker=name, error=None)

    threading.Thread(target=run, name=name, daemon=True).start()


class SayStarted(logging.Handler):
    """A worker runs from its first registration on."""

    def __init__(self) -> None:
        super().__init__()
        self._started: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", {})
        if event.get("type") == "registered" and event["worker_id"] not in self._started:
            self._started.add(event["worker_id"])
            say(event="started", worker=event["worker_id"])


def executor_of(worker: str, kind: str | None) -> Executor | None:
    if kind == "shell":
        return None
    # Does nothing and sends no events: for benchmarks.
    return do_nothing if kind == "noop" else function_executor(worker)


def do_nothing(job: Job) -> dict[str, str]:
    return {}


def make_worker(name: str, options: dict[str, Any]) -> Worker:
    secs: dict[str, float] = {}
    for option, argument in {
        "drain_timeout_ms": "drain_timeout_secs",
        "grace_ms": "grace_secs",
        "heartbeat_interval_ms": "heartbeat_interval_secs",
        "log_batch_interval_ms": "log_batch_secs",
    }.items():
        if options.get(option) is not None:
            secs[argument] = options[option] / 1000
    return Worker(
        server_url=options.get("server_url") or os.environ["SERVER_URL"],
        worker_id=name,
        labels=options.get("labels") or [],
        slots=options.get("slots") or 1,
        transport=options.get("transport") or "stream",
        token=options.get("token"),
        ca_file=options.get("ca_file"),
        lease_ttl_secs=options.get("lease_ttl_secs") or 30,
        executor=executor_of(name, options.get("executor")),
        only_labelled=options.get("only_labelled") or False,
        pass_env=options.get("pass_env") or (),
        **secs,  # type: ignore[arg-type]
    )


def function_executor(worker: str) -> Callable[[Job], Outputs]:
    def execute(job: Job) -> Outputs:
        about = {"worker": worker, "job_id": job.job_id, "workflow_id": job.workflow_id, "attempt": job.attempt}
        say(event="job_started", **about)
        how = "failed"
        try:
            outputs = run_steps(job)
            how = "returned"
            return outputs
        except JobCancelled:
            how = "stopped"
            raise
        finally:
            say(event="job_ended", **about, how=how)

    return execute


def run_steps(job: Job) -> dict[str, str]:
    outputs: dict[str, str] = {}
    # The server puts the variables of a matrix before the command.
    for step in json.loads(job.command.rpartition("\n")[2])["steps"]:
        run_step(job, step, outputs)
    return outputs


def run_step(job: Job, step: dict[str, Any], outputs: dict[str, str]) -> None:
    match step:
        case {"log": text}:
            write = job.log.stderr if step.get("stream") == "stderr" else job.log.stdout
            write(text)
        case {"log_lines": {"count": count, "bytes": size}}:
            for number in range(count):
                job.log.stdout(f"{number:07} ".ljust(size - 1, "x") + "\n")
        case {"sleep_ms": ms}:
            job.cancelled.wait(ms / 1000)
            job.cancelled.raise_if_set()
        case {"block_ms": ms}:
            # Keeps the interpreter as busy as Python can, not just this thread.
            ends = time.monotonic() + ms / 1000
            while time.monotonic() < ends:
                pass
        case {"wait_cancel": True}:
            job.cancelled.wait()
            job.cancelled.raise_if_set()
        case {"until_file": path}:
            while not os.path.exists(path):
                job.cancelled.wait(LOOK_EVERY_SECS)
                job.cancelled.raise_if_set()
        case {"ignore_cancel_ms": ms}:
            time.sleep(ms / 1000)
        case {"output": pairs}:
            outputs.update(pairs)
        case {"echo_upstream": True}:
            outputs["upstream"] = sorted_json({key: dict(values) for key, values in job.upstream_outputs.items()})
        case {"echo_inputs": True}:
            outputs["inputs"] = sorted_json(dict(job.inputs))
        case {"echo_child": True}:
            child = {"group": job.group, "index": job.index, "matrix": job.matrix_json}
            outputs.update({name: str(value) for name, value in child.items() if value is not None})
        case {"fail": {"message": message, "retryable": retryable}}:
            raise RetryableError(message) if retryable else PermanentError(message)
        case {"fail_until_attempt": attempt}:
            if job.attempt < attempt:
                raise RetryableError(f"attempt {job.attempt} fails")
        case {"throw": message}:
            raise RuntimeError(message)
        case _:
            raise PermanentError(f"unknown step {json.dumps(step)}")


def sorted_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def say(**event: object) -> None:
    line = json.dumps(event)
    with output_lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
