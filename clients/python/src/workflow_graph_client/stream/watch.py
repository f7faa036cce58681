"""Following the changes of runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import cast

import grpc

from ..backoff import Backoff
from ..errors import is_temporary
from ..gen.workflowgraph.v1 import runs_pb2 as pb
from ..wire import Event, RunChanges, Workflow
from .channel import Channel, error_of
from .documented_json import documented_json


def watch_runs(
    server_url: str, token: str | None, ca_file: str | None, id: str, after_event: int | None
) -> Iterator[RunChanges]:
    """See `Client.watch`."""
    channel = Channel(server_url, token, ca_file)
    backoff = Backoff()
    after = after_event
    try:
        while True:
            request = pb.WatchRunsRequest(id=id, after_event=after)
            call = channel.follow("WorkflowService/WatchRuns", request, pb.WatchRunsResponse.FromString)
            try:
                # A large snapshot comes in parts. When the connection breaks before the last one, it begins anew.
                snapshot: list[Workflow] = []
                for response in call:
                    backoff.reset()
                    snapshot += [cast(Workflow, documented_json(workflow)) for workflow in response.snapshot]
                    if response.snapshot_continues:
                        continue
                    after = response.last_event
                    whole, snapshot = snapshot, []
                    yield {
                        "snapshot": whole,
                        "events": [read_event(event) for event in response.events],
                        "last_event": response.last_event,
                    }
                if id:
                    return
            except grpc.RpcError as rpc_error:
                error = error_of(rpc_error, channel.server_url)
                # The first connection fails if the server is unavailable; later ones wait for it.
                if after == after_event or not is_temporary(error):
                    raise error from rpc_error
            finally:
                call.cancel()
            time.sleep(backoff.next_secs())
    finally:
        channel.close()


def read_event(event: pb.Event) -> Event:
    """The event as the other answers of the client are."""
    return {
        "number": event.number,
        "at_ms": event.at_ms,
        "type": event.type,
        "run_id": event.run_id,
        "job_id": event.job_id,
        "attempt": event.attempt if event.HasField("attempt") else None,
        "data": json.loads(event.data_json or "{}"),
    }
