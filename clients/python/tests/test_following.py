from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workflow_graph import Client

ANSWERS = [
    "retry: 2000\n\n",
    'event: log\nid: 0.0.stdout\ndata: {"sequence":0}\n\n',
    "event: end\ndata: {}\n\n",
]


def test_a_log_is_followed_on_when_a_server_stops_which_ends_the_stream_but_not_the_log() -> None:
    seen: list[str | None] = []

    class Stopping(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = ANSWERS[len(seen)].encode()
            seen.append(self.headers["Last-Event-ID"])
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stopping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.server_port}")
        sequences = [chunk["sequence"] for chunk in client.follow_logs("run", "job")]
        server.shutdown()
    assert sequences == [0]
    assert seen == [None, None, "0.0.stdout"]
