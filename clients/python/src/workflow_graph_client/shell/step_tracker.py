"""Follows which step of a job runs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..job import Step


class StepTracker:
    """Knows it by the lines `::step 2/3 Name` that the job's script prints before each step."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._names = [step.name for step in steps]
        self._begun = 0
        self._line = ""

    def write(self, text: str) -> None:
        """Takes stdout as it comes.

        Only the line of the next step counts, so that a step cannot announce another by chance.
        """
        if self._begun == len(self._names):
            return
        *lines, rest = text.split("\n")
        for line in lines:
            if self._begun < len(self._names) and self._line + line == self._announcement():
                self._begun += 1
            self._line = ""
        if self._begun < len(self._names):
            # A longer line is not an announcement; one character more is enough to detect that.
            self._line = (self._line + rest)[: len(self._announcement()) + 1]

    def named(self, failure: str) -> str:
        """A failure with the step that it happened in: `step 2/3 "Unit tests": exit status 1`."""
        if self._begun == 0:
            return failure
        name = json.dumps(self._names[self._begun - 1], ensure_ascii=False)
        return f"step {self._begun}/{len(self._names)} {name}: {failure}"

    def _announcement(self) -> str:
        return f"::step {self._begun + 1}/{len(self._names)} {self._names[self._begun]}"
