"""Texts that every server can take."""

from __future__ import annotations


def valid_text(text: str) -> str:
    """The text with U+FFFD for what UTF-8 cannot say: halves of characters, which Python's strings may hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
