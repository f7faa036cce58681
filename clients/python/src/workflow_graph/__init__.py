"""Client and worker SDK for workflow-graph, a job server that runs DAGs of jobs on workers."""

from ._version import VERSION as __version__
from .async_client import AsyncClient
from .cancel_signal import CancelSignal
from .client import Client
from .errors import (
    JobCancelled,
    PermanentError,
    Problem,
    RetryableError,
    ServerUnreachableError,
    WorkflowGraphError,
)
from .job import Executor, Job, LogWriter, Outputs, RetryPolicy, Step
from .shell.executor import shell_executor
from .wire import (
    Event,
    JobAttempt,
    JobExplanation,
    JobReason,
    JobStatus,
    Run,
    RunChanges,
    RunPage,
    RunState,
    StoredLogChunk,
    WorkerInfo,
    Workflow,
    WorkflowJob,
)
from .worker import Transport, Worker, run_workers

__all__ = [
    "AsyncClient",
    "CancelSignal",
    "Client",
    "Event",
    "Executor",
    "Job",
    "JobAttempt",
    "JobCancelled",
    "JobExplanation",
    "JobReason",
    "JobStatus",
    "LogWriter",
    "Outputs",
    "PermanentError",
    "Problem",
    "RetryPolicy",
    "RetryableError",
    "Run",
    "RunChanges",
    "RunPage",
    "RunState",
    "ServerUnreachableError",
    "Step",
    "StoredLogChunk",
    "Transport",
    "Worker",
    "WorkerInfo",
    "Workflow",
    "WorkflowGraphError",
    "WorkflowJob",
    "__version__",
    "run_workers",
    "shell_executor",
]
