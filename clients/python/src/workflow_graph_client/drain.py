"""The server's drain of a worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drain:
    """The server gives this worker no jobs."""

    #: Whether the worker ends when it runs no job.
    stop: bool
