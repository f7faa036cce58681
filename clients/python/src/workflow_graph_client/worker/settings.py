"""The complete, validated options of a worker."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..job import Executor
from ..job_log import LogSettings

#: How jobs come: `stream` falls back to `http` where the stream cannot be had.
Transport = Literal["stream", "http"]


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The options of a worker."""

    server_url: str
    worker_id: str
    labels: Sequence[str]
    only_labelled: bool
    slots: int
    executor: Executor
    transport: Transport
    token: str | None
    ca_file: str | None
    lease_ttl_secs: int
    wait_secs: float
    heartbeat_interval_secs: float | None
    grace_secs: float
    drain_timeout_secs: float
    log: LogSettings
    #: Why no job can be started here now, None when one can.
    start_fault: Callable[[], str | None]

    @property
    def offered_labels(self) -> Sequence[str]:
        """The labels, and those for what the executor can do."""
        return (*self.labels, *features_of(self.executor))


def features_of(executor: Executor) -> Sequence[str]:
    """What an executor can do beyond running a job."""
    return tuple(getattr(executor, "features", ()))


def default_worker_id() -> str:
    """The host's name and eight random characters."""
    return f"{socket.gethostname()[:100] or 'worker'}-{secrets.token_hex(4)}"


def text_of(name: str, text: str, length_max: int) -> str:
    """The text, if its length is within the server's limits."""
    if not 1 <= len(text) <= length_max:
        raise ValueError(f'{name}: "{text[:50]}" must have 1 to {length_max} characters')
    return text


def within(name: str, value: float, low: float, high: float) -> float:
    """The number, if it is within its bounds."""
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}, and is {value}")
    return value


def whole_within(name: str, value: int, low: int, high: int) -> int:
    """The whole number, if it is within its bounds."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number, and is {value!r}")
    within(name, value, low, high)
    return value
