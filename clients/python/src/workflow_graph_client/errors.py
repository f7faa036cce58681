"""Errors between a client and a server, and the errors that an executor raises to fail its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a request or a definition."""

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
    """The server refused the call."""

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
    """There was no response: the server, or something on the way to it, is unavailable. A retry can succeed."""

    #: The system's word for what happened, such as `ECONNREFUSED`.
    code: str

    def __init__(self, server_url: str, code: str) -> None:
        super().__init__(f"no answer from {server_url} ({code})")
        self.code = code


class ExecutorError(Exception):
    """What both kinds of failure of an executor have.

    exit_code: that of the command that failed, from 0 to 255; None when there is none.
    """

    exit_code: int | None

    def __init__(self, *args: object, exit_code: int | None = None) -> None:
        super().__init__(*args)
        self.exit_code = exit_code


class RetryableError(ExecutorError):
    """An executor raises it when the job failed and another attempt can help."""


class PermanentError(ExecutorError):
    """An executor raises it when the job failed and would fail again. It is not retried, whatever its policy is."""


class JobCancelled(Exception):
    """Raised by `job.cancelled.raise_if_set()` when the job must stop. An executor can let it propagate."""


def is_temporary(error: BaseException) -> bool:
    """Whether a retry can succeed: no response, an overloaded server, a proxy without its server."""
    if isinstance(error, ServerUnreachableError):
        return True
    return isinstance(error, WorkflowGraphError) and (error.status >= 500 or error.status in (408, 429))


def is_unauthorised(error: BaseException) -> bool:
    """Whether the server refused the caller: no token, an invalid one, or one without the required scope."""
    return isinstance(error, WorkflowGraphError) and error.status in (401, 403)


def error_text(error: BaseException) -> str:
    """The message of an error, or its type if it has none."""
    return str(error) or type(error).__name__
