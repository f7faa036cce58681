"""Reports the results of attempts to the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..backoff import Backoff
from ..errors import WorkflowGraphError, is_temporary, is_unauthorised
from ..job import Claim, Lease, LogChunk, Result
from .presence import ServerPresence

#: A restarted server gives each lease a full time to live, so a result stays worth reporting long after its own end.
KEEP_RESULT_SECS_MIN = 600.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server accepted the result."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The result could not be reported in time."""

    after_secs: float


#: What became of a result: taken, refused with this error, or given up.
ReportOutcome = Accepted | WorkflowGraphError | GivenUp


class Reporter(Protocol):
    """Accepts results and logs. Results are resent until the server has accepted or refused them."""

    def report(self, lease: Lease, result: Result, settled: Callable[[ReportOutcome], None]) -> None:
        """Calls `settled` once, on this thread or another."""

    def push_logs(self, claim: Claim, chunks: Sequence[LogChunk]) -> None:
        """Returns when the chunks are durable. Raises WorkflowGraphError or ServerUnreachableError."""

    def slot_freed(self, lease: Lease) -> None:
        """An attempt has ended, reported or not."""


def keep_result_secs(lease: Lease) -> float:
    """How long an unreported result is kept."""
    return max(2 * lease.ttl_secs, KEEP_RESULT_SECS_MIN)


def report_until_settled(send: Callable[[], None], presence: ServerPresence, lease: Lease) -> ReportOutcome:
    """Sends a result until the server takes it or refuses it, or the time is up.

    A server that refuses the worker itself, such as for a revoked token, is asked again for the lease's time to
    live: nothing can renew it meanwhile.
    """
    keep_secs = keep_result_secs(lease)
    backoff = Backoff()
    started_at = time.monotonic()
    while True:
        try:
            send()
        except Exception as error:
            is_late = time.monotonic() - started_at >= lease.ttl_secs
            if not is_temporary(error) and (is_late or not is_unauthorised(error)):
                return refusal_of(error)
            presence.away(error)
        else:
            presence.back()
            return Accepted()
        after = time.monotonic() - started_at
        if after >= keep_secs:
            return GivenUp(after)
        time.sleep(backoff.next_secs())


def refusal_of(error: Exception) -> WorkflowGraphError:
    """A result that cannot be sent is refused with the cause."""
    if isinstance(error, WorkflowGraphError):
        return error
    return WorkflowGraphError(str(error) or type(error).__name__, status=400, code="not_sent")
