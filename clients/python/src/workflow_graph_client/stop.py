"""A server's wish that a job stop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a job is to stop, and for how long the server waits for the report."""

    #: `cancelled` or `timed_out`.
    reason: str
    #: In seconds; None from a server that does not say.
    within_secs: float | None = None


def stop_grace_secs(own_grace_secs: float, within_secs: float | None) -> float:
    """How long a job's processes may take to end before they are killed.

    All processes must end, and the report must arrive, while the server still waits.
    """
    if not within_secs:
        return own_grace_secs
    return min(own_grace_secs, max(within_secs / 2, within_secs - 2))
