"""What the server's answers mean."""

from __future__ import annotations

import json
from typing import Any

from ..errors import Problem, WorkflowGraphError
from .connection import Abort, Answer, HttpConnection, Request


def call(connection: HttpConnection, request: Request, abort: Abort | None = None) -> Any:
    """Sends a request and gives the JSON of a good answer; an empty one is None.

    Raises WorkflowGraphError when the server says no, ServerUnreachableError when nobody answers.
    """
    answer = connection.request(request, abort)
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
    """The error that a refusing answer tells of."""
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
    """The JSON object that the text holds, else an empty one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def problems_of(value: object) -> list[Problem]:
    """The places that are wrong, as an answer's `details` give them."""
    if not isinstance(value, list):
        return []
    return [problem_of(entry if isinstance(entry, dict) else {"message": str(entry)}) for entry in value]


def problem_of(entry: dict[str, Any]) -> Problem:
    """One entry of `details`, with what it lacks left empty."""

    def text(key: str) -> str:
        value = entry.get(key)
        return value if isinstance(value, str) else ""

    def number(key: str) -> int:
        value = entry.get(key)
        return value if isinstance(value, int) else 0

    return Problem(text("message"), text("field"), text("job"), number("line"), number("column"))
