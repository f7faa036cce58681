"""When each lease is renewed, and its state. Runs in the heartbeat process."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..http.connection import HttpConnection
from .http_renewals import HttpRenewals, LeaseState
from .stream_renewals import StreamRenewals

#: Below two seconds, within which a worker must notice a cancellation.
CANCEL_POLL_SECS = 1.0
WORKER_HEARTBEAT_SECS = 10.0
RETRY_SECS = 1.0
#: A pushed job of which the server hears nothing for five seconds returns to the queue. The worker says that it has
#: arrived, but a job that holds the interpreter from its first moment may keep it from that; a renewal says so too.
FIRST_RENEWAL_SECS = 2.0
#: How many leases are renewed at once where each needs a call of its own.
CALLS_MAX = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process is started with."""

    server_url: str
    token: str | None
    ca_file: str | None
    worker_id: str
    #: Renew this often; a third of each lease's time to live when None.
    interval_secs: float | None
    #: Whether to renew over a stream while there is one.
    stream: bool


@dataclass(eq=False, slots=True)
class WatchedLease:
    """A lease and when it was renewed."""

    lease_id: str
    run_id: str
    job_id: str
    ttl_secs: float
    deadline: float
    due: float = 0.0
    #: When the renewal that is under way, or the last one, was sent.
    sent_at: float = 0.0
    in_flight: bool = False
    is_stopping: bool = False
    expired: bool = False


class Renewals:
    """Renews each watched lease when it is due, over the stream while there is one, else one call for each."""

    def __init__(self, settings: Settings, tell: Callable[..., None]) -> None:
        self._settings = settings
        self._tell = tell
        self._changed = threading.Condition()
        self._leases: dict[str, WatchedLease] = {}
        self._calls = ThreadPoolExecutor(CALLS_MAX, "calls")
        server = (settings.server_url, settings.token, settings.ca_file)
        self._http = HttpRenewals(HttpConnection(*server), settings.worker_id, lambda *drain: tell("drain", *drain))
        self._stream = StreamRenewals(*server, self._take) if settings.stream else None
        self._is_away = False

    def start(self) -> None:
        """Starts the loops."""
        for loop in (self._renew_forever, self._poll_cancellations, self._say_alive):
            threading.Thread(target=loop, daemon=True).start()

    def watch(self, lease: WatchedLease, asked_at: float) -> None:
        """Renews the lease until it is forgotten.

        The first time depends on when it was asked for: if that is long ago, its answer may have been held up, and the
        lease may be about to expire.
        """
        first = FIRST_RENEWAL_SECS if self._stream is not None else lease.ttl_secs
        lease.due = asked_at + min(self._interval(lease), first)
        with self._changed:
            self._leases[lease.lease_id] = lease
            self._changed.notify()

    def forget(self, lease_id: str) -> None:
        """Renews the lease no more."""
        with self._changed:
            self._leases.pop(lease_id, None)

    def renew_now(self) -> None:
        """Renews every lease at once."""
        with self._changed:
            for lease in self._leases.values():
                lease.due = 0.0
            self._changed.notify()

    def stay_with_http(self) -> None:
        """Uses the stream no more."""
        self._stream = None

    def _interval(self, lease: WatchedLease) -> float:
        return min(self._settings.interval_secs or lease.ttl_secs, lease.ttl_secs / 3)

    def _renew_forever(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                self._expire(now)
                if due := self._take_due(now):
                    self._send(due)
                # A forgotten lease does not wake the thread, so there may be nothing to do when the
                # time comes.
                next_at = min(self._next_times(), default=None)
                self._changed.wait(None if next_at is None else max(0.001, next_at - now))

    def _next_times(self) -> Iterator[float]:
        for lease in self._leases.values():
            if not lease.expired:
                yield lease.deadline
            if not lease.in_flight:
                yield lease.due

    def _expire(self, now: float) -> None:
        for lease in self._leases.values():
            if not lease.expired and lease.deadline <= now:
                lease.expired = True
                self._tell("expired", lease.lease_id)

    def _take_due(self, now: float) -> list[WatchedLease]:
        """The leases that are due; all of them over the stream, which brings news of those that were named last."""
        idle = [lease for lease in self._leases.values() if not lease.in_flight]
        due = [lease for lease in idle if lease.due <= now]
        if due and self._stream is not None and self._stream.is_up:
            due = idle
        for lease in due:
            lease.in_flight, lease.sent_at = True, now
        return due

    def _send(self, leases: list[WatchedLease]) -> None:
        stream = self._stream
        if stream is not None and stream.is_up:
            timeout = min(self._call_timeout(lease) for lease in leases)
            self._calls.submit(self._renew_by_stream, stream, leases, timeout)
            return
        for lease in leases:
            self._calls.submit(self._renew_by_call, lease)

    def _renew_by_stream(self, stream: StreamRenewals, leases: list[WatchedLease], timeout: float) -> None:
        if stream.renew([lease.lease_id for lease in leases], timeout):
            self._say_back()
            with self._changed:
                for lease in leases:
                    lease.in_flight = False
                self._changed.notify()
            return
        for lease in leases:
            self._calls.submit(self._renew_by_call, lease)

    def _renew_by_call(self, lease: WatchedLease) -> None:
        with self._changed:
            if self._leases.get(lease.lease_id) is not lease:
                return
            lease.sent_at = time.monotonic()
        answer = self._http.renew(lease.lease_id, self._call_timeout(lease))
        if isinstance(answer, str):
            self._say_away(answer)
        else:
            self._say_back()
            self._take(answer)
        with self._changed:
            if lease.due <= time.monotonic():
                lease.due = time.monotonic() + min(self._interval(lease) / 3, RETRY_SECS)
            lease.in_flight = False
            self._changed.notify()

    def _call_timeout(self, lease: WatchedLease) -> float:
        return min(10.0, max(0.5, self._interval(lease)))

    def _take(self, state: LeaseState) -> None:
        """Records the server's statement about a lease, whether requested or not."""
        with self._changed:
            lease = self._leases.get(state.lease_id)
            if lease is None:
                return
            if state.lost is not None:
                del self._leases[lease.lease_id]
                if state.lost == "cancelled":
                    self._tell("stop", lease.lease_id, state.lost, None)
                else:
                    self._tell("lost", lease.lease_id, state.lost, state.message)
                return
            self._renewed(lease, state)
            if state.stop is not None and not lease.is_stopping:
                lease.is_stopping = True
                self._tell("stop", lease.lease_id, state.stop.reason, state.stop.within_secs)
            self._changed.notify()

    def _renewed(self, lease: WatchedLease, state: LeaseState) -> None:
        if not lease.in_flight or state.is_news:
            return
        if state.ttl_secs is not None:
            lease.ttl_secs = state.ttl_secs
        now = time.monotonic()
        left = lease.ttl_secs if state.seconds_left is None else state.seconds_left
        lease.deadline = max(lease.deadline, min(lease.sent_at + lease.ttl_secs, now + left))
        lease.due = lease.sent_at + self._interval(lease)
        self._tell("renewed", lease.lease_id, lease.deadline)

    def _poll_cancellations(self) -> None:
        """Without a stream, the next renewal is the first to report a cancellation."""
        while True:
            time.sleep(CANCEL_POLL_SECS)
            if self._stream is not None:
                continue
            with self._changed:
                asked = [
                    lease
                    for lease in self._leases.values()
                    if not lease.is_stopping and self._interval(lease) > CANCEL_POLL_SECS
                ]
            for lease in asked:
                self._calls.submit(self._poll_cancellation, lease)

    def _poll_cancellation(self, lease: WatchedLease) -> None:
        # The bare `true` says neither why nor how long the server waits. The answer to a heartbeat says both.
        if self._http.is_to_stop(lease.run_id, lease.job_id, CANCEL_POLL_SECS):
            with self._changed:
                if lease.in_flight:
                    return
                lease.due = 0.0
                self._changed.notify()

    def _say_alive(self) -> None:
        while True:
            time.sleep(WORKER_HEARTBEAT_SECS)
            with contextlib.suppress(Exception):
                if not self._http.say_alive(WORKER_HEARTBEAT_SECS):
                    self._tell("unknown-worker")

    def _say_away(self, code: str) -> None:
        if not self._is_away:
            self._is_away = True
            self._tell("away", code)

    def _say_back(self) -> None:
        if self._is_away:
            self._is_away = False
            self._tell("back")
