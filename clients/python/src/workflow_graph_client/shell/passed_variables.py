"""The part of the worker's environment that a job gets."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence

#: What every job gets. A name may end in `*`, which stands for any characters.
ALWAYS = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM")
#: Settings of the worker and the server, which no job gets: they hold credentials.
OWN_SETTINGS = ("WORKFLOW_GRAPH_*", "WORKER_*", "SERVER_URL", "DATABASE_URL", "DATABASE_LISTEN_URL")


def checked_pass_env(names: Sequence[str]) -> Sequence[str]:
    """The names. Raises a ValueError that names an entry that is never passed."""
    if isinstance(names, str):
        raise ValueError(f'pass_env must be a list of names, and is the text "{names}"')
    for name in names:
        if not re.fullmatch(r"[^=\0*]+\*?|\*", name):
            raise ValueError(
                f'pass_env: "{name}" is not the name of a variable, or the beginning of names with * after it'
            )
        if not name.endswith("*") and matches_any(OWN_SETTINGS, name):
            raise ValueError(
                f"pass_env: {name} is a setting of workflow-graph and is never passed to jobs; "
                "set it in the workflow's env instead"
            )
    return tuple(names)


def passed_variables(names: Sequence[str], secrets: Collection[str]) -> dict[str, str]:
    """The part of this process's environment that a job gets. Variables that contain a secret are omitted."""
    patterns = (*ALWAYS, *names)
    return {
        name: value
        for name, value in os.environ.items()
        if matches_any(patterns, name)
        and not matches_any(OWN_SETTINGS, name)
        and not any(secret in value for secret in secrets if secret)
    }


def matches_any(patterns: Sequence[str], name: str) -> bool:
    """Whether one of the patterns matches the name."""
    return any(name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in patterns)
