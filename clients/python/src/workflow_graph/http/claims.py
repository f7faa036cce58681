"""Reads the JSON answer to a claim, and writes a job as that JSON again."""

from __future__ import annotations

from typing import Any

from ..errors import WorkflowGraphError
from ..job import Claim, Job, Lease, RetryPolicy, Step


def read_claim(answer: Any, asked_at: float) -> Claim | None:
    """What a worker cannot do without must be there; what an older server does not send gets the value for "none"."""
    if answer is None:
        return None
    try:
        job, lease = answer["job"], answer["lease"]
        return Claim(read_job(job), Lease(str(lease["lease_id"]), float(lease["ttl_secs"])), asked_at)
    except (KeyError, TypeError, ValueError) as error:
        message = f"the answer to a claim cannot be read: {type(error).__name__} {error}"
        raise WorkflowGraphError(message, status=200, code="malformed_claim") from error


def read_claims(answer: Any, asked_at: float) -> list[Claim]:
    """The answer to a claim of several jobs."""
    answers = answer.get("claims") if isinstance(answer, dict) else None
    claims = [read_claim(one, asked_at) for one in answers or ()]
    return [claim for claim in claims if claim is not None]


def read_job(job: dict[str, Any]) -> Job:
    """The job as it was claimed."""
    policy = job.get("retry_policy") or {}
    return Job(
        job_id=job["job_id"],
        command=job["command"],
        workflow_id=job["workflow_id"],
        workflow=job.get("workflow") or "",
        name=job.get("name") or "",
        attempt=job.get("attempt") or 0,
        upstream_outputs=job.get("upstream_outputs") or {},
        inputs=job.get("inputs") or {},
        env=job.get("env") or {},
        required_labels=tuple(job.get("required_labels") or ()),
        timeout_secs=job.get("timeout_secs"),
        priority=job.get("priority") or 0,
        metadata=job.get("metadata") or {},
        steps=tuple(
            Step(step.get("id", ""), step.get("name", ""), step.get("run", ""), step.get("env") or {})
            for step in job.get("steps") or ()
        ),
        retry_policy=RetryPolicy(policy.get("max_retries", 0), policy.get("backoff", "None")),
        enqueued_at_ms=job.get("enqueued_at_ms") or 0,
        delayed_until_ms=job.get("delayed_until_ms"),
    )


def job_json(job: Job) -> dict[str, Any]:
    """The job as the documented paths write it."""
    return {
        "job_id": job.job_id,
        "workflow_id": job.workflow_id,
        "command": job.command,
        "required_labels": list(job.required_labels),
        "retry_policy": {"max_retries": job.retry_policy.max_retries, "backoff": job.retry_policy.backoff},
        "attempt": job.attempt,
        "upstream_outputs": {key: dict(outputs) for key, outputs in job.upstream_outputs.items()},
        "enqueued_at_ms": job.enqueued_at_ms,
        "delayed_until_ms": job.delayed_until_ms,
        "workflow": job.workflow,
        "name": job.name,
        "timeout_secs": job.timeout_secs,
        "env": dict(job.env),
        "steps": [{"id": s.id, "name": s.name, "run": s.run, "env": dict(s.env)} for s in job.steps],
        "inputs": dict(job.inputs),
        "priority": job.priority,
        "metadata": dict(job.metadata),
    }
