"""The working directory of jobs."""

from __future__ import annotations

import os
import stat


def start_directory_fault(workdir: str | None) -> str | None:
    """Why no job can start in the directory, or None. Without a directory, checks this process's own."""
    try:
        status = os.stat(workdir or ".")
    except OSError:
        return f"the directory that jobs start in is gone: {workdir or own_directory()}"
    # A directory that was deleted while a process is in it has no links left.
    if status.st_nlink == 0:
        return f"the directory that jobs start in is gone: {workdir or own_directory()}"
    if not stat.S_ISDIR(status.st_mode):
        return f"the directory that jobs start in is not a directory: {workdir}"
    return None


def own_directory() -> str:
    """This process's directory, even if it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return os.environ.get("PWD", "that of the worker itself")
