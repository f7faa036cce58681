"""Renewing many leases with one message of a stream."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..stop import Stop
from .http_renewals import LeaseState

if TYPE_CHECKING:
    from ..gen.workflowgraph.v1 import job_service_pb2 as pb

#: How long single calls replace a failed stream.
PAUSE_SECS = 5.0


class StreamRenewals:
    """The stream of heartbeats. It is opened with the first renewal, so that short jobs do not pay for it."""

    def __init__(
        self, server_url: str, token: str | None, ca_file: str | None, take: Callable[[LeaseState], None]
    ) -> None:
        self._server_url = server_url
        self._token = token
        self._ca_file = ca_file
        self._take = take
        self._lock = threading.Lock()
        self._requests: queue.SimpleQueue[pb.StreamHeartbeatsRequest | None] | None = None
        self._waiting: dict[str, threading.Event] = {}
        self._paused_until = 0.0

    @property
    def is_up(self) -> bool:
        """Whether there is a stream, or it is time to try one."""
        return time.monotonic() >= self._paused_until

    def renew(self, lease_ids: list[str], timeout_secs: float) -> bool:
        """Renews the leases; False when not all of them were answered for in time."""
        from ..gen.workflowgraph.v1 import job_service_pb2 as pb

        answered = {lease_id: threading.Event() for lease_id in lease_ids}
        with self._lock:
            requests = self._requests or self._open()
            self._waiting.update(answered)
        requests.put(pb.StreamHeartbeatsRequest(lease_ids=lease_ids))
        deadline = time.monotonic() + timeout_secs
        in_time = all(event.wait(max(0.0, deadline - time.monotonic())) for event in answered.values())
        if not in_time or self._requests is not requests:
            self._break(requests)
            return False
        return True

    def _open(self) -> queue.SimpleQueue[pb.StreamHeartbeatsRequest | None]:
        from ..gen.workflowgraph.v1 import job_service_pb2 as pb
        from ..stream.channel import Channel

        channel = Channel(self._server_url, self._token, self._ca_file)
        requests: queue.SimpleQueue[pb.StreamHeartbeatsRequest | None] = queue.SimpleQueue()
        self._requests = requests

        def messages() -> Iterator[pb.StreamHeartbeatsRequest]:
            while (message := requests.get()) is not None:
                yield message

        def receive() -> None:
            try:
                call = channel.call("JobService/StreamHeartbeats", messages(), pb.StreamHeartbeatsResponse.FromString)
                for answer in call:
                    for state in answer.leases:
                        self._receive(state)
            except Exception:  # whatever ends the stream, single calls go on
                pass
            finally:
                self._break(requests)
                channel.close()

        threading.Thread(target=receive, daemon=True).start()
        return requests

    def _receive(self, state: pb.StreamHeartbeatsResponse.LeaseState) -> None:
        from ..stream.convert import reason_text, stop_reason

        lost = reason_text(state.lost) if state.HasField("lost") else None
        within = state.stop_within_secs if state.HasField("stop_within_secs") else None
        stop = Stop(stop_reason(state.stop_reason), within) if state.cancelled else None
        is_news = lost is None and state.seconds_left == 0
        self._take(
            LeaseState(
                state.lease_id,
                seconds_left=state.seconds_left,
                stop=stop,
                lost=lost,
                message="the lease is gone",
                is_news=is_news,
            )
        )
        if is_news:
            return
        with self._lock:
            answered = self._waiting.pop(state.lease_id, None)
        if answered is not None:
            answered.set()

    def _break(self, requests: queue.SimpleQueue[pb.StreamHeartbeatsRequest | None]) -> None:
        """Ends the stream and lets those go who wait for its answers."""
        with self._lock:
            if self._requests is not requests:
                return
            self._requests = None
            self._paused_until = time.monotonic() + PAUSE_SECS
            waiting, self._waiting = self._waiting, {}
        requests.put(None)
        for event in waiting.values():
            event.set()
