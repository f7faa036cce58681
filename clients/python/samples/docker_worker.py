"""Runs each command in a container. The shell executor does the work, so logs, outputs and cancellation come along."""

import dataclasses
import os
import shlex

from workflow_graph_client import Job, Worker, shell_executor

shell = shell_executor(grace_secs=15)
image = os.environ.get("IMAGE", "debian:stable-slim")


def execute(job: Job) -> dict[str, str]:
    """The job with another command."""
    command = f"exec docker run --rm --init {shlex.quote(image)} sh -c {shlex.quote(job.command)}"
    return shell(dataclasses.replace(job, command=command))


if __name__ == "__main__":
    server_url = os.environ.get("SERVER_URL", "http://localhost:3000")
    Worker(server_url=server_url, labels=["docker", "linux"], executor=execute, grace_secs=15).run()
