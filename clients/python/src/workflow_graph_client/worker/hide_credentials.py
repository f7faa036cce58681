"""Keeps a standalone worker's credentials out of /proc, where its jobs could read them."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Sequence

from ..server_address import public_url

#: Options whose value may be a credential.
OPTIONS = ("--server", "--token")
VARIABLES = ("SERVER_URL", "WORKFLOW_GRAPH_TOKEN")
#: For the program that replaces this one.
HANDOVER = "--credentials-fd"
#: What Linux calls the setting that keeps other processes of the user out of a process's memory and environment.
PR_SET_DUMPABLE = 4


def restart_without(server: str, token: str | None) -> None:
    """Replaces this process by itself without the credentials among its arguments and in its environment.

    What a process was started with stays in /proc until it ends, where every process of the same user, and so every
    job, can read it. The new program has the same process id and reads them from a pipe. Returns when there is nothing
    to hide or it cannot be done.
    """
    arguments = sys.orig_argv[1:]
    is_visible = (
        bool(os.environ.get("WORKFLOW_GRAPH_TOKEN"))
        or any(argument == "--token" or argument.startswith("--token=") for argument in arguments)
        or public_url(server) != server.rstrip("/")
    )
    if not is_visible or not sys.executable:
        return
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    reader, writer = os.pipe()
    try:
        # The pipe takes it whole: tokens and URLs are shorter than its buffer.
        os.write(writer, json.dumps({"server": server, "token": token}).encode())
        os.close(writer)
        os.set_inheritable(reader, True)
        program = [sys.executable, *without_options(arguments), HANDOVER, str(reader)]
        os.execve(sys.executable, program, environment)
    except OSError:
        os.close(reader)


def take_credentials(descriptor: int) -> tuple[str, str | None]:
    """The server's URL and the token, as `restart_without` left them."""
    with os.fdopen(descriptor, "rb") as pipe:
        content = json.loads(pipe.read())
    return content["server"], content["token"]


def close_memory() -> None:
    """On Linux, hides this process's memory and environment from other processes of the same user."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        except (OSError, AttributeError):
            return


def without_options(arguments: Sequence[str]) -> list[str]:
    """The arguments without those that can contain a credential."""
    kept: list[str] = []
    is_value = False
    for argument in arguments:
        if is_value:
            is_value = False
        elif argument in OPTIONS:
            is_value = True
        elif not argument.startswith(tuple(f"{option}=" for option in OPTIONS)):
            kept.append(argument)
    return kept
