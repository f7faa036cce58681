"""A worker in Python, over plain HTTP and JSON.

    pip install requests
    SERVER_URL=http://localhost:3000 python worker.py

It runs jobs that want the label "python", or none. POLL_INTERVAL_SECS is how long it waits when there is no job (2).
Meant to be read and changed: the client library does more, such as live logs and cancellation.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import requests

# Taken out of the environment, which jobs inherit: it may hold a password.
SERVER = os.environ.pop("SERVER_URL", "http://localhost:3000")
POLL_INTERVAL_SECS = float(os.environ.get("POLL_INTERVAL_SECS", "2"))
WORKER_ID = f"py-{uuid.uuid4().hex[:8]}"
LABELS = ["python"]

stopping = False


def stop(number, _frame):
    """The first signal lets the running job finish, the second ends it. A terminal that closes may send SIGHUP often."""
    global stopping
    if stopping and number != signal.SIGHUP:
        sys.exit(128 + number)
    stopping = True


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
        signal.signal(number, stop)

# 1. Register
requests.post(f"{SERVER}/api/workers/register",
              json={"worker_id": WORKER_ID, "labels": LABELS})

while not stopping:
    # 2a. Claim a job
    resp = requests.post(f"{SERVER}/api/jobs/claim",
                         json={
                             "worker_id": WORKER_ID,
                             "labels": LABELS,
                             "lease_ttl_secs": 60,
                         })
    claim = resp.json()

    if claim is None:
        time.sleep(POLL_INTERVAL_SECS)  # No jobs available
        continue

    job = claim["job"]
    lease = claim["lease"]
    lease_id = lease["lease_id"]
    print(f"[{WORKER_ID}] Claimed: {job['job_id']}", flush=True)

    # Heartbeat thread (keeps lease alive)
    ended = threading.Event()

    def send_heartbeats():
        while not ended.is_set():
            time.sleep(10)
            r = requests.post(f"{SERVER}/api/jobs/{lease_id}/heartbeat")
            if r.status_code == 409:
                break

    hb_thread = threading.Thread(target=send_heartbeats, daemon=True)
    hb_thread.start()

    # Execute
    result = subprocess.run(
        ["sh", "-c", job["command"]],
        capture_output=True, text=True, timeout=300,
        start_new_session=True,  # away from the terminal's signals
    )

    ended.set()

    # Push logs
    chunks = []
    if result.stdout:
        chunks.append({
            "workflow_id": job["workflow_id"],
            "job_id": job["job_id"],
            "sequence": 0,
            "data": result.stdout,
            "timestamp_ms": int(time.time() * 1000),
            "stream": "stdout",
        })
    if chunks:
        requests.post(f"{SERVER}/api/jobs/{lease_id}/logs",
                      json={"chunks": chunks})

    # Report
    if result.returncode == 0:
        requests.post(f"{SERVER}/api/jobs/{lease_id}/complete",
                      json={"outputs": {}})
    else:
        requests.post(f"{SERVER}/api/jobs/{lease_id}/fail",
                      json={"error": result.stderr[:4096], "retryable": True})
