"""Warns of a server that is newer than this library."""

from __future__ import annotations

import re

from .._version import VERSION
from ..errors import ServerUnreachableError, WorkflowGraphError
from ..http.worker_calls import WorkerCalls
from .events import WorkerEvents


def warn_of_newer_server(calls: WorkerCalls, events: WorkerEvents) -> None:
    """Logs that the server's version is newer than this library's.

    A server that does not tell its version, or cannot be reached, is reported by the worker's own calls.
    """
    try:
        version = calls.server_version()
    except (WorkflowGraphError, ServerUnreachableError):
        return
    if version is not None and is_older(VERSION, version):
        events.newer_server(VERSION, version)


def is_older(one: str, other: str) -> bool:
    """Compares versions by their three numbers. An invalid one is never older."""
    mine, theirs = numbers_of(one), numbers_of(other)
    return mine is not None and theirs is not None and mine < theirs


def numbers_of(version: str) -> tuple[int, ...] | None:
    """The three numbers of a version; None when it is not one."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)([-+].*)?", version)
    return None if found is None else tuple(int(number) for number in found.groups()[:3])
