from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conftest import StartWorker
from tests.real_server import RealServer
from workflow_graph_client import Client, Job

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


def test_a_log_is_read_on_after_each_of_its_chunks_also_after_a_line_of_the_servers(
    server: RealServer, start_worker: StartWorker
) -> None:
    def execute(job: Job) -> None:
        job.log.stdout("begun\n")
        job.cancelled.wait()
        job.log.stderr("ended\n")
        job.cancelled.raise_if_set()

    start_worker(server, execute, labels=["resume"])
    run_id = server.run(a={"run": "x", "labels": ["resume"], "timeout": 1})
    server.client.wait(run_id)
    chunks = server.client.logs(run_id, "a")
    assert [chunk.get("system_line") for chunk in chunks] == [None, 2, None]
    assert [chunk["data"] for chunk in chunks[::2]] == ["begun\n", "ended\n"]
    for at, chunk in enumerate(chunks):
        assert server.client.logs(run_id, "a", after=chunk) == chunks[at + 1 :]
        assert list(server.client.follow_logs(run_id, "a", after=chunk)) == chunks[at + 1 :]


def test_the_last_lines_of_a_log_are_read_and_followed(server: RealServer, start_worker: StartWorker) -> None:
    start_worker(server, lambda job: job.log.stdout("0\n1\n2\n"), labels=["tail"])
    run_id = server.run(a={"run": "x", "labels": ["tail"]})
    server.client.wait(run_id)
    assert [chunk["data"] for chunk in server.client.logs(run_id, "a", tail=2)] == ["1\n2\n"]
    assert [chunk["data"] for chunk in server.client.follow_logs(run_id, "a", tail=1)] == ["2\n"]
