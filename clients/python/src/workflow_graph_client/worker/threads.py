"""Threads for jobs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class JobThreads:
    """Runs work on daemon threads, at once: a thread that is idle takes it, else a new one is started.

    The standard library's pool is not used because the process waits for its threads at the end, and an executor that
    was left behind may never end.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._count = 0

    def run(self, work: Callable[[], object]) -> None:
        """Calls it on a thread. It must not raise."""
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
                start = False
            else:
                start = True
                self._count += 1
                name = f"job-{self._count}"
        if start:
            threading.Thread(target=self._work_forever, args=(work,), name=name, daemon=True).start()
        else:
            self._work.put(work)

    def close(self) -> None:
        """Ends the idle threads."""
        with self._lock:
            idle, self._idle = self._idle, 0
        for _ in range(idle):
            self._work.put(None)

    def _work_forever(self, work: Callable[[], object] | None) -> None:
        while work is not None:
            work()
            with self._lock:
                self._idle += 1
            work = self._work.get()
