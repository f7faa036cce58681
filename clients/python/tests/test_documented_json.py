"""One reader serves both transports: messages become the JSON of the documented paths."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from workflow_graph_client import WorkflowGraphError
from workflow_graph_client.gen.workflowgraph.v1 import types_pb2 as pb
from workflow_graph_client.http import claims
from workflow_graph_client.job import Job, Lease, job_json
from workflow_graph_client.stream.convert import read_claim
from workflow_graph_client.stream.documented_json import documented_json

LEASE: dict[str, Any] = {
    "lease_id": "l",
    "job_id": "test.3",
    "workflow_id": "r",
    "worker_id": "w",
    "ttl_secs": 30,
    "granted_at_ms": 9,
    "stop_grace_secs": 1.5,
}

#: With a value other than the default in every field.
JOB: dict[str, Any] = {
    "job_id": "test.3",
    "workflow_id": "r",
    "command": "true",
    "required_labels": ["gpu"],
    "retry_policy": {"max_retries": 2, "backoff": {"Exponential": {"base_secs": 2, "max_secs": 60, "jitter": True}}},
    "attempt": 1,
    "upstream_outputs": {"build": {"url": "x"}},
    "enqueued_at_ms": 1_700_000_000_000,
    "delayed_until_ms": 1_700_000_000_001,
    "workflow": "ci",
    "name": "Test",
    "timeout_secs": 60,
    "env": {"A": "1"},
    "steps": [{"id": "s", "name": "Step", "run": "true", "env": {"B": "2"}}],
    "inputs": {"tag": "v1"},
    "priority": -3,
    "metadata": {"team": {"size": 4, "lead": None}},
    "needs": {"build": {"result": "failure", "tolerated": True, "error": "no", "attempt": 4, "duration_secs": 7}},
    "group": "test",
    "index": 3,
    "matrix_json": "{}",
}


def whole_claim() -> pb.Claim:
    """The message of the job and its lease."""
    message = JOB | {
        "retry_policy": {
            "max_retries": 2,
            "backoff": {"exponential": {"base_secs": 2, "max_secs": 60, "jitter": True}},
        },
        "upstream_outputs": {"build": {"values": {"url": "x"}}},
        "needs": {"build": JOB["needs"]["build"] | {"result": "JOB_STATUS_FAILURE"}},
    }
    sent = ParseDict({"job": message, "lease": LEASE}, pb.Claim())
    return pb.Claim.FromString(sent.SerializeToString())


def fields_of(job: Job) -> dict[str, Any]:
    return {field.name: getattr(job, field.name) for field in dataclasses.fields(job) if field.repr}


def test_a_job_is_the_same_whether_it_was_pushed_or_claimed() -> None:
    assert documented_json(whole_claim()) == {"job": JOB, "lease": LEASE}
    pushed = read_claim(whole_claim())
    claimed = claims.read_claim({"job": JOB, "lease": LEASE}, 0.0)
    assert claimed is not None
    assert fields_of(pushed.job) == fields_of(claimed.job)
    assert pushed.lease == claimed.lease == Lease("l", 30.0, 1.5)
    assert job_json(pushed.job) == JOB


def test_every_field_of_a_claimed_job_is_read() -> None:
    assert {field.name for field in pb.ClaimedJob.DESCRIPTOR.fields} == set(JOB)
    absent = fields_of(Job("a"))
    assert [name for name, value in fields_of(read_claim(whole_claim()).job).items() if value == absent[name]] == []


def test_what_is_absent_in_a_pushed_job_has_the_value_for_none() -> None:
    pushed = read_claim(pb.Claim(job=pb.ClaimedJob(job_id="a"), lease=pb.Lease(lease_id="l", ttl_secs=30)))
    assert fields_of(pushed.job) == fields_of(Job("a"))
    assert pushed.lease == Lease("l", 30.0, None)


@pytest.mark.parametrize(
    ("backoff", "documented"),
    [
        (ParseDict({"none": {}}, pb.Backoff()), "None"),
        (pb.Backoff(fixed=pb.Backoff.Fixed(delay_secs=5)), {"Fixed": {"delay_secs": 5}}),
        (
            pb.Backoff(exponential=pb.Backoff.Exponential(base_secs=2)),
            {"Exponential": {"base_secs": 2, "max_secs": 0}},
        ),
        (pb.Backoff(), None),
    ],
)
def test_a_backoff_is_that_of_the_documented_json(backoff: pb.Backoff, documented: Any) -> None:
    assert documented_json(backoff) == documented


def test_a_pushed_job_without_its_job_is_malformed() -> None:
    with pytest.raises(WorkflowGraphError, match="the answer to a claim cannot be read") as raised:
        read_claim(pb.Claim(lease=pb.Lease(lease_id="l")))
    assert raised.value.code == "malformed_claim"


def test_a_watched_workflow_has_the_words_and_the_nulls_of_the_documented_json() -> None:
    job = pb.Job(status=pb.JOB_STATUS_SKIPPED, outputs={"a": "b"}, exit_code=0, metadata=Struct())
    workflow = documented_json(pb.Workflow(id="ci", state=pb.RUN_STATE_RUNNING, jobs=[job]))
    assert workflow["state"] == "running"
    assert workflow["run_id"] is None
    assert workflow["broken"] is None
    [read] = workflow["jobs"]
    assert read["status"] == "skipped"
    assert read["outputs"] == {"a": "b"}
    assert read["exit_code"] == 0
    assert read["if"] is None
    assert read["metadata"] == documented_json(pb.Job())["metadata"] == {}
    assert documented_json(pb.Workflow())["state"] is None
