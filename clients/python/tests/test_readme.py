"""What the README shows runs as it is printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.real_server import RealServer
from tests.waiting import scaled

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_worker_of_the_readme_works(server: RealServer, tmp_path: Path) -> None:
    program = tmp_path / "worker.py"
    program.write_text(BLOCKS[0].replace("http://localhost:3000", server.url))
    worker = subprocess.Popen([sys.executable, str(program)])
    prepare = {"run": "echo '::set-output version=1'", "labels": ["elsewhere"]}
    shell = subprocess.Popen(
        [sys.executable, "-m", "workflow_graph_client.worker"],
        env={**os.environ, "SERVER_URL": server.url, "WORKER_LABELS": "elsewhere"},
        stdout=subprocess.DEVNULL,
    )
    run_id = server.run(prepare=prepare, build={"run": "x", "needs": "prepare", "labels": ["python"]})
    try:
        jobs = server.client.wait(run_id, timeout_secs=scaled(30), interval_secs=0.05)["jobs"]
        assert jobs[1]["outputs"] == {"artifact_url": "s3://bucket/build.tar.gz"}
        assert server.log(run_id, "build") == "building 1\n"
    finally:
        for process in (worker, shell):
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    assert worker.returncode == 0


def test_the_stubs_of_the_readme_work(server: RealServer) -> None:
    program = BLOCKS[3].replace("localhost:3000", server.url.removeprefix("http://"))
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
