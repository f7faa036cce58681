"""Interprets the server's responses."""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import Problem, WorkflowGraphError
from .connection import Abort, Answer, HttpConnection, Request


def call(connection: HttpConnection, request: Request, abort: Abort | None = None) -> Any:
    """Sends a request and gives the JSON of a good answer; an empty one is None.

    Raises WorkflowGraphError if the server refuses, ServerUnreachableError if it cannot be reached.
    """
    return json_of(connection, request, connection.request(request, abort))


def call_for_page(connection: HttpConnection, request: Request) -> tuple[Any, int | None]:
    """The same, with the offset of the next page; None without one."""
    answer = connection.request(request)
    found = re.search(r'<[^>]*[?&]offset=(\d+)[^>]*>;\s*rel="next"', answer.link)
    return json_of(connection, request, answer), int(found[1]) if found else None


def json_of(connection: HttpConnection, request: Request, answer: Answer) -> Any:
    """The JSON of a successful response."""
    if not 200 <= answer.status <= 299:
        raise error_of_answer(answer, request)
    if not answer.body.strip():
        return None
    try:
        return json.loads(answer.body)
    except ValueError:
        message = (
            f"{request.method} {request.path} was answered with something that is not JSON: "
            f"is {connection.server_url} a workflow-graph server?"
        )
        raise WorkflowGraphError(message, status=answer.status, code="not_json") from None


def error_of_answer(answer: Answer, request: Request) -> WorkflowGraphError:
    """The error in an unsuccessful response."""
    body = parse_object(answer.body)
    said = body.get("message", body.get("error"))
    message = f"{request.method} {request.path} was answered with HTTP status {answer.status}"
    code, reason = body.get("code"), body.get("reason")
    return WorkflowGraphError(
        said if isinstance(said, str) and said else message,
        status=answer.status,
        code=code if isinstance(code, str) else f"http_{answer.status}",
        reason=reason if isinstance(reason, str) else None,
        problems=problems_of(body.get("details")),
    )


def parse_object(text: bytes) -> dict[str, Any]:
    """The JSON object in the text, or an empty one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def problems_of(value: object) -> list[Problem]:
    """The problems in a response's `details`."""
    if not isinstance(value, list):
        return []
    return [problem_of(entry if isinstance(entry, dict) else {"message": str(entry)}) for entry in value]


def problem_of(entry: dict[str, Any]) -> Problem:
    """One entry of `details`; missing fields are empty."""

    def text(key: str) -> str:
        value = entry.get(key)
        return value if isinstance(value, str) else ""

    def number(key: str) -> int:
        value = entry.get(key)
        return value if isinstance(value, int) else 0

    return Problem(text("message"), text("field"), text("job"), number("line"), number("column"))
