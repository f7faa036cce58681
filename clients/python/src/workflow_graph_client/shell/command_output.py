"""Reads what a job's processes write, as it comes, into the job's log."""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import threading
import time
from typing import IO

from ..job import LogWriter
from ..job_log import JobLog
from .set_output import SetOutputScanner
from .step_tracker import StepTracker

READ_BYTES = 64 * 1024
#: The server keeps 4096 characters of error text; the rest is for the status line.
STDERR_TAIL_CHARACTERS = 3_900
#: How often to look whether a full log has room again, beside what else may happen.
ROOM_POLL_SECS = 0.02


class CommandOutput:
    """Both streams of a process, read by one thread. Bytes that are no UTF-8 become U+FFFD."""

    def __init__(self, stdout: IO[bytes], stderr: IO[bytes], log: LogWriter, steps: StepTracker) -> None:
        self.scanner = SetOutputScanner()
        self.steps = steps
        self.stderr_tail = ""
        self._log = log
        self._pipes = {"stdout": stdout, "stderr": stderr}
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in self._pipes}
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)
        self._wake_lock = threading.Lock()
        self._closed = False
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        for name, pipe in self._pipes.items():
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, name)
        self._open = set(self._pipes)
        self._woken = False

    @property
    def has_ended(self) -> bool:
        """Whether all processes that could write have closed their ends."""
        return not self._open

    def wake(self) -> None:
        """Makes `read_until_woken` return. May be called from any thread."""
        with self._wake_lock, contextlib.suppress(BlockingIOError):
            if not self._closed:
                os.write(self._wake_writer, b"!")

    def read_until_woken(self) -> None:
        """Reads while there is room in the log."""
        while not self._woken:
            if isinstance(self._log, JobLog) and self._log.is_full:
                # Both streams wait together, so that their order is kept.
                self._log.wait_for_room(ROOM_POLL_SECS)
                self._read(0, only_wake=True)
            else:
                self._read(None)
        self._woken = False

    def read_for(self, secs: float) -> None:
        """Reads until both streams have ended or the time is up, whether or not the log has room."""
        deadline = time.monotonic() + secs
        while self._open:
            left = deadline - time.monotonic()
            self._read(max(0.0, left))
            if left <= 0 or self._woken:
                break
        self._woken = False

    def close(self) -> None:
        """Reads no more."""
        for name in list(self._open):
            self._end(name)
        self._selector.close()
        with self._wake_lock:
            self._closed = True
            os.close(self._wake_reader)
            os.close(self._wake_writer)
        self.scanner.end()

    def _read(self, timeout_secs: float | None, *, only_wake: bool = False) -> None:
        for key, _ in self._selector.select(timeout_secs):
            if key.data is None:
                os.read(self._wake_reader, 4096)
                self._woken = True
            elif not only_wake:
                self._take(key.data)

    def _take(self, name: str) -> None:
        try:
            data = os.read(self._pipes[name].fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._write(name, self._decoders[name].decode(data))
        else:
            self._end(name)

    def _end(self, name: str) -> None:
        self._write(name, self._decoders[name].decode(b"", True))
        self._selector.unregister(self._pipes[name])
        self._pipes[name].close()
        self._open.discard(name)

    def _write(self, name: str, text: str) -> None:
        if name == "stdout":
            self.scanner.write(text)
            self.steps.write(text)
        else:
            self.stderr_tail = (self.stderr_tail + text)[-STDERR_TAIL_CHARACTERS:]
        if isinstance(self._log, JobLog):
            self._log.write_without_waiting(name, text)
        elif name == "stdout":
            self._log.stdout(text)
        else:
            self._log.stderr(text)
