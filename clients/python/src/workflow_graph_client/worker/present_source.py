"""The worker's current source of jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..job import Claim, Lease, LogChunk, Result
from .report import ReportOutcome
from .source import JobSource


class PresentSource:
    """Passes results and logs to the worker's current source, which can change while a job runs."""

    def __init__(self, source: Callable[[], JobSource | None]) -> None:
        self._source = source

    def report(self, lease: Lease, result: Result, settled: Callable[[ReportOutcome], None]) -> None:
        """Reports a result."""
        self._present().report(lease, result, settled)

    def slot_freed(self, lease: Lease) -> None:
        """An attempt has ended."""
        self._present().slot_freed(lease)

    def push_logs(self, claim: Claim, chunks: Sequence[LogChunk]) -> None:
        """Stores output."""
        self._present().push_logs(claim, chunks)

    def _present(self) -> JobSource:
        source = self._source()
        if source is None:
            raise RuntimeError("jobs run before there is a source of jobs")
        return source
