"""Reads a job's outputs file, even if the job replaced it."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path

from ..errors import error_text
from .outputs_file import OutputsFileError, parse_outputs_file

FILE_BYTES_MAX = 1024 * 1024
WAY_OUT = "write key=value lines into $WORKFLOW_GRAPH_OUTPUT"


def read_outputs_file(path: Path) -> dict[str, str]:
    """The outputs that the job wrote. A file that the job deleted has none.

    Raises OutputsFileError when there is something else in its place, or too much in it. The job owns the path, so it
    may have replaced the file. A FIFO would block this thread for ever, and a link to a device has no end: the file is
    opened without waiting and without following a link, and read only up to its limit.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, and a socket
            raise not_regular() from error
        raise OutputsFileError(f"outputs file: it cannot be read ({error_text(error)}); {WAY_OUT}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise not_regular()
        content = read_at_most(descriptor, FILE_BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    if len(content) > FILE_BYTES_MAX:
        raise OutputsFileError(f"outputs file: it has more than {FILE_BYTES_MAX} bytes; store large results elsewhere")
    # A carriage return inside a value is kept.
    return parse_outputs_file(content.removeprefix(codecs.BOM_UTF8).decode(errors="replace"))


def read_at_most(descriptor: int, size: int) -> bytes:
    """The beginning of the file, or all of it."""
    content = bytearray()
    while len(content) < size and (piece := os.read(descriptor, size - len(content))):
        content += piece
    return bytes(content)


def not_regular() -> OutputsFileError:
    """The error for a path that is no longer a file."""
    return OutputsFileError(f"outputs file: it is not a regular file any more (the job replaced it); {WAY_OUT}")
