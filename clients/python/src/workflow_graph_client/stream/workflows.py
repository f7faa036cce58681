"""Workflows as the documented paths write them, out of their messages."""

from __future__ import annotations

from typing import cast

from google.protobuf.json_format import MessageToDict

from ..gen.workflowgraph.v1 import types_pb2 as pb
from ..wire import JobStatus, RunState, Workflow, WorkflowJob


def read_workflow(workflow: pb.Workflow) -> Workflow:
    """The workflow as `Client.status` gives it."""
    return {
        "id": workflow.id,
        "name": workflow.name,
        "trigger": workflow.trigger,
        "jobs": [read_job(job) for job in workflow.jobs],
        "workflow": workflow.workflow,
        "run_id": workflow.run_id if workflow.HasField("run_id") else None,
        "state": state_name(workflow.state) if workflow.HasField("state") else None,
        "version": workflow.version,
        "created_at_ms": workflow.created_at_ms if workflow.HasField("created_at_ms") else None,
        "started_at_ms": workflow.started_at_ms if workflow.HasField("started_at_ms") else None,
        "ended_at_ms": workflow.ended_at_ms if workflow.HasField("ended_at_ms") else None,
    }


def read_job(job: pb.Job) -> WorkflowJob:
    """A job of it."""
    return {
        "id": job.id,
        "name": job.name,
        "status": status_name(job.status),
        "command": job.command,
        "duration_secs": job.duration_secs if job.HasField("duration_secs") else None,
        "duration_ms": job.duration_ms if job.HasField("duration_ms") else None,
        "started_at": job.started_at if job.HasField("started_at") else None,
        "depends_on": list(job.depends_on),
        "output": job.output if job.HasField("output") else None,
        "required_labels": list(job.required_labels),
        "max_retries": job.max_retries,
        "attempt": job.attempt,
        "metadata": MessageToDict(job.metadata),
        "timeout_secs": job.timeout_secs if job.HasField("timeout_secs") else None,
        "priority": job.priority,
        "outputs": dict(job.outputs),
        "ended_at": job.ended_at if job.HasField("ended_at") else None,
        "worker_id": job.worker_id if job.HasField("worker_id") else None,
        "delayed_until_ms": job.delayed_until_ms if job.HasField("delayed_until_ms") else None,
        "log_missing_bytes": job.log_missing_bytes if job.HasField("log_missing_bytes") else None,
        "exit_code": job.exit_code if job.HasField("exit_code") else None,
    }


def status_name(status: pb.JobStatus.ValueType) -> JobStatus:
    """A job's state, such as `queued`."""
    return cast(JobStatus, pb.JobStatus.Name(status).removeprefix("JOB_STATUS_").lower())


def state_name(state: pb.RunState.ValueType) -> RunState:
    """A run's state, such as `queued`."""
    return cast(RunState, pb.RunState.Name(state).removeprefix("RUN_STATE_").lower())
