"""The worker's side of the heartbeat process."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..drain import Drain
from ..job import Claim
from ..stop import Stop

#: A process that ends more often than this within the time will not stay.
RESTARTS_MAX = 5
RESTARTS_WITHIN_SECS = 60.0


class LeaseWatcher(Protocol):
    """What may happen to a lease that is watched. Called on the keeper's thread."""

    def lease_lost(self, reason: str, message: str) -> None:
        """The server reports that the lease is gone."""

    def lease_expired(self) -> None:
        """Its time to live passed without a renewal, by this machine's clock."""

    def stop_job(self, stop: Stop) -> None:
        """The server requests to stop the job."""


@dataclass(frozen=True, slots=True)
class KeeperCallbacks:
    """Other messages of the process."""

    unknown_worker: Callable[[], None]
    #: What a response says of the worker's drain.
    drain: Callable[[Drain | None], None]
    away: Callable[[str], None]
    back: Callable[[], None]
    restarted: Callable[[str], None]
    #: No lease is renewed any more.
    failed: Callable[[BaseException], None]


@dataclass(eq=False, slots=True)
class Watched:
    """A lease as the keeper knows it, for a new process."""

    claim: Claim
    watcher: LeaseWatcher
    deadline: float


class LeaseKeeper:
    """Keeps a worker's leases alive from a process of its own, so that no job can starve them.

    A busy interpreter or a blocked thread delays whatever runs in the worker's process, heartbeat threads among it.
    """

    def __init__(self, settings: dict[str, Any], callbacks: KeeperCallbacks) -> None:
        self._settings = settings
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._restarts: collections.deque[float] = collections.deque(maxlen=RESTARTS_MAX)
        self._stopped = False
        self._process = self._start()

    def watch(self, claim: Claim, watcher: LeaseWatcher) -> None:
        """Renews the lease until it is forgotten. Said before this returns, so that the job may block from then on."""
        watched = Watched(claim, watcher, time.monotonic() + claim.lease.ttl_secs)
        with self._lock:
            self._watched[claim.lease.lease_id] = watched
            self._send(watch_message(watched))

    def forget(self, claim: Claim) -> None:
        """Renews the lease no more."""
        with self._lock:
            if self._watched.pop(claim.lease.lease_id, None) is not None:
                self._send(["forget", claim.lease.lease_id])

    def renew_now(self) -> None:
        """Renews every lease at once, for example after the server may have changed them."""
        with self._lock:
            if self._watched:
                self._send(["renew"])

    def stay_with_http(self) -> None:
        """Uses no stream from now on."""
        with self._lock:
            self._settings["stream"] = False
            self._send(["http"])

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._stopped = True
        self._process.kill()
        self._process.wait()
        close_pipes(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        package_parent = Path(__file__).resolve().parents[2]
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow_graph_client._heartbeat", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=package_parent,
            env=process_environment(),
            # A Ctrl-C in the terminal is for the worker, which continues for a while.
            start_new_session=True,
        )
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        self._process = process
        self._send(self._settings)
        threading.Thread(target=self._receive, args=(process,), name="leases", daemon=True).start()
        return process

    def _send(self, message: Any) -> None:
        """One short write for each message: either it is written whole, or the process is stuck and
        is replaced.
        """
        if self._process.stdin is None:
            return
        try:
            os.write(self._process.stdin.fileno(), json.dumps(message).encode() + b"\n")
        except BlockingIOError:
            self._process.kill()
        except (OSError, ValueError):
            pass  # it has ended: the receiving thread replaces it and tells it everything

    def _receive(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None:
            with contextlib.suppress(OSError, ValueError):
                for line in process.stdout:
                    self._take(json.loads(line))
        process.wait()
        close_pipes(process)
        self._restart()

    def _take(self, message: list[Any]) -> None:
        match message:
            case ["renewed", lease_id, deadline]:
                if watched := self._watched.get(lease_id):
                    watched.deadline = deadline
            case ["lost", lease_id, reason, text]:
                if watched := self._watched.get(lease_id):
                    watched.watcher.lease_lost(reason, text)
            case ["expired", lease_id]:
                if watched := self._watched.get(lease_id):
                    watched.watcher.lease_expired()
            case ["stop", lease_id, reason, within_secs]:
                if watched := self._watched.get(lease_id):
                    watched.watcher.stop_job(Stop(reason, within_secs))
            case ["unknown-worker"]:
                self._callbacks.unknown_worker()
            case ["drain", is_draining, stop]:
                self._callbacks.drain(Drain(stop) if is_draining else None)
            case ["away", code]:
                self._callbacks.away(code)
            case ["back"]:
                self._callbacks.back()

    def _restart(self) -> None:
        now = time.monotonic()
        with self._lock:
            if self._stopped:
                return
            often = len(self._restarts) == RESTARTS_MAX and now - self._restarts[0] < RESTARTS_WITHIN_SECS
            self._restarts.append(now)
            failure: Exception | None = None
            try:
                if often:
                    raise RuntimeError("the process that renews the leases ends again and again")
                self._start()
            except Exception as error:
                self._stopped = True
                failure = error
            else:
                for watched in self._watched.values():
                    self._send(watch_message(watched))
        if failure is not None:
            self._callbacks.failed(failure)
        else:
            self._callbacks.restarted("the process that renews the leases had ended and was started again")


def process_environment() -> dict[str, str]:
    """That of the worker without the token: jobs can read it in /proc, and the process gets the token by its input."""
    kept = {name: value for name, value in os.environ.items() if name not in ("WORKFLOW_GRAPH_TOKEN", "SERVER_URL")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}


def watch_message(watched: Watched) -> list[Any]:
    """The message to the process about a lease."""
    job, lease = watched.claim.job, watched.claim.lease
    return [
        "watch",
        lease.lease_id,
        job.workflow_id,
        job.job_id,
        lease.ttl_secs,
        watched.deadline,
        watched.claim.asked_at,
    ]


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    """Closes a process that has exited."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
