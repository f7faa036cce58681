"""What can go wrong between a client and a server, and what an executor raises to fail its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One place that is wrong with a request or a definition."""

    message: str
    #: The path of the field, such as `jobs.build.needs`; empty when unknown.
    field: str = ""
    #: The job's key, for a definition; empty when unknown.
    job: str = ""
    #: From 1; 0 when unknown.
    line: int = 0
    #: From 1; 0 when unknown.
    column: int = 0


class WorkflowGraphError(Exception):
    """The server answered, and the answer was no."""

    #: The HTTP status.
    status: int
    #: The server's word for the kind of error, such as `not_found`.
    code: str
    #: Why a lease was refused: `lease_expired`, `superseded`, `completed`, `cancelled`, `unknown_lease`; else None.
    reason: str | None
    message: str
    #: Everything that was wrong with the request, when the server says so place by place.
    problems: Sequence[Problem]

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        reason: str | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.reason = reason
        self.problems = tuple(problems)


class ServerUnreachableError(Exception):
    """There was no answer: the server is away, or something between here and it is. The same call may succeed later."""

    #: The system's word for what happened, such as `ECONNREFUSED`.
    code: str

    def __init__(self, server_url: str, code: str) -> None:
        super().__init__(f"no answer from {server_url} ({code})")
        self.code = code


class RetryableError(Exception):
    """Raise it from an executor: the job failed, and another attempt may help."""


class PermanentError(Exception):
    """Raise it from an executor: the job failed and would fail again. It is not retried, whatever its policy says."""


class JobCancelled(Exception):
    """Raised by `job.cancelled.raise_if_set()` when the job has to end. An executor may let it pass."""


def is_temporary(error: BaseException) -> bool:
    """Whether the same call may succeed later: no answer, an overloaded server, a proxy without its server."""
    if isinstance(error, ServerUnreachableError):
        return True
    return isinstance(error, WorkflowGraphError) and (error.status >= 500 or error.status in (408, 429))


def is_unauthorised(error: BaseException) -> bool:
    """Whether the server refused the caller itself: no token, a wrong one, or one without the right."""
    return isinstance(error, WorkflowGraphError) and error.status in (401, 403)


def error_text(error: BaseException) -> str:
    """What an error says, or its kind when it says nothing."""
    return str(error) or type(error).__name__
