"""A server that is newer than the library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workflow_graph_client._version import VERSION
from workflow_graph_client.http.connection import HttpConnection
from workflow_graph_client.http.worker_calls import WorkerCalls
from workflow_graph_client.worker.events import WorkerEvents
from workflow_graph_client.worker.newer_server import is_older, warn_of_newer_server


class Session(BaseHTTPRequestHandler):
    """Answers `/api/session` with a version."""

    version = ""

    def do_GET(self) -> None:
        body = f'{{"version": "{self.version}"}}'.encode()
        self.send_response(200 if self.path == "/api/session" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server_url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Session)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("version", "count"), [("99.0.0", 1), (VERSION, 0), ("0.0.1", 0), ("unknown", 0)])
def test_only_a_newer_server_is_named(
    server_url: str, caplog: pytest.LogCaptureFixture, version: str, count: int
) -> None:
    Session.version = version
    connection = HttpConnection(server_url)
    warn_of_newer_server(WorkerCalls(connection), WorkerEvents("w", server_url))
    connection.close()
    assert len([record for record in caplog.records if f"has version {version}" in record.message]) == count


def test_a_server_that_is_away_is_no_matter(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_newer_server(WorkerCalls(HttpConnection("http://127.0.0.1:9")), WorkerEvents("w", "http://127.0.0.1:9"))
    assert caplog.records == []


def test_versions_are_compared_by_their_numbers() -> None:
    assert is_older("0.9.0", "0.10.0")
    assert is_older("1.2.3", "2.0.0-rc.1")
    assert not is_older("1.0.0", "1.0.0")
    assert not is_older("1.0", "2.0.0")
