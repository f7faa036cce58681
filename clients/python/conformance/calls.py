"""What the conformance driver wants done with the library's client."""

from __future__ import annotations

import functools
import os
import time
from typing import Any

from workflow_graph_client import Client, ServerUnreachableError

#: Bounds the reading of a log that has no end.
LOG_READS_MAX = 1000
TRY_AGAIN_SECS = 0.02


@functools.cache
def client() -> Client:
    """The one client of all calls."""
    return Client(os.environ["SERVER_URL"])


def call_client(command: dict[str, Any]) -> dict[str, str | None]:
    """Makes the call, again when its connection broke, and returns the event that answers it."""
    while True:
        try:
            return {"event": "answered", "id": command["id"], "answer": make(command), "error": None}
        except ServerUnreachableError:
            time.sleep(TRY_AGAIN_SECS)
        except Exception as error:
            return {"event": "answered", "id": command["id"], "answer": "", "error": str(error)}


def make(command: dict[str, Any]) -> str:
    """The answer of one call."""
    match command["call"]:
        case "create":
            return client().create_workflow(command["definition"], request_id=command["request_id"])["id"]
        case "remove":
            client().remove_workflow(command["target"])
            return ""
        case "cancel":
            return client().cancel(command["target"], request_id=command["request_id"])
        case "read_log":
            return read_log(command["target"], command["job_id"])
        case unknown:
            raise ValueError(f"unknown call {unknown}")


def read_log(run_id: str, job_id: str) -> str:
    """The log's text, one chunk a call."""
    text, after = "", None
    for _ in range(LOG_READS_MAX):
        chunks = client().logs(run_id, job_id, limit=1, after=after)
        if not chunks:
            return text
        after = chunks[0]
        text += after["data"]
    raise ValueError("the log has no end")
