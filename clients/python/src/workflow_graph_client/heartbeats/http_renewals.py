"""Renewing leases on the documented JSON paths, one call for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import ServerUnreachableError
from ..http.answers import parse_object
from ..http.connection import HttpConnection, Request
from ..stop import Stop


@dataclass(frozen=True, slots=True)
class LeaseState:
    """The server's statement about a lease."""

    lease_id: str
    #: The time to live in use; None when it was not said.
    ttl_secs: float | None = None
    #: From now; None when it was not said.
    seconds_left: float | None = None
    #: The job is to stop.
    stop: Stop | None = None
    #: Why it is gone, such as `lease_expired`; empty when it is gone without a reason, None while it lives.
    lost: str | None = None
    message: str = ""
    #: It came unasked, and renews nothing.
    is_news: bool = False


class HttpRenewals:
    """The calls of the heartbeat process."""

    def __init__(self, connection: HttpConnection, worker_id: str, drain: Callable[[bool, bool], None]) -> None:
        """drain: receives, from each response, whether the worker is draining and whether it ends when it is free."""
        self._connection = connection
        self._worker_id = worker_id
        self._drain = drain

    def renew(self, lease_id: str, timeout_secs: float) -> LeaseState | str:
        """The state of the lease; a text with the cause if the server did not answer."""
        path = f"/api/jobs/{quote(lease_id, safe='')}/heartbeat"
        try:
            answer = self._connection.request(Request("POST", path, timeout_secs=timeout_secs))
        except ServerUnreachableError as error:
            return error.code
        body = parse_object(answer.body)
        if answer.status == 409:
            reason, message = body.get("reason"), body.get("message")
            return LeaseState(
                lease_id,
                lost=reason if isinstance(reason, str) else "",
                message=message if isinstance(message, str) else "the lease is gone",
            )
        if answer.status != 200:
            return f"HTTP {answer.status}"
        self._note_drain(body)
        ttl = body.get("ttl_secs")
        is_ttl = isinstance(ttl, int | float) and ttl > 0
        return LeaseState(lease_id, ttl_secs=ttl if is_ttl else None, stop=stop_in(body))

    def is_to_stop(self, run_id: str, job_id: str, timeout_secs: float) -> bool:
        """Whether the job is to stop; False when the server cannot be asked."""
        path = f"/api/jobs/{quote(run_id, safe='')}/{quote(job_id, safe='')}/cancelled"
        try:
            answer = self._connection.request(Request("GET", path, timeout_secs=timeout_secs))
        except ServerUnreachableError:
            return False
        return answer.status == 200 and answer.body.strip() == b"true"

    def say_alive(self, timeout_secs: float) -> bool:
        """False when the server does not know the worker."""
        path = f"/api/workers/{quote(self._worker_id, safe='')}/heartbeat"
        answer = self._connection.request(Request("POST", path, timeout_secs=timeout_secs))
        if answer.status == 200:
            self._note_drain(parse_object(answer.body))
        return answer.status != 404

    def _note_drain(self, body: dict[str, Any]) -> None:
        """An older server sends neither field."""
        is_draining = body.get("drain") is True
        self._drain(is_draining, is_draining and body.get("drain_stop") is True)


def stop_in(body: dict[str, Any]) -> Stop | None:
    """What the response to a heartbeat says about stopping."""
    if body.get("cancelled") is not True:
        return None
    within = body.get("stop_within_secs")
    reason = "timed_out" if body.get("stop_reason") == "timed_out" else "cancelled"
    return Stop(reason, float(within) if isinstance(within, int | float) else None)
