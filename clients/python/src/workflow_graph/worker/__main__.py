"""A standalone worker: runs shell jobs until a signal. `workflow-graph-worker --help` tells its options."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .._version import VERSION
from ..errors import WorkflowGraphError
from .logs import print_events
from .worker import Worker

ABOUT = """\
Runs jobs: takes them from a server and runs their commands on this machine.

The worker gets jobs whose labels it has all of, runs each with "sh -c" in a process group of its own, and sends its
output as it comes. A job finds its ids, inputs and the outputs of the jobs it needs in its environment
(WORKFLOW_GRAPH_*, INPUT_<KEY>, NEEDS_<JOB>_<KEY>) and in the JSON file that $WORKFLOW_GRAPH_CONTEXT names. It sets
outputs by lines "key=value" in the file $WORKFLOW_GRAPH_OUTPUT, or "::set-output key=value" on stdout.

SIGTERM or SIGINT: no new jobs; running ones may finish within --drain-timeout. A second one ends them now.
"""


def main(arguments: list[str] | None = None) -> int:
    """Gives the exit status: 0 after a signal, 1 when the server refuses the worker, 2 for a wrong option."""
    options = parse_options(arguments)
    # Neither jobs nor what else this process starts need it from here on.
    os.environ.pop("WORKFLOW_GRAPH_TOKEN", None)
    try:
        worker = make_worker(options)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_events(options.log_format)
    try:
        worker.run()
    except Exception as error:
        print(f"error: {refusal_text(error, options.server)}", file=sys.stderr)
        return 1
    return 0


def parse_options(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line, with the environment for what it lacks."""
    environment = os.environ
    parser = argparse.ArgumentParser(
        prog="workflow-graph-worker", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument(
        "--server", default=environment.get("SERVER_URL") or "http://localhost:3000", help="the server (SERVER_URL)"
    )
    parser.add_argument(
        "--labels", default=environment.get("WORKER_LABELS", ""), help="what this worker can do, a,b (WORKER_LABELS)"
    )
    parser.add_argument(
        "--slots",
        type=int,
        default=environment.get("WORKER_SLOTS") or 1,
        help="how many jobs run at once (WORKER_SLOTS)",
    )
    parser.add_argument("--id", default=environment.get("WORKER_ID") or None, help="this worker's name (WORKER_ID)")
    parser.add_argument(
        "--token-file",
        default=environment.get("WORKFLOW_GRAPH_TOKEN_FILE") or None,
        help="a file with the token that the server wants (WORKFLOW_GRAPH_TOKEN_FILE)",
    )
    parser.add_argument(
        "--token",
        default=environment.get("WORKFLOW_GRAPH_TOKEN") or None,
        help="the token itself; others on this machine can see it (WORKFLOW_GRAPH_TOKEN)",
    )
    parser.add_argument(
        "--ca-file",
        default=environment.get("WORKFLOW_GRAPH_CA_FILE") or None,
        help="certificates (PEM) of the authority that vouches for an https server (WORKFLOW_GRAPH_CA_FILE)",
    )
    parser.add_argument("--transport", choices=("stream", "http"), default="stream", help="how jobs come")
    parser.add_argument(
        "--lease-ttl", type=int, default=30, help="seconds that a job stays with a worker that is not heard of"
    )
    parser.add_argument("--workdir", default=None, help="the directory that jobs start in")
    parser.add_argument("--grace", type=float, default=10, help="seconds from asking a job to end to forcing it to")
    parser.add_argument("--drain-timeout", type=float, default=60, help="seconds that jobs may go on after a signal")
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="how to print events")
    return parser.parse_args(arguments)


def make_worker(options: argparse.Namespace) -> Worker:
    """Raises ValueError or OSError for an option that cannot be."""
    if options.workdir is not None and not Path(options.workdir).is_dir():
        raise ValueError(f"--workdir: {options.workdir} is not a directory")
    token = options.token if options.token_file is None else read_token(options.token_file)
    return Worker(
        server_url=options.server,
        labels=[label.strip() for label in options.labels.split(",") if label.strip()],
        slots=options.slots,
        worker_id=options.id,
        token=token,
        ca_file=options.ca_file,
        transport=options.transport,
        lease_ttl_secs=options.lease_ttl,
        workdir=options.workdir,
        grace_secs=options.grace,
        drain_timeout_secs=options.drain_timeout,
    )


def read_token(file: str) -> str:
    """The token that the file holds."""
    token = Path(file).read_text().strip()
    if not token:
        raise ValueError(f"--token-file: {file} is empty")
    return token


def refusal_text(error: Exception, server: str) -> str:
    """What the user can do about it."""
    if not isinstance(error, WorkflowGraphError):
        return str(error)
    if error.status == 401:
        return f"{server} wants a valid token: {error} (give one with --token-file)"
    if error.status == 403:
        return f"{server} does not allow this token to work: {error} (it needs the worker scope)"
    if error.status == 404:
        return f"{server} does not look like a workflow-graph server: {error}"
    return f"{server} refused this worker: {error}"


if __name__ == "__main__":
    sys.exit(main())
