"""Requests to one server over kept-alive connections."""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..errors import ServerUnreachableError
from ..server_address import authorization_of, public_url
from ..user_agent import USER_AGENT

#: An answer longer than this is refused rather than kept in memory.
ANSWER_BYTES_MAX = 256 * 1024 * 1024
PIECE_BYTES = 64 * 1024
#: Idle connections that are kept: enough for one each of many slots, and the claim and the heartbeats beside them.
IDLE_MAX = 256


class RequestAborted(Exception):
    """The caller cancelled the request."""


class Abort:
    """Cancels requests from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: set[http.client.HTTPConnection] = set()
        self.is_set = False

    def set(self) -> None:
        """Cancels pending requests with this object, and every later one."""
        with self._lock:
            self.is_set = True
            for connection in self._connections:
                hang_up(connection)

    @contextlib.contextmanager
    def watching(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        """Within the block, `set` closes the connection."""
        with self._lock:
            if self.is_set:
                raise RequestAborted
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. The path begins with `/` and includes the query."""

    method: str
    path: str
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: From the call to the end of the answer; for a stream, between any two pieces of it.
    timeout_secs: float = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response, whatever its status."""

    status: int
    body: bytes
    #: The `Link` header, which names the next page.
    link: str = ""


class HttpConnection:
    """Sends requests to one server, from any thread.

    Every call of the API may be repeated, so a request on a kept connection that turns out to be closed is sent once
    more on another.
    """

    def __init__(self, server_url: str, token: str | None = None, ca_file: str | None = None) -> None:
        """Raises ValueError for an invalid server URL, OSError if the certificates cannot be read."""
        url = urlsplit(server_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            shown = public_url(server_url)
            raise ValueError(f'"{shown}" is not a server\'s URL: write it as http://host:port or https://host')
        #: Without a user name and password.
        self.server_url = public_url(server_url)
        self._host = url.hostname
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._prefix = url.path.rstrip("/")
        self._tls = ssl.create_default_context(cafile=ca_file) if url.scheme == "https" else None
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if authorization := authorization_of(server_url, token):
            self._headers["Authorization"] = authorization
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._closed = False

    def request(self, request: Request, abort: Abort | None = None) -> Answer:
        """Sends a request and reads its whole answer.

        Raises ServerUnreachableError when there is none, RequestAborted when it was given up.
        """
        deadline = time.monotonic() + request.timeout_secs
        with self._errors(abort):
            while True:
                connection, is_kept = self._take()
                try:
                    with (abort or Abort()).watching(connection):
                        response = self._send(connection, request, deadline)
                        body = read_all(connection, response, deadline)
                except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                    connection.close()
                    if is_kept and not (abort and abort.is_set):
                        continue
                    raise
                except BaseException:
                    connection.close()
                    raise
                self._give_back(connection, response)
                return Answer(response.status, body, response.headers.get("Link", ""))

    def stream(self, request: Request, abort: Abort | None = None) -> Iterator[Answer]:
        """Sends a request and gives its answer piece by piece, each with the status.

        Raises ServerUnreachableError when the answer is cut, RequestAborted when it was given up.
        """
        connection = self._connect()
        with self._errors(abort), contextlib.closing(connection), (abort or Abort()).watching(connection):
            response = self._send(connection, request, time.monotonic() + request.timeout_secs)
            if response.status == 204:
                yield Answer(response.status, b"")
            while piece := response.read1(PIECE_BYTES):
                yield Answer(response.status, piece)

    def close(self) -> None:
        """Closes idle connections; those in use close after their request."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self._connect(), False

    def _give_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        with self._lock:
            if not response.will_close and not self._closed and len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port)
        return http.client.HTTPSConnection(self._host, self._port, context=self._tls)

    def _send(
        self, connection: http.client.HTTPConnection, request: Request, deadline: float
    ) -> http.client.HTTPResponse:
        left = max(0.001, deadline - time.monotonic())
        connection.timeout = left
        if connection.sock is None:
            # It sets TCP_NODELAY itself.
            connection.connect()
        connection.sock.settimeout(left)
        headers = {**self._headers, **request.headers}
        body = request.body
        if body is not None:
            headers["Content-Type"] = request.content_type
        elif request.method == "POST":
            body = b""
        connection.request(request.method, self._prefix + request.path, body, headers)
        return connection.getresponse()

    @contextlib.contextmanager
    def _errors(self, abort: Abort | None) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            if abort is not None and abort.is_set:
                raise RequestAborted from error
            raise ServerUnreachableError(self.server_url, system_code(error)) from error


def read_all(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The response body, within the timeout."""
    pieces: list[bytes] = []
    length = 0
    while piece := response.read1(PIECE_BYTES):
        pieces.append(piece)
        length += len(piece)
        if length > ANSWER_BYTES_MAX:
            raise OSError(errno.EMSGSIZE, "the answer is too long")
        if connection.sock is not None:
            connection.sock.settimeout(max(0.001, deadline - time.monotonic()))
    if response.length:
        raise http.client.IncompleteRead(b"".join(pieces), response.length)
    # Read to its end, which `read1` does not notice by itself: only then can the connection be used again.
    response.close()
    return b"".join(pieces)


def system_code(error: BaseException) -> str:
    """The system's error code for a failed connection, such as `ECONNREFUSED`."""
    if isinstance(error, TimeoutError):
        return "ETIMEDOUT"
    if isinstance(error, socket.gaierror):
        return "ENOTFOUND"
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS"
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error))
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | http.client.IncompleteRead):
        return "ECONNRESET"
    return str(error) or type(error).__name__


def hang_up(connection: http.client.HTTPConnection) -> None:
    """Wakes the thread that waits on the connection."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
