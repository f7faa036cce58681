"""Where a server is, and how a caller shows who it is."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote, urlsplit


def public_url(server_url: str) -> str:
    """The URL without a user name and password, so that it can be printed."""
    return re.sub(r"^([^/]*//)[^/?#]*@", r"\1", server_url).rstrip("/")


def authorization_of(server_url: str, token: str | None) -> str | None:
    """The value of the `Authorization` header; None without one. A token wins over the credentials in the URL."""
    if token:
        return f"Bearer {token}"
    url = urlsplit(server_url)
    if not url.username and not url.password:
        return None
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


def secrets_in(server_url: str) -> list[str]:
    """The secret parts of the URL."""
    url = urlsplit(server_url)
    secret = url.password or url.username or ""
    return [text for text in {secret, unquote(secret)} if text]
