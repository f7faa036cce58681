"""A standalone worker: runs shell jobs until a signal. `workflow-graph-worker --help` lists its options."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from .._version import VERSION
from ..errors import WorkflowGraphError
from ..server_address import public_url
from .hide_credentials import HANDOVER, close_memory, restart_without, take_credentials
from .logs import print_events
from .worker import Worker

ABOUT = """\
Runs jobs: takes them from a server and runs their commands on this machine.

The worker gets jobs whose labels it has all of, runs each with "sh -c" in a process group of its own, and sends its
output as it comes. A job finds its ids, inputs and the outputs of the jobs it needs in its environment
(WORKFLOW_GRAPH_*, INPUT_<KEY>, NEEDS_<JOB>_<KEY>) and in the JSON file that $WORKFLOW_GRAPH_CONTEXT names. It sets
outputs by lines "key=value" in the file $WORKFLOW_GRAPH_OUTPUT, or "::set-output key=value" on stdout.

A job gets these variables of the worker's environment: PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, LANG, LANGUAGE, LC_*,
TZ and TERM, and those that --pass-env names. It never gets a setting of workflow-graph, such as the token.

SIGTERM, SIGINT, SIGQUIT or SIGHUP (a terminal that closes): no new jobs; running ones may finish within
--drain-timeout. A second signal other than SIGHUP ends them now.
"""


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 after a signal, 1 if the server refuses the worker, 2 for a wrong option."""
    options = parse_options(arguments)
    close_memory()
    try:
        hide_credentials(options)
        worker = make_worker(options)
    except (OSError, ValueError) as error:
        say(f"error: {option_names(str(error))}")
        return 2
    print_events(options.log_format)
    try:
        worker.run()
    except Exception as error:
        say(f"error: {refusal_text(error, public_url(options.server))}")
        return 1
    finally:
        flush_output()
    return 0


def hide_credentials(options: argparse.Namespace) -> None:
    """Fills in the token. Restarts this program if other processes could see its secrets."""
    if options.credentials_fd is not None:
        options.server, options.token = take_credentials(options.credentials_fd)
        return
    if options.token_file is not None:
        options.token = read_token(options.token_file)
    restart_without(options.server, options.token)
    os.environ.pop("WORKFLOW_GRAPH_TOKEN", None)


def say(text: str) -> None:
    """Prints an error, if stderr is still open."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def flush_output() -> None:
    """Python would exit with its own status if the terminal is gone and output is left."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def parse_options(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line; defaults come from the environment."""
    environment = os.environ
    parser = argparse.ArgumentParser(
        prog="workflow-graph-worker",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument(
        "--server", default=environment.get("SERVER_URL") or "http://localhost:3000", help="the server (SERVER_URL)"
    )
    parser.add_argument(
        "--labels", default=environment.get("WORKER_LABELS", ""), help="what this worker can do, a,b (WORKER_LABELS)"
    )
    parser.add_argument(
        "--only-labelled",
        action="store_true",
        help="take only jobs that require a label (WORKER_ONLY_LABELLED)",
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
        help="the token itself; a file is safer (WORKFLOW_GRAPH_TOKEN)",
    )
    parser.add_argument(HANDOVER, type=int, default=None, help=argparse.SUPPRESS)
    parser.add_argument(
        "--ca-file",
        default=environment.get("WORKFLOW_GRAPH_CA_FILE") or None,
        help="certificates (PEM) of the authority that vouches for an https server (WORKFLOW_GRAPH_CA_FILE)",
    )
    parser.add_argument("--transport", choices=("stream", "http"), default="stream", help="how jobs come")
    parser.add_argument("--lease-ttl", type=int, default=30, help="lease time in seconds, without a heartbeat")
    parser.add_argument("--workdir", default=None, help="the directory that jobs start in")
    parser.add_argument(
        "--pass-env",
        action="append",
        help="variables that jobs get too, a,b; AWS_* is every name that begins so (WORKER_PASS_ENV)",
    )
    parser.add_argument("--grace", type=float, default=10, help="seconds from asking a job to end to forcing it to")
    parser.add_argument("--drain-timeout", type=float, default=60, help="seconds that jobs can continue after a signal")
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="how to print events")
    options = parser.parse_args(arguments)
    if options.pass_env is None:
        options.pass_env = [environment.get("WORKER_PASS_ENV", "")]
    return options


def make_worker(options: argparse.Namespace) -> Worker:
    """Raises ValueError or OSError for an invalid option."""
    if options.workdir is not None and not Path(options.workdir).is_dir():
        raise ValueError(f"--workdir: {options.workdir} is not a directory")
    return Worker(
        server_url=options.server,
        labels=names_in(options.labels),
        only_labelled=options.only_labelled or is_yes("WORKER_ONLY_LABELLED"),
        slots=options.slots,
        worker_id=options.id,
        token=options.token,
        ca_file=options.ca_file,
        transport=options.transport,
        lease_ttl_secs=options.lease_ttl,
        workdir=options.workdir,
        pass_env=[name for names in options.pass_env for name in names_in(names)],
        grace_secs=options.grace,
        drain_timeout_secs=options.drain_timeout,
    )


def option_names(text: str) -> str:
    """Maps the library's option names to those of this program."""
    return text.replace("pass_env:", "--pass-env:").replace("only_labelled:", "--only-labelled:")


def is_yes(variable: str) -> bool:
    """The boolean value of the variable. Raises ValueError if it is not a boolean."""
    text = os.environ.get(variable, "").lower()
    if text in ("true", "1", "yes"):
        return True
    if text in ("", "false", "0", "no"):
        return False
    raise ValueError(f'{variable} is "{text}"; it takes true or false')


def names_in(text: str) -> list[str]:
    """The entries between the commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read_token(file: str) -> str:
    """The token in the file."""
    token = Path(file).read_text().strip()
    if not token:
        raise ValueError(f"--token-file: {file} is empty")
    return token


def refusal_text(error: Exception, server: str) -> str:
    """A hint for the user."""
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
