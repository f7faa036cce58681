"""Text that every server accepts."""

from __future__ import annotations


def valid_text(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which Python strings can contain but UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
