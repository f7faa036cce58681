"""The worker. `python -m workflow_graph_client.worker` runs one that executes shell commands."""

from .settings import Transport
from .signals import run_workers
from .worker import Worker

__all__ = ["Transport", "Worker", "run_workers"]
