"""Empty directories for single attempts."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from pathlib import Path

#: All SDKs use these names, so that a worker of any language deletes what another left behind.
PREFIX = "workflow-graph-workspace-"
ALIVE = "alive"
#: A directory without a pipe is one whose worker is about to make it, or was killed just then.
UNFINISHED_SECS_MAX = 60 * 60


class FreshWorkspace:
    """An empty directory below the directory for temporary files.

    Beside it is a named pipe that this process holds open for reading. While it does, the pipe can be opened for
    writing. When the process has ended, however it ended, it cannot, on any system and from any container that sees
    the directory. That is how `sweep_workspaces` knows what was left behind.
    """

    def __init__(self) -> None:
        """Raises OSError when it cannot be made."""
        self._directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        unready = self._directory / f"{ALIVE}.new"
        os.mkfifo(unready, 0o600)
        self._pipe = os.open(unready, os.O_RDONLY | os.O_NONBLOCK)
        unready.rename(self._directory / ALIVE)
        self.path = self._directory / "workspace"
        self.path.mkdir(mode=0o700)

    def remove(self) -> None:
        """Deletes it. The job may have left something that cannot be deleted; its result does not depend on that."""
        remove_workspace(self._directory)
        os.close(self._pipe)


def sweep_workspaces() -> None:
    """Deletes the workspaces of workers that were killed. Those of other users, and what cannot be deleted, stay."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if is_left_behind(directory):
            remove_workspace(directory)


def is_left_behind(directory: Path) -> bool:
    """Whether the worker that made the directory has ended."""
    try:
        # With a reader it opens, without one the error is ENXIO.
        os.close(os.open(directory / ALIVE, os.O_WRONLY | os.O_NONBLOCK))
    except FileNotFoundError:
        try:
            return time.time() - directory.stat().st_mtime > UNFINISHED_SECS_MAX
        except OSError:
            return False
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


def remove_workspace(directory: Path) -> None:
    """Deletes the pipe last: what is deleted only in part is deleted by a later sweep."""
    workspace = directory / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    if workspace.exists():
        # Directories without the right to write, such as those of Go's modules, keep what is in them.
        make_writable(workspace)
        shutil.rmtree(workspace, ignore_errors=True)
    if not workspace.exists():
        shutil.rmtree(directory, ignore_errors=True)


def make_writable(top: Path) -> None:
    """Lets this user delete what is in the directory. Links are not followed."""
    directories = [top]
    while directories:
        directory = directories.pop()
        try:
            directory.chmod(0o700)
            entries = list(os.scandir(directory))
        except OSError:
            continue
        directories.extend(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
