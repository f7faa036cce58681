"""Sending all logs of a worker over one stream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import grpc

from ..errors import ServerUnreachableError, WorkflowGraphError
from ..gen.workflowgraph.v1 import log_service_pb2 as pb
from ..job import LogChunk
from .channel import Channel, error_of
from .convert import chunk_message, reason_text

#: An answer that does not come for so long will not come.
ANSWER_SECS_MAX = 30.0


@dataclass(eq=False, slots=True)
class Push:
    """Chunks of one lease on their way."""

    last_sequence: int
    answered: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class OpenStream:
    """One call of StreamLogs, with the pushes that wait for its answers: at most one for each lease."""

    def __init__(self) -> None:
        self.requests: queue.SimpleQueue[pb.StreamLogsRequest | None] = queue.SimpleQueue()
        self.pushes: dict[str, Push] = {}
        self.ended: Exception | None = None

    def messages(self) -> Iterator[pb.StreamLogsRequest]:
        """The messages to send."""
        while (message := self.requests.get()) is not None:
            yield message


class LogStream:
    """Opens the stream with the first push and again when it broke. What was not answered for is pushed again."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._open: OpenStream | None = None

    def push(self, lease_id: str, chunks: Sequence[LogChunk]) -> None:
        """Returns when the chunks are durable. Raises WorkflowGraphError or ServerUnreachableError."""
        push = Push(chunks[-1].sequence)
        message = pb.StreamLogsRequest(lease_id=lease_id, chunks=[chunk_message(chunk) for chunk in chunks])
        with self._lock:
            stream = self._open or self._start()
            stream.pushes[lease_id] = push
        stream.requests.put(message)
        if not push.answered.wait(ANSWER_SECS_MAX):
            self._end(stream, ServerUnreachableError(self._channel.server_url, "ETIMEDOUT"))
        if push.error is not None:
            raise push.error

    def close(self) -> None:
        """Ends the stream."""
        with self._lock:
            stream = self._open
        if stream is not None:
            self._end(stream, ServerUnreachableError(self._channel.server_url, "closed"))

    def _start(self) -> OpenStream:
        stream = OpenStream()
        self._open = stream
        threading.Thread(target=self._receive, args=(stream,), name="log-stream", daemon=True).start()
        return stream

    def _receive(self, stream: OpenStream) -> None:
        error: Exception = ServerUnreachableError(self._channel.server_url, "the stream ended")
        try:
            call = self._channel.call("LogService/StreamLogs", stream.messages(), pb.StreamLogsResponse.FromString)
            for answer in call:
                self._take(stream, answer)
                if stream.ended is not None:
                    call.cancel()
                    return
        except grpc.RpcError as rpc_error:
            error = error_of(rpc_error, self._channel.server_url)
        except ValueError as closed:  # grpc says so of a channel that was closed
            error = ServerUnreachableError(self._channel.server_url, str(closed))
        self._end(stream, error)

    def _take(self, stream: OpenStream, answer: pb.StreamLogsResponse) -> None:
        with self._lock:
            push = stream.pushes.get(answer.lease_id)
            if push is None:
                return
            if answer.HasField("refused"):
                reason = reason_text(answer.refused)
                push.error = WorkflowGraphError("the lease is gone", status=409, code="aborted", reason=reason)
            elif answer.durable_sequence < push.last_sequence:
                return
            del stream.pushes[answer.lease_id]
        push.answered.set()

    def _end(self, stream: OpenStream, error: Exception) -> None:
        with self._lock:
            if self._open is stream:
                self._open = None
            stream.ended = error
            pushes, stream.pushes = stream.pushes, {}
        stream.requests.put(None)
        for push in pushes.values():
            push.error = error
            push.answered.set()
