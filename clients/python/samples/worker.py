"""A worker. `python samples/worker.py`, with SERVER_URL if the server is elsewhere."""

import os
import time

from workflow_graph_client import Job, PermanentError, Worker


def execute(job: Job) -> dict[str, str]:
    """Gives the job's outputs, or raises."""
    if not job.command:
        raise PermanentError("nothing to do")
    job.log.stdout(f"{job.job_id} after {', '.join(job.upstream_outputs) or 'nothing'}\n")
    # Ends early when the job is cancelled, its lease is lost or the worker stops.
    job.cancelled.wait(0.5)
    job.cancelled.raise_if_set()
    return {"finished_at": time.strftime("%H:%M:%S")}


if __name__ == "__main__":
    server_url = os.environ.get("SERVER_URL", "http://localhost:3000")
    Worker(server_url=server_url, labels=["python"], slots=4, executor=execute).run()
