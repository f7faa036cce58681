"""Starts a run, prints a job's log as it grows, and ends with its result. `python samples/run_and_wait.py ci build`"""

import os
import sys

from workflow_graph_client import Client


def main(workflow: str = "ci", job: str | None = None) -> int:
    """Gives 0 when the run succeeded."""
    with Client(os.environ.get("SERVER_URL", "http://localhost:3000")) as client:
        run_id = client.run_workflow(workflow)
        print(f"run {run_id}")
        if job is not None:
            for chunk in client.follow_logs(run_id, job):
                print(chunk["data"], end="")
        result = client.wait(run_id)
    for entry in result["jobs"]:
        print(f"{entry['status']:<10}{entry['id']}")
    return 0 if result["state"] == "success" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
