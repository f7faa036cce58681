"""The project's own server as a process, for tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from workflow_graph import Client

ROOT = Path(__file__).resolve().parents[3]
#: Another build can be named, such as one that nobody rebuilds meanwhile.
MAIN = Path(os.environ.get("WORKFLOW_GRAPH_SERVER_MAIN") or ROOT / "dist" / "src" / "main.js")
NODE = ROOT / "node_modules" / "node" / "bin" / "node"
START_SECS = 30.0


class RealServer:
    """Its data stays when it is stopped and started again."""

    def __init__(self, *arguments: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="workflow-graph-test-"))
        (self._folder / "workflows").mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.start()
        self.client = Client(self.url)

    def start(self) -> None:
        """Returns when it listens."""
        node = str(NODE) if NODE.exists() else "node"
        command = [node, str(MAIN), "serve", "--port", str(self.port), "--data", str(self._folder / "data")]
        self._process = subprocess.Popen(
            [*command, "--workflows", str(self._folder / "workflows"), *self._arguments],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "LOG_FORMAT": "json"},
        )
        listens = threading.Event()
        threading.Thread(target=self._read, args=(self._process, listens), daemon=True).start()
        if not listens.wait(START_SECS):
            raise RuntimeError("the server did not start")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)

    def remove(self) -> None:
        """Ends it for good."""
        self.client.close()
        self.stop(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def define(self, **jobs: dict[str, object]) -> str:
        """Stores a workflow of these jobs; gives its id."""
        return self.client.create_workflow(json.dumps({"name": "Test", "on": "push", "jobs": jobs}))["id"]

    def run(self, **jobs: dict[str, object]) -> str:
        """Stores a workflow of these jobs and starts it; gives the run's id."""
        return self.client.run_workflow(self.define(**jobs))

    def log(self, run_id: str, job_id: str) -> str:
        """The stored log as one text."""
        return "".join(chunk["data"] for chunk in self.client.logs(run_id, job_id))

    def _read(self, process: subprocess.Popen[str], listens: threading.Event) -> None:
        if process.stderr is None:
            return
        with process.stderr:
            for line in process.stderr:
                if self.url.rsplit(":", 1)[1] in line:
                    listens.set()


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
