"""Reads the JSON response to a claim."""

from __future__ import annotations

from typing import Any

from ..errors import WorkflowGraphError
from ..job import Claim, Lease, read_job


def read_claim(answer: Any, asked_at: float) -> Claim | None:
    """The response to a claim; None without a job."""
    return None if answer is None else read_present_claim(answer, asked_at)


def read_present_claim(answer: Any, asked_at: float) -> Claim:
    """What a worker cannot do without must be there; what an older server does not send gets the value for "none"."""
    try:
        job, lease = answer["job"], answer["lease"]
        stop_grace = lease.get("stop_grace_secs")
        return Claim(
            read_job(job),
            Lease(str(lease["lease_id"]), float(lease["ttl_secs"]), float(stop_grace) if stop_grace else None),
            asked_at,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"the answer to a claim cannot be read: {type(error).__name__} {error}"
        raise WorkflowGraphError(message, status=200, code="malformed_claim") from error


def read_claims(answer: Any, asked_at: float) -> list[Claim]:
    """The response to a claim of several jobs."""
    answers = answer.get("claims") if isinstance(answer, dict) else None
    claims = [read_claim(one, asked_at) for one in answers or ()]
    return [claim for claim in claims if claim is not None]
