"""Reads the JSON response to a claim, and converts a job back to JSON."""

from __future__ import annotations

from typing import Any

from ..errors import WorkflowGraphError
from ..job import Claim, Job, Lease, NeedResult, RetryPolicy, Step


def read_claim(answer: Any, asked_at: float) -> Claim | None:
    """What a worker cannot do without must be there; what an older server does not send gets the value for "none"."""
    if answer is None:
        return None
    try:
        job, lease = answer["job"], answer["lease"]
        stop_grace = lease.get("stop_grace_secs")
        return Claim(
            read_job(job),
            Lease(str(lease["lease_id"]), float(lease["ttl_secs"]), float(stop_grace) if stop_grace else None),
            asked_at,
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"the answer to a claim cannot be read: {type(error).__name__} {error}"
        raise WorkflowGraphError(message, status=200, code="malformed_claim") from error


def read_claims(answer: Any, asked_at: float) -> list[Claim]:
    """The response to a claim of several jobs."""
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
        delayed_until_ms=job.get("delayed_until_ms") or None,
        needs={key: read_need(need) for key, need in (job.get("needs") or {}).items()},
        group=job.get("group"),
        index=job.get("index"),
        matrix_json=job.get("matrix_json"),
    )


def read_need(need: dict[str, Any]) -> NeedResult:
    """The result of a need."""
    return NeedResult(
        need.get("result") or "",
        bool(need.get("tolerated")),
        need.get("error"),
        need.get("attempt") or 0,
        need.get("duration_secs"),
    )


def need_json(need: NeedResult) -> dict[str, Any]:
    """The result of a need, in the form of the documented paths."""
    return {
        "result": need.result,
        "tolerated": need.tolerated,
        "error": need.error,
        "attempt": need.attempt,
        "duration_secs": need.duration_secs,
    }


def job_json(job: Job) -> dict[str, Any]:
    """The job in the form of the documented paths."""
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
        "needs": {key: need_json(need) for key, need in job.needs.items()},
        "group": job.group,
        "index": job.index,
        "matrix_json": job.matrix_json,
    }
