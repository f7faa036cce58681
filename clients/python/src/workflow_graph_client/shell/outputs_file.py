"""Reads the outputs file of a job."""

from __future__ import annotations

import re


class OutputsFileError(Exception):
    """The job's outputs file is invalid."""


def parse_outputs_file(text: str) -> dict[str, str]:
    """Lines `key=value`, and for values of several lines

        key<<END
        first line
        second line
        END

    where END is any text. Empty lines are passed over; the last value of a key counts.
    """
    outputs: dict[str, str] = {}
    lines = re.split(r"\r?\n", text)
    at = 0
    while at < len(lines):
        line = lines[at]
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc > 0 and (equals == -1 or heredoc < equals):
            mark = line[heredoc + 2 :]
            if not mark:
                raise OutputsFileError(f'outputs file, line {at + 1}: "<<" needs an end mark after it')
            try:
                end = lines.index(mark, at + 1)
            except ValueError:
                message = f'outputs file, line {at + 1}: the end mark "{mark}" does not follow'
                raise OutputsFileError(message) from None
            outputs[line[:heredoc]] = "\n".join(lines[at + 1 : end])
            at = end
        elif equals > 0:
            outputs[line[:equals]] = line[equals + 1 :]
        elif line:
            raise OutputsFileError(f"outputs file, line {at + 1}: expected key=value or key<<END")
        at += 1
    return outputs
