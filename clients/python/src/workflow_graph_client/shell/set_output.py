"""Finds `::set-output key=value` lines in a job's stdout stream."""

from __future__ import annotations

PREFIX = "::set-output "
#: A line that sets an output may be this long; a longer one sets none.
LINE_CHARACTERS_MAX = 1024 * 1024


class SetOutputScanner:
    """The last value of a key counts."""

    def __init__(self) -> None:
        self.outputs: dict[str, str] = {}
        self._line = ""
        #: The line under way cannot set an output.
        self._skipping = False

    def write(self, text: str) -> None:
        """The next piece of stdout."""
        *lines, rest = text.split("\n")
        for line in lines:
            self._extend(line)
            self.end()
        self._extend(rest)

    def end(self) -> None:
        """The line is complete; the last one may lack its line feed."""
        key, equals, value = self._line.removesuffix("\r").removeprefix(PREFIX).partition("=")
        if self._line.startswith(PREFIX) and key and equals:
            self.outputs[key] = value
        self._line = ""
        self._skipping = False

    def _extend(self, text: str) -> None:
        if self._skipping:
            return
        line = self._line + text
        if not PREFIX.startswith(line[: len(PREFIX)]) or len(line) > LINE_CHARACTERS_MAX:
            self._skipping = True
            line = ""
        self._line = line
