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
from .job import Executor, Job, LogWriter, NeedResult, Outputs, RetryPolicy, Step
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
from .wire_controls import Backfill, Pause, PauseKind, WorkerDrain
from .wire_waiting import (
    Gate,
    GatePage,
    InputDeclaration,
    Queue,
    QueuedLabelSet,
    RerunAnswer,
    RerunJob,
    RunAtGate,
    Schedule,
    SchedulePage,
    WorkflowInputs,
)
from .worker import Transport, Worker, run_workers

__all__ = [
    "AsyncClient",
    "Backfill",
    "CancelSignal",
    "Client",
    "Event",
    "Executor",
    "Gate",
    "GatePage",
    "InputDeclaration",
    "Job",
    "JobAttempt",
    "JobCancelled",
    "JobExplanation",
    "JobReason",
    "JobStatus",
    "LogWriter",
    "NeedResult",
    "Outputs",
    "Pause",
    "PauseKind",
    "PermanentError",
    "Problem",
    "Queue",
    "QueuedLabelSet",
    "RerunAnswer",
    "RerunJob",
    "RetryPolicy",
    "RetryableError",
    "Run",
    "RunAtGate",
    "RunChanges",
    "RunPage",
    "RunState",
    "Schedule",
    "SchedulePage",
    "ServerUnreachableError",
    "Step",
    "StoredLogChunk",
    "Transport",
    "Worker",
    "WorkerDrain",
    "WorkerInfo",
    "Workflow",
    "WorkflowGraphError",
    "WorkflowInputs",
    "WorkflowJob",
    "__version__",
    "run_workers",
    "shell_executor",
]
