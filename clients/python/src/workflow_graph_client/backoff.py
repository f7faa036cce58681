"""How long to wait before the next try."""

from __future__ import annotations

import random

DELAY_SECS_MIN = 0.25
DELAY_SECS_MAX = 10.0


class Backoff:
    """Waits that double from a quarter of a second to ten seconds.

    Each is spread over its upper half, so that workers do not return in step.
    """

    def __init__(self) -> None:
        self._attempts = 0

    def reset(self) -> None:
        """Starts again with the shortest wait."""
        self._attempts = 0

    def next_secs(self) -> float:
        """The next wait."""
        full = min(DELAY_SECS_MAX, DELAY_SECS_MIN * 2.0**self._attempts)
        self._attempts = min(self._attempts + 1, 32)
        return full * (0.5 + random.random() / 2)
