"""Messages of the API as the values of this package, and back."""

from __future__ import annotations

import time

from ..gen.workflowgraph.v1 import job_reports_pb2 as reports_pb
from ..gen.workflowgraph.v1 import types_pb2 as types_pb
from ..http.claims import read_present_claim
from ..job import Claim, LogChunk, Result, Success
from .documented_json import documented_json, enum_word

STREAMS = {"stdout": types_pb.LOG_STREAM_STDOUT, "stderr": types_pb.LOG_STREAM_STDERR}
STREAM_NAMES = {number: name for name, number in STREAMS.items()}


def read_claim(claim: types_pb.Claim) -> Claim:
    """A claim as it was pushed. Raises WorkflowGraphError if its job or lease is absent."""
    return read_present_claim(documented_json(claim), time.monotonic())


def report_message(lease_id: str, result: Result) -> reports_pb.JobReport:
    """A report as it is sent."""
    if isinstance(result, Success):
        return reports_pb.JobReport(lease_id=lease_id, success=types_pb.Outputs(values=result.outputs))
    failure = reports_pb.Failure(error=result.error, retryable=result.retryable, exit_code=result.exit_code)
    return reports_pb.JobReport(lease_id=lease_id, failure=failure)


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
    return enum_word(types_pb.ErrorReason.DESCRIPTOR, reason)
