"""The shell as an executor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import PermanentError, RetryableError, error_text
from ..job import Job
from .command_output import CommandOutput
from .environment import AttemptPlaces, context_json, job_environment
from .fresh_workspace import FreshWorkspace
from .outputs_file import OutputsFileError
from .passed_variables import checked_pass_env
from .process_tree import ProcessTree
from .read_outputs_file import read_outputs_file
from .start_directory import start_directory_fault
from .step_tracker import StepTracker

#: Labels for what this executor can do beyond running a job. A worker offers them beside its own.
EXIT_CODES = "feature:exit-codes"
WORKSPACE = "feature:workspace"
#: How long output may still come when the shell has ended, from processes that it left in the background.
LINGER_SECS = 2.0
#: Linux takes 128 KiB for one argument; a longer command is run from a file.
COMMAND_ARGUMENT_BYTES_MAX = 100 * 1024


def shell_executor(
    *,
    workdir: str | None = None,
    grace_secs: float = 10,
    pass_env: Sequence[str] = (),
    secrets: Collection[str] = (),
) -> Callable[[Job], dict[str, str]]:
    """Runs `job.command` with `sh -c`, in a process group of its own, with no input.

    Its output is the job's log; its outputs are those of `::set-output key=value` lines on stdout and of the outputs
    file, which wins. A job that requires the label `feature:workspace` runs in an empty directory of its own, which is
    deleted afterwards. A status other than 0 is a retryable failure with that exit code; its text is the step that
    failed, the status and the end of stderr. When the shell has ended, what it left running in its process group is
    ended too. A job whose shell cannot be started fails retryably, because another machine may be able to; one whose
    command no machine can take fails for good.

    workdir: the directory that jobs start in; this process's own when absent.
    grace_secs: from SIGTERM to SIGKILL when the job has to end.
    pass_env: variables of this process that jobs get beside PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, LANG, LANGUAGE,
    LC_*, TZ and TERM; a name may end in `*`. Raises ValueError for a setting of workflow-graph itself.
    secrets: variables of this process that contain one of these texts are kept from jobs.
    """
    names = checked_pass_env(pass_env)

    def execute(job: Job) -> dict[str, str]:
        try:
            directory = Path(tempfile.mkdtemp(prefix="workflow-graph-"))
        except OSError as error:
            text = f"the worker cannot make a directory for the job's files: {error_text(error)}"
            raise RetryableError(text) from error
        workspace: FreshWorkspace | None = None
        try:
            workspace = workspace_of(job)
            start = workdir if workspace is None else str(workspace.path)
            return run_in_directory(directory, job, ShellOptions(start, grace_secs, names, secrets))
        finally:
            if workspace is not None:
                workspace.remove()
            # The job may have left something that cannot be deleted. Its result does not depend on that.
            shutil.rmtree(directory, ignore_errors=True)

    execute.features = (EXIT_CODES, WORKSPACE)  # type: ignore[attr-defined]
    return execute


def workspace_of(job: Job) -> FreshWorkspace | None:
    """An empty directory, if the job requires one."""
    if WORKSPACE not in job.required_labels:
        return None
    try:
        return FreshWorkspace()
    except OSError as error:
        text = f"the worker cannot make an empty directory for the job: {error_text(error)}"
        raise RetryableError(text) from error


@dataclass(frozen=True, slots=True)
class ShellOptions:
    """The options of `shell_executor`."""

    workdir: str | None
    grace_secs: float
    pass_env: Sequence[str]
    secrets: Collection[str]


def run_in_directory(directory: Path, job: Job, options: ShellOptions) -> dict[str, str]:
    """Runs the job with its files in the directory."""
    if "\0" in job.command:
        raise PermanentError("the command holds a NUL character, which no shell takes")
    if fault := start_directory_fault(options.workdir):
        raise RetryableError(fault)
    places = AttemptPlaces(str(uuid.uuid4()), directory / "outputs", directory / "context.json")
    write_private(places.outputs_file, "")
    write_private(places.context_file, context_json(job))
    try:
        process = subprocess.Popen(
            ["/bin/sh", *shell_arguments(directory, job.command)],
            cwd=options.workdir,
            env=job_environment(job, places, options.pass_env, options.secrets),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        raise RetryableError(f"the shell could not be started: {error_text(error)}") from error
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("the shell was started without pipes")
    output = CommandOutput(process.stdout, process.stderr, job.log, StepTracker(job.steps))
    status = wait_until_ended(process, ProcessTree(process.pid, marker_of(places)), output, job, options.grace_secs)
    if status != 0:
        # As a shell gives it for a command that a signal ended.
        exit_code = status if status > 0 else 128 - status
        text = failure_text(status, output.stderr_tail)
        raise RetryableError(output.steps.named(text), exit_code=exit_code)
    try:
        return {**output.scanner.outputs, **read_outputs_file(places.outputs_file)}
    except (OSError, OutputsFileError) as error:
        raise PermanentError(error_text(error)) from error


def marker_of(places: AttemptPlaces) -> str:
    """The variable that marks the job's processes."""
    return f"WORKFLOW_GRAPH_ATTEMPT_ID={places.attempt_id}"


def shell_arguments(directory: Path, command: str) -> list[str]:
    """The arguments of the shell."""
    if len(command.encode(errors="replace")) <= COMMAND_ARGUMENT_BYTES_MAX:
        return ["-c", command]
    file = directory / "command"
    write_private(file, command)
    return [str(file)]


def write_private(path: Path, text: str) -> None:
    """Writes a file that only this user can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def wait_until_ended(
    process: subprocess.Popen[bytes], tree: ProcessTree, output: CommandOutput, job: Job, grace_secs: float
) -> int:
    """Waits for the shell, its output and its remaining processes; ends them all when the job must stop."""

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
                ender = threading.Thread(
                    target=tree.end, args=(grace_of(job, grace_secs),), name="shell-end", daemon=True
                )
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


def grace_of(job: Job, own_grace_secs: float) -> float:
    """The time between SIGTERM and SIGKILL for a job that must stop."""
    return own_grace_secs if job.grace_secs is None else min(own_grace_secs, job.grace_secs)


def failure_text(status: int, stderr_tail: str) -> str:
    """The error text for a shell that did not exit with 0."""
    if status < 0:
        try:
            text = f"killed by {signal.Signals(-status).name}"
        except ValueError:
            text = f"killed by signal {-status}"
    else:
        text = f"exit status {status}"
    tail = stderr_tail.strip()
    return f"{text}\n{tail}" if tail else text
