"""Messages of the API as the values of this package, and back."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict

from ..gen.workflowgraph.v1 import job_service_pb2 as jobs_pb
from ..gen.workflowgraph.v1 import types_pb2 as types_pb
from ..job import Claim, Job, Lease, LogChunk, NeedResult, Result, RetryPolicy, Step, Success

STREAMS = {"stdout": types_pb.LOG_STREAM_STDOUT, "stderr": types_pb.LOG_STREAM_STDERR}
STREAM_NAMES = {number: name for name, number in STREAMS.items()}


def read_claim(claim: types_pb.Claim) -> Claim:
    """A claim as it was pushed."""
    job = claim.job
    return Claim(
        Job(
            job_id=job.job_id,
            command=job.command,
            workflow_id=job.workflow_id,
            workflow=job.workflow,
            name=job.name,
            attempt=job.attempt,
            upstream_outputs={key: dict(outputs.values) for key, outputs in job.upstream_outputs.items()},
            inputs=dict(job.inputs),
            env=dict(job.env),
            required_labels=tuple(job.required_labels),
            timeout_secs=job.timeout_secs if job.HasField("timeout_secs") else None,
            priority=job.priority,
            metadata=MessageToDict(job.metadata) if job.HasField("metadata") else {},
            steps=tuple(Step(step.id, step.name, step.run, dict(step.env)) for step in job.steps),
            retry_policy=RetryPolicy(job.retry_policy.max_retries, backoff_json(job.retry_policy.backoff)),
            enqueued_at_ms=job.enqueued_at_ms,
            delayed_until_ms=job.delayed_until_ms or None,
            needs={key: read_need(need) for key, need in job.needs.items()},
            group=job.group if job.HasField("group") else None,
            index=job.index if job.HasField("index") else None,
            matrix_json=job.matrix_json if job.HasField("matrix_json") else None,
        ),
        Lease(claim.lease.lease_id, float(claim.lease.ttl_secs), claim.lease.stop_grace_secs or None),
    )


def read_need(need: types_pb.NeedResult) -> NeedResult:
    """The result of a need."""
    return NeedResult(
        status_text(need.result),
        need.tolerated,
        need.error if need.HasField("error") else None,
        need.attempt,
        need.duration_secs if need.HasField("duration_secs") else None,
    )


def status_text(status: int) -> str:
    """A status as the documented paths write it; empty when it is not known here."""
    try:
        name = types_pb.JobStatus.Name(status)  # type: ignore[arg-type]
    except ValueError:
        return ""
    return "" if status == 0 else name.removeprefix("JOB_STATUS_").lower()


def backoff_json(backoff: types_pb.Backoff) -> Any:
    """The backoff as the documented paths write it."""
    kind = backoff.WhichOneof("kind")
    if kind == "fixed":
        return {"Fixed": {"delay_secs": backoff.fixed.delay_secs}}
    if kind == "exponential":
        wait = backoff.exponential
        jitter = {"jitter": wait.jitter} if wait.HasField("jitter") else {}
        return {"Exponential": {"base_secs": wait.base_secs, "max_secs": wait.max_secs, **jitter}}
    return "None"


def report_message(lease_id: str, result: Result) -> jobs_pb.JobReport:
    """A report as it is sent."""
    if isinstance(result, Success):
        return jobs_pb.JobReport(lease_id=lease_id, success=types_pb.Outputs(values=result.outputs))
    failure = jobs_pb.Failure(error=result.error, retryable=result.retryable, exit_code=result.exit_code)
    return jobs_pb.JobReport(lease_id=lease_id, failure=failure)


def chunk_message(chunk: LogChunk) -> types_pb.LogChunk:
    """A log chunk as it is sent; the server knows the job from the lease."""
    return types_pb.LogChunk(
        sequence=chunk.sequence, data=chunk.data, timestamp_ms=chunk.timestamp_ms, stream=STREAMS[chunk.stream]
    )


def stop_reason(reason: int) -> str:
    """A reason as the documented paths write it. One that is not known here counts as the first one."""
    return "timed_out" if reason == types_pb.STOP_REASON_TIMED_OUT else "cancelled"


def reason_text(reason: int) -> str:
    """A reason as the documented paths write it, such as `lease_expired`; empty when there is none."""
    try:
        name = types_pb.ErrorReason.Name(reason)  # type: ignore[arg-type]
    except ValueError:
        return ""
    return "" if reason == 0 else name.removeprefix("ERROR_REASON_").lower()
