"""How the standalone worker prints its events."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Literal


def print_events(log_format: Literal["text", "json"]) -> None:
    """Prints a line for each event on stdout."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logger = logging.getLogger("workflow_graph_client")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


class TextFormatter(logging.Formatter):
    """The time and what happened."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return f"{time_of(record)} {record.getMessage()}"


class JsonFormatter(logging.Formatter):
    """One JSON object for each event."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        event = getattr(record, "event", {})
        return json.dumps({"time": time_of(record), "message": record.getMessage(), **event})


def time_of(record: logging.LogRecord) -> str:
    """The time, in the format of the other workers."""
    moment = datetime.fromtimestamp(record.created, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
