"""A gRPC connection to a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import grpc
from google.protobuf.message import Message

from ..errors import ServerUnreachableError, WorkflowGraphError
from ..server_address import authorization_of, public_url
from ..user_agent import USER_AGENT

MESSAGE_BYTES_MAX = 256 * 1024 * 1024

OPTIONS: list[tuple[str, Any]] = [
    ("grpc.primary_user_agent", USER_AGENT),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    # Windows are not estimated by pings: each would hold up the answers to small messages.
    ("grpc.http2.bdp_probe", 0),
    # A connection whose other end is gone is found out.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Those who wait between tries are the callers.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.enable_retries", 0),
    # As the plain HTTP calls, which know of no proxy.
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]

#: The HTTP statuses that the API gives for the same refusals.
STATUS_OF_CODE = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 413,
    grpc.StatusCode.UNIMPLEMENTED: 501,
}

Received = TypeVar("Received", covariant=True)


class Call(Protocol[Received]):
    """A stream of answers that can be ended early."""

    def __iter__(self) -> Iterator[Received]: ...

    def cancel(self) -> object:
        """Ends the stream."""


class Channel:
    """Opens streams. Their answers are read as iterators, which raise grpc.RpcError; see `error_of`."""

    def __init__(self, server_url: str, token: str | None, ca_file: str | None = None) -> None:
        url = urlsplit(server_url)
        self.server_url = public_url(server_url)
        self._ca_file = ca_file
        self._prefix = url.path.rstrip("/")
        authorization = authorization_of(server_url, token)
        self._metadata: tuple[tuple[str, str | bytes], ...] = (
            (("authorization", authorization),) if authorization else ()
        )
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        self._is_secure = url.scheme == "https"
        self._target = f"{host}:{url.port or (443 if self._is_secure else 80)}"
        self._channel = self._connect()

    def renew(self) -> None:
        """Ends the connection and every stream; the next one connects anew.

        After a failed connection a channel of grpcio fails every call until a later try, which the calls cannot hasten,
        has come through.
        """
        old, self._channel = self._channel, self._connect()
        old.close()

    def _connect(self) -> grpc.Channel:
        if not self._is_secure:
            return grpc.insecure_channel(self._target, OPTIONS)
        return grpc.secure_channel(self._target, grpc.ssl_channel_credentials(trusted_roots(self._ca_file)), OPTIONS)

    def call(self, method: str, requests: Iterator[Message], read: Callable[[bytes], Received]) -> Call[Received]:
        """Opens a stream in both directions; the method is `Service/Method`.

        The generated stubs do the same, but know no path prefix.
        """
        call = self._channel.stream_stream(f"{self._prefix}/workflowgraph.v1.{method}", write, read)
        return call(requests, metadata=self._metadata)

    def follow(self, method: str, request: Message, read: Callable[[bytes], Received]) -> Call[Received]:
        """Opens a stream of answers to one request."""
        call = self._channel.unary_stream(f"{self._prefix}/workflowgraph.v1.{method}", write, read)
        return call(request, metadata=self._metadata)

    def close(self) -> None:
        """Ends the connection and every stream."""
        self._channel.close()


def write(message: Message) -> bytes:
    """The bytes of a message."""
    return message.SerializeToString()


def trusted_roots(ca_file: str | None) -> bytes | None:
    """The given certificates, else those that the standard library is told to trust, too; None means grpcio's own."""
    file = ca_file or os.environ.get("SSL_CERT_FILE")
    return Path(file).read_bytes() if file else None


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    """The status that a stream ended with."""
    return error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN


def error_of(error: grpc.RpcError, server_url: str) -> WorkflowGraphError | ServerUnreachableError:
    """What the end of a stream means, in the terms of this package."""
    code = code_of(error)
    status = STATUS_OF_CODE.get(code)
    if status is None:
        return ServerUnreachableError(server_url, code.name)
    details = error.details() if isinstance(error, grpc.Call) else None
    return WorkflowGraphError(details or code.name.lower(), status=status, code=code.name.lower())
