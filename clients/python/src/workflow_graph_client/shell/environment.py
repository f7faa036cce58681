"""The environment of a shell job."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..job import Job, job_json, need_json
from ..text import valid_text
from .passed_variables import passed_variables

#: A larger value is left out: Linux takes 128 KiB for one variable. It is in the context file.
VALUE_BYTES_MAX = 64 * 1024
#: So much for all upstream outputs and inputs together: Linux takes about 2 MiB for a whole environment.
DERIVED_BYTES_MAX = 512 * 1024


@dataclass(frozen=True, slots=True)
class AttemptPlaces:
    """The variables of a job's attempt."""

    #: Identifies the job's processes, wherever they go.
    attempt_id: str
    outputs_file: Path
    context_file: Path


def job_environment(
    job: Job, places: AttemptPlaces, pass_env: Sequence[str], secrets: Collection[str]
) -> dict[str, str]:
    """The environment of a shell job.

    Later entries win: a part of the worker's own environment, how each need ended as `NEEDS_<JOB>_RESULT`, upstream
    outputs as `NEEDS_<JOB>_<KEY>`, inputs as `INPUT_<KEY>`, the definition's `env`, and the `WORKFLOW_GRAPH_*` names.
    In the derived names ASCII letters are upper case, and each character but these and digits is one `_`.
    """
    environment = passed_variables(pass_env, secrets)
    bytes_left = DERIVED_BYTES_MAX
    for name, value in derived_variables(job):
        size = len(name) + len(value.encode())
        if size > VALUE_BYTES_MAX or size > bytes_left or "\0" in value:
            continue
        bytes_left -= size
        environment[name] = value
    for name, value in job.env.items():
        # `command` sets these too, so one that no environment can hold is not lost.
        if re.fullmatch(r"[^=\0]+", name) and "\0" not in value and len(value.encode()) <= VALUE_BYTES_MAX:
            environment[name] = value
    return environment | {
        "WORKFLOW_GRAPH": "true",
        "WORKFLOW_GRAPH_RUN_ID": job.workflow_id,
        "WORKFLOW_GRAPH_WORKFLOW": job.workflow,
        "WORKFLOW_GRAPH_JOB_ID": job.job_id,
        "WORKFLOW_GRAPH_ATTEMPT": str(job.attempt),
        "WORKFLOW_GRAPH_WORKER_ID": job.worker_id,
        "WORKFLOW_GRAPH_ATTEMPT_ID": places.attempt_id,
        "WORKFLOW_GRAPH_OUTPUT": str(places.outputs_file),
        "WORKFLOW_GRAPH_CONTEXT": str(places.context_file),
    }


def context_json(job: Job) -> str:
    """The content of the file at `WORKFLOW_GRAPH_CONTEXT`."""
    content = {
        "run_id": job.workflow_id,
        "workflow": job.workflow,
        "job_id": job.job_id,
        "attempt": job.attempt,
        "worker_id": job.worker_id,
        "inputs": dict(job.inputs),
        "upstream_outputs": {key: dict(outputs) for key, outputs in job.upstream_outputs.items()},
        "needs": {
            key: need_json(need) | {"outputs": dict(job.upstream_outputs.get(key, {}))}
            for key, need in job.needs.items()
        },
        "job": job_json(job),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def derived_variables(job: Job) -> Iterator[tuple[str, str]]:
    """How needs ended, their outputs, and inputs as variables.

    Of two with one name the later wins, so an output named `result` keeps its variable.
    """
    for job_id, need in job.needs.items():
        yield f"NEEDS_{variable_name(job_id)}_RESULT", valid_text(need.result)
    for job_id, outputs in job.upstream_outputs.items():
        for key, value in outputs.items():
            yield f"NEEDS_{variable_name(job_id)}_{variable_name(key)}", valid_text(value)
    for key, value in job.inputs.items():
        yield f"INPUT_{variable_name(key)}", valid_text(value)


def variable_name(text: str) -> str:
    """The text as a part of a variable's name."""
    return re.sub(r"[^A-Z0-9]", "_", re.sub(r"[a-z]", lambda letter: letter[0].upper(), text))
