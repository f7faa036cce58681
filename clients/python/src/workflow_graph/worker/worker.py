"""The worker: gets jobs from a server and runs them."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, cast

from ..errors import WorkflowGraphError
from ..heartbeat.keeper import KeeperCallbacks, LeaseKeeper
from ..http.connection import HttpConnection
from ..http.worker_calls import WorkerCalls
from ..job import Claim, Executor, Job, Lease, LogChunk, Outputs, Result
from ..job_log import LogSettings
from ..shell.executor import shell_executor
from .attempt import Attempt, AttemptContext
from .events import WorkerEvents
from .executors import ExecutorRunner, LoopRunner, LoopThread, ThreadRunner, is_async
from .http_source import HttpSource
from .presence import ServerPresence
from .reports import ReportOutcome
from .settings import Transport, WorkerSettings, default_worker_id, text_of, whole_within, within
from .signals import stopped_by_signals
from .source import JobSource, SourceContext
from .threads import JobThreads

DAY_SECS = 86_400.0


class Worker:
    """Gets jobs from a server and runs them.

    Several workers can live in one process; see `run_workers`. A worker runs once: make a new one to start again.
    """

    def __init__(
        self,
        *,
        server_url: str = "http://localhost:3000",
        worker_id: str | None = None,
        labels: Sequence[str] = (),
        slots: int = 1,
        executor: Executor | None = None,
        transport: Transport = "stream",
        token: str | None = None,
        ca_file: str | None = None,
        lease_ttl_secs: int = 30,
        wait_secs: float = 20,
        heartbeat_interval_secs: float | None = None,
        log_batch_secs: float = 0.2,
        log_batch_bytes: int = 64 * 1024,
        unsent_log_bytes_max: int = 4 * 1024 * 1024,
        grace_secs: float = 10,
        drain_timeout_secs: float = 60,
        workdir: str | None = None,
    ) -> None:
        """Raises ValueError for an option that cannot be, naming it, and OSError for certificates that cannot be read.

        server_url: `http://` or `https://`; a path prefix is kept.
        worker_id: the host's name and random characters when absent.
        labels: what the worker can do; it gets only jobs whose required labels are all among these.
        slots: how many jobs run at once.
        executor: runs a job, as a plain function (on a thread) or an async one; the shell when absent.
        transport: `stream` has jobs pushed over gRPC, and falls back to `http` where that cannot be had.
        token: a bearer token with the worker scope, when the server wants one.
        ca_file: certificates (PEM) to trust for an `https://` server, in place of the system's.
        lease_ttl_secs: how long a job stays with a worker that is not heard of.
        wait_secs: how long a claim over plain HTTP waits at the server, at most 60.
        heartbeat_interval_secs: how often a lease is renewed; a third of its time to live when absent.
        log_batch_secs, log_batch_bytes: when output is sent.
        unsent_log_bytes_max: with more than this unsent, jobs wait with writing.
        grace_secs: from asking a job to end to forcing it to.
        drain_timeout_secs: how long running jobs may go on after `stop`.
        workdir: where shell jobs start; this process's own directory when absent.
        """
        within("grace_secs", grace_secs, 0, DAY_SECS)
        if transport not in ("stream", "http"):
            raise ValueError(f'transport must be "stream" or "http", and is {transport!r}')
        if heartbeat_interval_secs is not None:
            within("heartbeat_interval_secs", heartbeat_interval_secs, 0.01, DAY_SECS)
        secrets = [token] if token else []
        self._settings = WorkerSettings(
            server_url=server_url.rstrip("/"),
            worker_id=text_of("worker_id", worker_id or default_worker_id(), 200),
            labels=tuple(text_of("labels", label, 100) for label in labels),
            slots=whole_within("slots", slots, 1, 10_000),
            executor=executor or shell_executor(workdir=workdir, grace_secs=grace_secs, secrets=secrets),
            transport=transport,
            token=token,
            ca_file=ca_file,
            lease_ttl_secs=whole_within("lease_ttl_secs", lease_ttl_secs, 1, 86_400),
            wait_secs=within("wait_secs", wait_secs, 0, 60),
            heartbeat_interval_secs=heartbeat_interval_secs,
            grace_secs=grace_secs,
            drain_timeout_secs=within("drain_timeout_secs", drain_timeout_secs, 0, 30 * DAY_SECS),
            log=LogSettings(
                batch_secs=within("log_batch_secs", log_batch_secs, 0, 60),
                batch_bytes=whole_within("log_batch_bytes", log_batch_bytes, 1024, 1024 * 1024),
                unsent_bytes_max=whole_within("unsent_log_bytes_max", unsent_log_bytes_max, 1024, 2**30),
            ),
        )
        self._connection = HttpConnection(self._settings.server_url, token, ca_file)
        self._events = WorkerEvents(self.worker_id, self._settings.server_url)
        self._presence = ServerPresence(self._events)
        self._threads = JobThreads()
        self._stopping = threading.Event()
        # A SimpleQueue may be used in a signal handler, whatever the thread that it interrupts is doing.
        self._orders: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
        self._running: dict[str, Attempt] = {}
        self._running_lock = threading.Lock()
        self._was_started = False
        self._context = self._source_context()
        self._source: JobSource | None = None
        self._attempts: AttemptContext | None = None
        self._keeper: LeaseKeeper | None = None

    @property
    def worker_id(self) -> str:
        """The worker's name."""
        return self._settings.worker_id

    @property
    def running(self) -> int:
        """How many jobs run now."""
        with self._running_lock:
            return len(self._running)

    def run(self, *, handle_signals: bool = True) -> None:
        """Works until `stop`, and returns when the last job has ended and its result is with the server.

        On the main thread SIGTERM and SIGINT stop the worker too, unless `handle_signals` is False: the first lets
        running jobs finish, a second ends them, a third ends this process.

        A server that is away is waited for. Raises WorkflowGraphError when the server refuses the worker, such as for
        its token.
        """
        with contextlib.ExitStack() as stack:
            if handle_signals:
                stack.enter_context(stopped_by_signals([self]))
            self._work(stack.enter_context(self._runner(None)))

    async def run_async(self) -> None:
        """Like `run`, for a program with an event loop: async executors run on that loop, all else on threads.

        It installs no signal handlers. When its task is cancelled, running jobs are ended as by `terminate`.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def work() -> None:
            error: BaseException | None = None
            try:
                with self._runner(loop) as runner:
                    self._work(runner)
            except BaseException as raised:
                error = raised
            loop.call_soon_threadsafe(settle, error)

        def settle(error: BaseException | None) -> None:
            if ended.done():
                return
            if error is None:
                ended.set_result(None)
            else:
                ended.set_exception(error)

        threading.Thread(target=work, name="worker", daemon=True).start()
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            self.terminate()
            with contextlib.suppress(Exception):
                await asyncio.shield(ended)
            raise

    def stop(self) -> None:
        """Takes no new jobs and lets the running ones finish, for the drain timeout at most.

        Those left are then ended and reported as failures that may be retried. Returns at once: `run` returns when
        all is done. May be called from any thread and from a signal handler.
        """
        self._orders.put("stop")

    def terminate(self) -> None:
        """Like `stop`, but ends the running jobs now: they are asked to end, and after the grace forced to."""
        self._orders.put("terminate")

    @contextlib.contextmanager
    def _runner(self, loop: asyncio.AbstractEventLoop | None) -> Iterator[ExecutorRunner]:
        executor = self._settings.executor
        if not is_async(executor):
            yield ThreadRunner(executor, self._threads)
            return
        call = cast("Callable[[Job], Coroutine[Any, Any, Outputs | None]]", executor)
        if loop is not None:
            yield LoopRunner(call, self._threads, loop)
            return
        own = LoopThread()
        try:
            yield LoopRunner(call, self._threads, own.loop)
        finally:
            own.stop()

    def _work(self, runner: ExecutorRunner) -> None:
        if self._was_started:
            raise RuntimeError(f"worker {self.worker_id} was started already")
        self._was_started = True
        self._keeper = self._start_keeper()
        self._attempts = self._attempt_context(runner, self._keeper)
        source_thread = threading.Thread(target=self._get_jobs, name="jobs", daemon=True)
        source_thread.start()
        failure: BaseException | None = None
        try:
            order = self._orders.get()
            if isinstance(order, BaseException):
                failure = order
        except BaseException:  # a KeyboardInterrupt, where no handler is installed
            self._drain("terminate")
            raise
        else:
            # A worker that the server refuses may still end its jobs; one that cannot renew leases may not.
            is_refused = isinstance(failure, WorkflowGraphError)
            self._drain("stop" if order == "stop" or is_refused else "terminate")
        finally:
            if self._source is not None:
                self._source.finish()
            source_thread.join(5.0)
            self._keeper.stop()
            self._threads.close()
            self._connection.close()
            self._events.stopped()
        if failure is not None:
            raise failure

    def _drain(self, order: str | BaseException) -> None:
        """Waits until nothing runs; ends what runs when it is told to, or the time is up."""
        settings = self._settings
        self._stopping.set()
        self._events.draining(self.running, settings.drain_timeout_secs)
        if self._source is not None:
            self._source.stop_claiming()
        deadline = time.monotonic() + settings.drain_timeout_secs
        is_ending = False
        while True:
            if order == "terminate" and not is_ending:
                is_ending = True
                with self._running_lock:
                    running = list(self._running.values())
                for attempt in running:
                    attempt.stop("stopped")
            if self.running == 0:
                return
            try:
                order = self._orders.get(timeout=None if is_ending else max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                order = "terminate"

    def _get_jobs(self) -> None:
        """Runs on a thread of its own, until the source ends."""
        try:
            if self._settings.transport == "stream":
                self._get_jobs_by_stream(self._context)
            else:
                self._source = HttpSource(self._context)
                self._source.run()
        except BaseException as error:
            self._orders.put(error)

    def _get_jobs_by_stream(self, context: SourceContext) -> None:
        # Loading grpcio takes a while, and those who use plain HTTP need not wait for it.
        from ..stream.channel import Channel
        from .stream_source import NoStream, StreamSource

        if self._keeper is None:
            raise RuntimeError("the leases have no keeper")
        channel = Channel(self._settings.server_url, self._settings.token, self._settings.ca_file)
        stream = StreamSource(context, channel, self._keeper)
        self._source = stream
        try:
            stream.run()
        except NoStream as reason:
            self._events.warning(f"jobs cannot be streamed ({reason}): going on with plain HTTP")
            self._keeper.stay_with_http()
            self._source = HttpSource(context)
            self._source.run()
        finally:
            channel.close()

    def _source_context(self) -> SourceContext:
        return SourceContext(
            settings=self._settings,
            calls=WorkerCalls(self._connection),
            presence=self._presence,
            events=self._events,
            threads=self._threads,
            stopping=self._stopping,
            start=self._start,
            running=lambda: self.running,
            cancelled=lambda lease_id: self._tell(lease_id, Attempt.job_cancelled),
            lost=lambda lease_id: self._tell(lease_id, lambda attempt: attempt.lease_lost("", "the lease is gone")),
        )

    def _tell(self, lease_id: str, what: Callable[[Attempt], None]) -> None:
        with self._running_lock:
            attempt = self._running.get(lease_id)
        if attempt is not None:
            what(attempt)

    def _start(self, claim: Claim) -> None:
        if self._attempts is None:
            raise RuntimeError("the worker was not started")
        attempt = Attempt(claim, self._attempts)
        with self._running_lock:
            self._running[claim.lease.lease_id] = attempt
        attempt.start()

    def _ended(self, attempt: Attempt) -> None:
        with self._running_lock:
            self._running.pop(attempt.claim.lease.lease_id, None)
        if self._stopping.is_set():
            self._orders.put("ended")

    def _attempt_context(self, runner: ExecutorRunner, keeper: LeaseKeeper) -> AttemptContext:
        return AttemptContext(
            worker_id=self.worker_id,
            runner=runner,
            writers_may_wait=isinstance(runner, ThreadRunner),
            keeper=keeper,
            reporter=PresentSource(lambda: self._source),
            threads=self._threads,
            presence=self._presence,
            events=self._events,
            log=self._settings.log,
            grace_secs=self._settings.grace_secs,
            ended=self._ended,
        )

    def _start_keeper(self) -> LeaseKeeper:
        settings = self._settings
        return LeaseKeeper(
            {
                "server_url": settings.server_url,
                "token": settings.token,
                "ca_file": settings.ca_file,
                "worker_id": settings.worker_id,
                "interval_secs": settings.heartbeat_interval_secs,
                "stream": settings.transport == "stream",
            },
            KeeperCallbacks(
                unknown_worker=lambda: self._threads.run(self._register_again),
                away=self._presence.away,
                back=self._presence.back,
                restarted=self._events.warning,
                failed=self._orders.put,
            ),
        )

    def _register_again(self) -> None:
        # A refusal ends the worker where it asks for jobs, which meets it too.
        with contextlib.suppress(Exception):
            self._context.register()


class PresentSource:
    """Hands results and logs to the source that the worker has now: it may change while a job runs."""

    def __init__(self, source: Callable[[], JobSource | None]) -> None:
        self._source = source

    def report(self, lease: Lease, result: Result, settled: Callable[[ReportOutcome], None]) -> None:
        """Reports a result."""
        self._present().report(lease, result, settled)

    def slot_freed(self, lease: Lease) -> None:
        """An attempt has ended."""
        self._present().slot_freed(lease)

    def push_logs(self, claim: Claim, chunks: Sequence[LogChunk]) -> None:
        """Stores output."""
        self._present().push_logs(claim, chunks)

    def _present(self) -> JobSource:
        source = self._source()
        if source is None:
            raise RuntimeError("jobs run before there is a source of jobs")
        return source
