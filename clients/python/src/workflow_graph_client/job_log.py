"""Sends the log of one attempt to the server."""

from __future__ import annotations

import asyncio
import collections
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .backoff import Backoff
from .errors import WorkflowGraphError, error_text, is_temporary, is_unauthorised
from .job import LogChunk
from .text import valid_text

#: Chunks in one call; the server takes a thousand.
BATCH_CHUNKS_MAX = 500


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How output is batched and sent."""

    #: Output waits this long for more before it is sent.
    batch_secs: float
    #: This much output is sent at once.
    batch_bytes: int
    #: With more than this waiting to be sent, writers have to wait.
    unsent_bytes_max: int


@dataclass(frozen=True, slots=True)
class LogCallbacks:
    """The destination of output, and its callbacks."""

    #: Stores chunks durably, or raises what a call to the server raises.
    push: Callable[[Sequence[LogChunk]], None]
    #: A try to send failed for now; it is made again.
    trouble: Callable[[BaseException], None]
    sent: Callable[[], None]
    #: The server refused so many bytes for good.
    dropped: Callable[[int, str], None]


@dataclass(eq=False, slots=True)
class Piece:
    """Output of one stream that arrived together."""

    stream: str
    timestamp_ms: int
    texts: list[str]
    bytes: int


class JobLog:
    """Pieces of both streams in the order of their arrival, with one sequence over both.

    They are sent in batches by time and size, one batch at a time, on a thread that is started by the first of them.
    What cannot be sent is kept and sent again until the lease is gone. A LogWriter.
    """

    def __init__(
        self, settings: LogSettings, callbacks: LogCallbacks, *, writers_may_wait: bool, refused_secs_max: float
    ) -> None:
        """refused_secs_max: how long it is kept while the server refuses the worker, such as for a revoked token."""
        self._refused_secs_max = refused_secs_max
        self._settings = settings
        self._callbacks = callbacks
        self._writers_may_wait = writers_may_wait
        self._changed = threading.Condition()
        self._pieces: collections.deque[Piece] = collections.deque()
        self._pending_bytes = 0
        self._unsent_bytes = 0
        self._sequence = 0
        self._flushing = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._drains: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def stdout(self, text: str) -> None:
        """Writes to the log."""
        self._write("stdout", text)

    def stderr(self, text: str) -> None:
        """Writes to the log, as the error stream."""
        self._write("stderr", text)

    async def drain(self) -> None:
        """Waits while too much is unsent."""
        with self._changed:
            if not self._is_full():
                return
            loop = asyncio.get_running_loop()
            room: asyncio.Future[None] = loop.create_future()
            self._drains.append((loop, room))
        await room

    @property
    def is_full(self) -> bool:
        """Whether writers should wait."""
        with self._changed:
            return self._is_full()

    def write_without_waiting(self, stream: str, text: str) -> None:
        """Writes even if there is no room."""
        self._write(stream, text, may_wait=False)

    def wait_for_room(self, timeout_secs: float) -> bool:
        """Waits until there is room; False on timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_full(), timeout_secs)

    def flush(self, timeout_secs: float) -> None:
        """Returns when the server has all output, the log is closed, or the timeout has passed."""
        with self._changed:
            if self._unsent_bytes == 0:
                return
            self._flushing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._unsent_bytes == 0, timeout_secs)

    def close(self) -> None:
        """Drops unsent output and accepts no more."""
        with self._changed:
            self._closed = True
            self._pieces.clear()
            self._pending_bytes = self._unsent_bytes = 0
            self._let_writers_go()
            self._changed.notify_all()

    def _is_full(self) -> bool:
        return self._unsent_bytes > self._settings.unsent_bytes_max and not self._closed

    def _write(self, stream: str, text: str, *, may_wait: bool = True) -> None:
        if not text:
            return
        text = valid_text(text)
        with self._changed:
            if self._closed:
                return
            for part in cut_text(text, self._settings.batch_bytes // 4):
                self._append(stream, part)
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_forever, name="job-log", daemon=True)
                self._thread.start()
            elif len(self._pieces) == 1 or self._is_batch_full():
                self._changed.notify_all()
            if may_wait and self._writers_may_wait:
                self._changed.wait_for(lambda: not self._is_full())

    def _append(self, stream: str, text: str) -> None:
        size = len(text.encode())
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last.stream == stream and last.bytes + size <= self._settings.batch_bytes:
            last.texts.append(text)
            last.bytes += size
        else:
            self._pieces.append(Piece(stream, int(time.time() * 1000), [text], size))
        self._pending_bytes += size
        self._unsent_bytes += size

    def _is_batch_full(self) -> bool:
        return self._pending_bytes >= self._settings.batch_bytes or len(self._pieces) >= BATCH_CHUNKS_MAX

    def _send_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._closed)
                if not self._flushing:
                    self._changed.wait_for(self._is_batch_ready, self._settings.batch_secs)
                if self._closed:
                    return
                batch = self._take_batch()
            size = sum(piece.bytes for piece in batch)
            self._push([self._chunk_of(piece) for piece in batch])
            with self._changed:
                if self._closed:
                    return
                self._unsent_bytes -= size
                if self._unsent_bytes <= self._settings.unsent_bytes_max / 2:
                    self._let_writers_go()
                self._changed.notify_all()

    def _is_batch_ready(self) -> bool:
        return self._closed or self._flushing or self._is_batch_full()

    def _take_batch(self) -> list[Piece]:
        batch: list[Piece] = []
        size = 0
        while self._pieces and len(batch) < BATCH_CHUNKS_MAX:
            if batch and size + self._pieces[0].bytes > self._settings.batch_bytes:
                break
            batch.append(self._pieces.popleft())
            size += batch[-1].bytes
        self._pending_bytes -= size
        return batch

    def _chunk_of(self, piece: Piece) -> LogChunk:
        sequence = self._sequence
        self._sequence += 1
        return LogChunk(sequence, piece.stream, "".join(piece.texts), piece.timestamp_ms)

    def _push(self, chunks: Sequence[LogChunk]) -> None:
        backoff = Backoff()
        started_at = time.monotonic()
        while not self._closed:
            try:
                self._callbacks.push(chunks)
            except Exception as error:
                if isinstance(error, WorkflowGraphError) and error.status == 409:
                    return self.close()
                if not is_temporary(error) and not is_unauthorised(error):
                    return self._push_in_halves(chunks, error)
                if is_unauthorised(error) and time.monotonic() - started_at >= self._refused_secs_max:
                    return self._give_up(error)
                self._callbacks.trouble(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, backoff.next_secs())
            else:
                return self._callbacks.sent()

    def _push_in_halves(self, chunks: Sequence[LogChunk], error: Exception) -> None:
        """A refused batch can be too large, or contain one invalid chunk: the others are still sent."""
        if len(chunks) > 1:
            half = (len(chunks) + 1) // 2
            self._push(chunks[:half])
            self._push(chunks[half:])
        else:
            self._callbacks.dropped(sum(len(chunk.data.encode()) for chunk in chunks), error_text(error))

    def _give_up(self, error: Exception) -> None:
        self._callbacks.dropped(self._unsent_bytes, error_text(error))
        self.close()

    def _let_writers_go(self) -> None:
        drains, self._drains = self._drains, []
        for loop, room in drains:
            if not loop.is_closed():
                loop.call_soon_threadsafe(fulfil, room)


def fulfil(room: asyncio.Future[None]) -> None:
    """Wakes the waiter, unless it was cancelled."""
    if not room.done():
        room.set_result(None)


def cut_text(text: str, characters_max: int) -> Iterator[str]:
    """The text in parts of at most this many characters."""
    if len(text) <= characters_max:
        yield text
        return
    for start in range(0, len(text), characters_max):
        yield text[start : start + characters_max]
