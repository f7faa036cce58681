"""What a worker's session has to say, gathered into messages."""

from __future__ import annotations

import queue
from collections.abc import Iterator

from ..gen.workflowgraph.v1 import job_reports_pb2 as reports_pb
from ..gen.workflowgraph.v1 import job_service_pb2 as pb

#: The server takes a thousand reports in a message.
REPORTS_MAX = 500
#: The server takes 4 MiB; a report is at most half a MiB here.
REPORT_BYTES_MAX = 512 * 1024
MESSAGE_BYTES_MAX = 2 * 1024 * 1024
#: How long word of an arrival waits for company.
RECEIVED_SECS = 0.002


class Outbox:
    """Things said by any thread, sent as one message as soon as the sender is free. An iterator of requests."""

    def __init__(self, first: pb.WorkJobsRequest) -> None:
        self._said: queue.SimpleQueue[tuple[str, reports_pb.JobReport | str | int] | None] = queue.SimpleQueue()
        self._first = first

    def report(self, report: reports_pb.JobReport) -> None:
        """An attempt has ended."""
        self._said.put(("report", report))

    def received(self, lease_id: str) -> None:
        """A pushed job has arrived."""
        self._said.put(("received", lease_id))

    def add_credits(self, count: int) -> None:
        """So many slots are free for whom the server does not know it."""
        self._said.put(("credits", count))

    def drain(self) -> None:
        """No new jobs."""
        self._said.put(("drain", 1))

    def close(self) -> None:
        """Nothing more will be said."""
        self._said.put(None)

    def __iter__(self) -> Iterator[pb.WorkJobsRequest]:
        yield self._first
        is_open = True
        while is_open:
            message = pb.WorkJobsRequest()
            is_open = self._gather(message)
            if message.ByteSize() > 0:
                yield message

    def _gather(self, message: pb.WorkJobsRequest) -> bool:
        """Fills the message with what was said; False when nothing more will be."""
        said = self._said.get()
        size = 0
        while said is not None:
            size += add_to(message, *said)
            if len(message.reports) >= REPORTS_MAX or size >= MESSAGE_BYTES_MAX:
                return True
            try:
                # Word that a job has arrived is in no hurry, and a tiny job's report makes one message with it.
                is_patient = said[0] == "received" and not message.reports
                said = self._said.get(timeout=RECEIVED_SECS) if is_patient else self._said.get_nowait()
            except queue.Empty:
                return True
        return False


def add_to(message: pb.WorkJobsRequest, kind: str, value: reports_pb.JobReport | str | int) -> int:
    """Adds what was said; gives the bytes it takes, roughly."""
    if isinstance(value, reports_pb.JobReport):
        message.reports.append(value)
        return value.ByteSize()
    if isinstance(value, str):
        message.received_lease_ids.append(value)
        return len(value)
    if kind == "drain":
        message.drain = True
    else:
        message.add_credits += value
    return 0
