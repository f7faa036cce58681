"""Reads a `text/event-stream`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event."""

    name: str
    data: str
    #: For `Last-Event-ID`; None when the event has none.
    id: str | None


def read_events(pieces: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """Reads events from a stream. An event truncated by the end of the stream is dropped, as the format requires."""
    name, event_id, data = "message", None, list[str]()
    for line in read_lines(pieces):
        if line == "":
            if data:
                yield ServerSentEvent(name, "\n".join(data), event_id)
            name, event_id, data = "message", None, []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            event_id = value


def read_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Whole lines, each decoded separately, so a character that is split between two pieces stays intact."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").removesuffix("\r")
