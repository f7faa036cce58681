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
from collections.abc import Mapping
from pathlib import Path

from workflow_graph_client import Client

ROOT = Path(__file__).resolve().parents[3]
#: Another build can be named, such as one that nobody rebuilds meanwhile.
MAIN = Path(os.environ.get("WORKFLOW_GRAPH_UNDER_TEST") or ROOT / "dist" / "src" / "main.js")
NODE = ROOT / "node_modules" / "node" / "bin" / "node"
START_SECS = 30.0


class RealServer:
    """Its data stays when it is stopped and started again."""

    def __init__(self, *, with_tokens: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="workflow-graph-test-"))
        (self._folder / "workflows").mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None
        token = self.make_token("admin") if with_tokens else None
        self.start()
        self.client = Client(self.url, token=token)

    def start(self) -> None:
        """Returns when it listens."""
        command = self._command("serve", "--port", str(self.port), "--workflows", str(self._folder / "workflows"))
        environment = {**os.environ, "LOG_FORMAT": "json"}
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
        )
        listens = threading.Event()
        threading.Thread(target=self._read, args=(self._process, listens), daemon=True).start()
        if not listens.wait(START_SECS):
            raise RuntimeError("the server did not start")

    def make_token(self, scope: str, name: str = "test") -> str:
        """Makes a token; from the first on the server wants one."""
        command = self._command("token", "create", "--name", name, "--scope", scope, "--json")
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        token: str = json.loads(made.stdout)["token"]
        return token

    def _command(self, *words: str) -> list[str]:
        node = str(NODE) if NODE.exists() else "node"
        return [node, str(MAIN), *words, "--data", str(self._folder / "data")]

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)

    def pause(self) -> None:
        """Stops it in mid-air: connections stay, nothing is answered."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Ends it for good."""
        self.client.close()
        self.stop(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def define(self, **jobs: Mapping[str, object]) -> str:
        """Stores a workflow of these jobs; gives its id."""
        return self.client.create_workflow(json.dumps({"name": "Test", "on": "push", "jobs": jobs}))["id"]

    def run(self, **jobs: Mapping[str, object]) -> str:
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
