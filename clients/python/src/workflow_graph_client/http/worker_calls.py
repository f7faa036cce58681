"""The calls of a worker on the documented JSON paths. Each call can be repeated when its response was lost."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ..errors import WorkflowGraphError
from ..job import Claim, LogChunk, Result, Success
from .answers import call
from .claims import read_claim, read_claims
from .connection import Abort, HttpConnection, Request

#: How long a call other than a waiting claim may take.
CALL_TIMEOUT_SECS = 30.0
#: The worker's first claim waits for the answer.
VERSION_TIMEOUT_SECS = 2.0


class WorkerCalls:
    """The calls of one worker. They raise WorkflowGraphError and ServerUnreachableError."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection
        self._claims_many = True

    def register(
        self, worker_id: str, labels: Sequence[str], slots: int, version: str, *, only_labelled: bool = False
    ) -> None:
        """Registers the worker, or replaces its labels."""
        body = {
            "worker_id": worker_id,
            "labels": list(labels),
            "only_labelled": only_labelled,
            "slots": slots,
            "version": version,
        }
        self._post("/api/workers/register", body)

    def server_version(self) -> str | None:
        """The version of the server; None if it does not report one. Needs no token."""
        request = Request("GET", "/api/session", timeout_secs=VERSION_TIMEOUT_SECS)
        answer = call(self._connection, request)
        version = answer.get("version") if isinstance(answer, dict) else None
        return version if isinstance(version, str) else None

    def claim(
        self,
        worker_id: str,
        labels: Sequence[str],
        *,
        lease_ttl_secs: int,
        wait_secs: float,
        request_id: str,
        jobs_max: int = 1,
        only_labelled: bool = False,
        abort: Abort | None = None,
        timeout_secs: float = CALL_TIMEOUT_SECS,
    ) -> list[Claim]:
        """Waits for jobs and claims them, several in one call where the server has that; none when there were none.

        The same request id gets the same jobs.
        """
        body = {
            "worker_id": worker_id,
            "labels": list(labels),
            "only_labelled": only_labelled,
            "lease_ttl_secs": lease_ttl_secs,
            "wait_secs": wait_secs,
            "request_id": request_id,
        }
        patience_secs = wait_secs + timeout_secs
        asked_at = time.monotonic()
        if jobs_max == 1 or not self._claims_many:
            return self._claim_one(body, patience_secs, abort, asked_at)
        try:
            many = {**body, "max_jobs": jobs_max}
            return read_claims(self._post("/api/jobs/claim-many", many, patience_secs, abort), asked_at)
        except WorkflowGraphError as error:
            if error.status not in (404, 405):
                raise
        claims = self._claim_one(body, patience_secs, abort, asked_at)
        # So it is the path that was not found. Where this call is not found either, it was something else.
        self._claims_many = False
        return claims

    def push_logs(self, lease_id: str, run_id: str, job_id: str, chunks: Sequence[LogChunk]) -> None:
        """Stores chunks of a job's output; returns when they are durable."""
        written = [
            {
                "workflow_id": run_id,
                "job_id": job_id,
                "sequence": chunk.sequence,
                "data": chunk.data,
                "timestamp_ms": chunk.timestamp_ms,
                "stream": chunk.stream,
            }
            for chunk in chunks
        ]
        self._post(f"{lease_path(lease_id)}/logs", {"chunks": written})

    def report(self, lease_id: str, result: Result) -> None:
        """Ends the attempt."""
        if isinstance(result, Success):
            self._post(f"{lease_path(lease_id)}/complete", {"outputs": dict(result.outputs)})
        else:
            exit_code = {} if result.exit_code is None else {"exit_code": result.exit_code}
            body = {"error": result.error, "retryable": result.retryable, **exit_code}
            self._post(f"{lease_path(lease_id)}/fail", body)

    def release(self, lease_id: str) -> None:
        """Releases a job that has not run."""
        self._post(f"{lease_path(lease_id)}/release", {})

    def _claim_one(
        self, body: dict[str, Any], patience_secs: float, abort: Abort | None, asked_at: float
    ) -> list[Claim]:
        try:
            claim = read_claim(self._post("/api/jobs/claim", body, patience_secs, abort), asked_at)
        except Exception:
            # Who answers next may be a newer server.
            self._claims_many = True
            raise
        return [] if claim is None else [claim]

    def _post(
        self, path: str, body: dict[str, Any], timeout_secs: float = CALL_TIMEOUT_SECS, abort: Abort | None = None
    ) -> Any:
        request = Request("POST", path, json.dumps(body).encode(), timeout_secs=timeout_secs)
        return call(self._connection, request, abort)


def lease_path(lease_id: str) -> str:
    """The path of a lease's calls."""
    return f"/api/jobs/{quote(lease_id, safe='')}"
