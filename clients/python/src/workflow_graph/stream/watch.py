"""Following the changes of runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import grpc

from ..backoff import Backoff
from ..errors import is_temporary
from ..gen.workflowgraph.v1 import workflow_service_pb2 as pb
from ..wire import Event
from .channel import Channel, error_of


def watch_runs(server_url: str, token: str | None, id: str, after_event: int | None) -> Iterator[Event]:
    """See `Client.watch`."""
    channel = Channel(server_url, token)
    backoff = Backoff()
    try:
        while True:
            request = pb.WatchRunsRequest(id=id, after_event=after_event)
            call = channel.follow("WorkflowService/WatchRuns", request, pb.WatchRunsResponse.FromString)
            try:
                for response in call:
                    backoff.reset()
                    for event in response.events:
                        yield event_of(event)
                        after_event = event.number
                    after_event = response.last_event
            except grpc.RpcError as rpc_error:
                error = error_of(rpc_error, server_url)
                if not is_temporary(error) or getattr(error, "status", 0) == 501:
                    raise error from rpc_error
            finally:
                call.cancel()
            time.sleep(backoff.next_secs())
    finally:
        channel.close()


def event_of(event: pb.Event) -> Event:
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
