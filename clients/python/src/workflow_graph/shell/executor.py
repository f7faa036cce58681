"""The shell as an executor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Collection
from pathlib import Path

from ..errors import PermanentError, RetryableError, error_text
from ..job import Job
from .command_output import CommandOutput
from .environment import AttemptPlaces, context_json, job_environment
from .outputs_file import OutputsFileError, parse_outputs_file
from .process_tree import ProcessTree

#: How long output may still come when the shell has ended, from processes that it left in the background.
LINGER_SECS = 2.0
#: Linux takes 128 KiB for one argument; a longer command is run from a file.
COMMAND_ARGUMENT_BYTES_MAX = 100 * 1024
OUTPUTS_FILE_BYTES_MAX = 1024 * 1024


def shell_executor(
    *, workdir: str | None = None, grace_secs: float = 10, secrets: Collection[str] = ()
) -> Callable[[Job], dict[str, str]]:
    """Runs `job.command` with `sh -c`, in a process group of its own, with no input.

    Its output is the job's log; its outputs are those of `::set-output key=value` lines on stdout and of the outputs
    file, which wins. A status other than 0 is a retryable failure; its text is the status and the end of stderr. When
    the shell has ended, what it left running in its process group is ended too. A job whose shell cannot be started
    fails retryably, because another machine may be able to; one whose command no machine can take fails for good.

    workdir: the directory that jobs start in; this process's own when absent.
    grace_secs: from SIGTERM to SIGKILL when the job has to end.
    secrets: variables of this process with one of these values are kept from jobs.
    """

    def execute(job: Job) -> dict[str, str]:
        directory = Path(tempfile.mkdtemp(prefix="workflow-graph-"))
        try:
            return run_in_directory(directory, job, workdir, grace_secs, secrets)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    return execute


def run_in_directory(
    directory: Path, job: Job, workdir: str | None, grace_secs: float, secrets: Collection[str]
) -> dict[str, str]:
    """Runs the job with its files in the directory."""
    if "\0" in job.command:
        raise PermanentError("the command holds a NUL character, which no shell takes")
    places = AttemptPlaces(str(uuid.uuid4()), directory / "outputs", directory / "context.json")
    write_private(places.outputs_file, "")
    write_private(places.context_file, context_json(job))
    try:
        process = subprocess.Popen(
            ["/bin/sh", *shell_arguments(directory, job.command)],
            cwd=workdir,
            env=job_environment(job, places, secrets),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        raise RetryableError(f"the shell could not be started: {error_text(error)}") from error
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("the shell was started without pipes")
    output = CommandOutput(process.stdout, process.stderr, job.log)
    status = wait_until_ended(process, ProcessTree(process.pid, marker_of(places)), output, job, grace_secs)
    if status != 0:
        raise RetryableError(failure_text(status, output.stderr_tail))
    return {**output.scanner.outputs, **read_outputs_file(places.outputs_file)}


def marker_of(places: AttemptPlaces) -> str:
    """The variable that marks the job's processes."""
    return f"WORKFLOW_GRAPH_ATTEMPT_ID={places.attempt_id}"


def shell_arguments(directory: Path, command: str) -> list[str]:
    """What the shell is called with."""
    if len(command.encode(errors="replace")) <= COMMAND_ARGUMENT_BYTES_MAX:
        return ["-c", command]
    file = directory / "command"
    write_private(file, command)
    return [str(file)]


def write_private(path: Path, text: str) -> None:
    """Writes a file that only this user may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def wait_until_ended(
    process: subprocess.Popen[bytes], tree: ProcessTree, output: CommandOutput, job: Job, grace_secs: float
) -> int:
    """Waits for the shell, its output, and what it left behind; ends all of it when the job is to end."""

    def wait() -> None:
        process.wait()
        output.wake()

    waiter = threading.Thread(target=wait, name=f"shell-{process.pid}", daemon=True)
    waiter.start()
    ender: threading.Thread | None = None
    remove_callback = job.cancelled.add_callback(output.wake)
    try:
        while process.poll() is None:
            output.read_until_woken()
            if job.cancelled.is_set() and ender is None and process.poll() is None:
                ender = threading.Thread(target=tree.end, args=(grace_secs,), name="shell-end", daemon=True)
                ender.start()
        waiter.join()
        if ender is None:
            output.read_for(LINGER_SECS)
            if tree.group_is_alive() or not output.has_ended:
                tree.end(min(grace_secs, LINGER_SECS))
        else:
            while ender.is_alive():
                output.read_for(0.05)
                ender.join(0.05)
        output.read_for(LINGER_SECS)
        return process.returncode
    finally:
        remove_callback()
        output.close()
        tree.forget()


def failure_text(status: int, stderr_tail: str) -> str:
    """What the server is told of a shell that did not end with 0."""
    if status < 0:
        try:
            text = f"killed by {signal.Signals(-status).name}"
        except ValueError:
            text = f"killed by signal {-status}"
    else:
        text = f"exit status {status}"
    tail = stderr_tail.strip()
    return f"{text}\n{tail}" if tail else text


def read_outputs_file(path: Path) -> dict[str, str]:
    """The outputs that the job wrote into its file. Raises PermanentError when they cannot be read."""
    try:
        size = path.stat().st_size
        if size > OUTPUTS_FILE_BYTES_MAX:
            raise OutputsFileError(f"the outputs file has {size} bytes; at most {OUTPUTS_FILE_BYTES_MAX} are taken")
        # newline="" keeps a carriage return inside a value as it is.
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return parse_outputs_file(file.read())
    except (OSError, OutputsFileError) as error:
        raise PermanentError(error_text(error)) from error
