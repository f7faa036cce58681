"""A worker in a program with an event loop: many jobs that mostly wait, on one thread."""

import asyncio
import os
import signal

from workflow_graph_client import Job, Worker


async def execute(job: Job) -> dict[str, str]:
    """A job that must stop is cancelled as an asyncio task."""
    for second in range(3):
        job.log.stdout(f"{second}\n")
        await asyncio.sleep(1)
    return {"seconds": "3"}


async def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    server_url = os.environ.get("SERVER_URL", "http://localhost:3000")
    worker = Worker(server_url=server_url, labels=["async"], slots=100, executor=execute)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run_async()


if __name__ == "__main__":
    asyncio.run(main())
