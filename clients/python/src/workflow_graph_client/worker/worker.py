"""The worker: gets jobs from a server and runs them."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence

from ..drain import Drain
from ..errors import WorkflowGraphError
from ..heartbeats.keeper import KeeperCallbacks, LeaseKeeper
from ..http.connection import HttpConnection
from ..http.worker_calls import WorkerCalls
from ..job import Claim, Executor
from ..job_log import LogSettings
from ..server_address import secrets_in
from ..shell.executor import WORKSPACE, shell_executor
from ..shell.fresh_workspace import sweep_workspaces
from ..shell.start_directory import start_directory_fault
from .attempt import Attempt, AttemptContext
from .events import WorkerEvents
from .executors import ExecutorRunner, ThreadRunner, runner_of
from .http_source import HttpSource
from .presence import ServerPresence
from .present_source import PresentSource
from .server_drain import ServerDrain
from .settings import Transport, WorkerSettings, default_worker_id, features_of, text_of, whole_within, within
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
        only_labelled: bool = False,
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
        pass_env: Sequence[str] = (),
    ) -> None:
        """Raises ValueError for an option that cannot be, naming it, and OSError for certificates that cannot be read.

        server_url: `http://` or `https://`; a path prefix is kept. A user name and password in it are sent when there
            is no token.
        worker_id: the host's name and random characters when absent.
        labels: what the worker can do; it gets only jobs whose required labels are all among these.
        only_labelled: it takes only jobs that require at least one label.
        slots: how many jobs run at once.
        executor: runs a job, as a plain function (on a thread) or an async one; the shell when absent.
        transport: `stream` has jobs pushed over gRPC, and falls back to `http` where that cannot be had.
        token: a bearer token with the worker scope, when the server wants one.
        ca_file: certificates (PEM) to trust for an `https://` server, in place of the system's.
        lease_ttl_secs: the lease time: a job is requeued after this long without a heartbeat.
        wait_secs: how long a claim over plain HTTP waits at the server, at most 60.
        heartbeat_interval_secs: how often a lease is renewed; a third of its time to live when absent.
        log_batch_secs, log_batch_bytes: when output is sent.
        unsent_log_bytes_max: with more than this unsent, jobs wait with writing.
        grace_secs: from asking a job to end to forcing it to.
        drain_timeout_secs: how long running jobs can continue after `stop`.
        workdir: where shell jobs start; this process's own directory when absent.
        pass_env: variables of this process that shell jobs get too; see `shell_executor`.
        """
        within("grace_secs", grace_secs, 0, DAY_SECS)
        if transport not in ("stream", "http"):
            raise ValueError(f'transport must be "stream" or "http", and is {transport!r}')
        if only_labelled and not labels:
            raise ValueError("only_labelled: a worker without labels would never get a job; give it labels")
        if heartbeat_interval_secs is not None:
            within("heartbeat_interval_secs", heartbeat_interval_secs, 0.01, DAY_SECS)
        secrets = [*([token] if token else []), *secrets_in(server_url)]
        self._settings = WorkerSettings(
            server_url=server_url.rstrip("/"),
            worker_id=text_of("worker_id", worker_id or default_worker_id(), 200),
            labels=tuple(text_of("labels", label, 100) for label in labels),
            only_labelled=only_labelled,
            slots=whole_within("slots", slots, 1, 10_000),
            executor=executor
            or shell_executor(workdir=workdir, grace_secs=grace_secs, pass_env=pass_env, secrets=secrets),
            start_fault=(lambda: start_directory_fault(workdir)) if executor is None else (lambda: None),
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
        self._events = WorkerEvents(self.worker_id, self._connection.server_url)
        self._presence = ServerPresence(self._events)
        self._threads = JobThreads()
        self._stopping = threading.Event()
        # A SimpleQueue may be used in a signal handler, whatever the thread that it interrupts is doing.
        self._orders: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
        self._running: dict[str, Attempt] = {}
        self._running_lock = threading.Lock()
        self._drained = ServerDrain(self._events, lambda: self.running, self.stop)
        self._was_started = False
        self._context = self._source_context()
        self._source: JobSource | None = None
        self._attempts: AttemptContext | None = None
        self._keeper: LeaseKeeper | None = None

    @property
    def worker_id(self) -> str:
        """The worker's id."""
        return self._settings.worker_id

    @property
    def running(self) -> int:
        """The number of running jobs."""
        with self._running_lock:
            return len(self._running)

    def run(self, *, handle_signals: bool = True) -> None:
        """Works until `stop`, and returns when the last job has ended and its result is with the server.

        On the main thread SIGTERM, SIGINT, SIGQUIT and SIGHUP stop the worker too, unless `handle_signals` is False:
        the first lets running jobs finish, a second ends them, a third ends this process. SIGHUP only ever does the
        first.

        It also returns when the server drains the worker with `stop`, after the last running job. During a drain
        without `stop` it stays, without jobs.

        A server that is away is waited for. Raises WorkflowGraphError when the server refuses the worker, such as for
        its token, and FileNotFoundError when the directory that shell jobs start in is gone.
        """
        with contextlib.ExitStack() as stack:
            if handle_signals:
                stack.enter_context(stopped_by_signals([self]))
            self._work(stack.enter_context(runner_of(self._settings.executor, self._threads)))

    async def run_async(self) -> None:
        """Like `run`, for a program with an event loop: async executors run on that loop, all else on threads.

        It installs no signal handlers. When its task is cancelled, running jobs are ended as by `terminate`.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def work() -> None:
            error: BaseException | None = None
            try:
                with runner_of(self._settings.executor, self._threads, loop) as runner:
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
        """Like `stop`, but ends the running jobs now: asks them to stop, and kills them after the grace period."""
        self._orders.put("terminate")

    def _work(self, runner: ExecutorRunner) -> None:
        if self._was_started:
            raise RuntimeError(f"worker {self.worker_id} was started already")
        self._was_started = True
        if fault := self._settings.start_fault():
            raise FileNotFoundError(fault)
        if WORKSPACE in features_of(self._settings.executor):
            threading.Thread(target=sweep_workspaces, name="sweep", daemon=True).start()
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
            may_end_jobs = isinstance(failure, WorkflowGraphError | FileNotFoundError)
            self._drain("stop" if order == "stop" or may_end_jobs else "terminate")
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
        """Waits until no job runs; ends the running jobs on request or at the timeout."""
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
        """Runs on a separate thread, until the source ends."""
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
            self._events.warning(f"jobs cannot be streamed ({reason}): using plain HTTP")
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
            stop=lambda lease_id, stop: self._tell(lease_id, lambda attempt: attempt.stop_job(stop)),
            lost=lambda lease_id: self._tell(lease_id, lambda attempt: attempt.lease_lost("", "the lease is gone")),
            drain=self._drained.report,
            forget_drain=self._drained.forget,
        )

    def _tell(self, lease_id: str, what: Callable[[Attempt], None]) -> None:
        with self._running_lock:
            attempt = self._running.get(lease_id)
        if attempt is not None:
            what(attempt)

    def _start(self, claim: Claim) -> None:
        if self._attempts is None:
            raise RuntimeError("the worker was not started")
        if fault := self._settings.start_fault():
            return self._return(claim, fault)
        attempt = Attempt(claim, self._attempts)
        with self._running_lock:
            self._running[claim.lease.lease_id] = attempt
        attempt.start()

    def _return(self, claim: Claim, fault: str) -> None:
        """The worker can start no job. It releases this one instead of failing it and the next ones, and ends."""
        self._stopping.set()
        # When the server cannot be reached, the job is requeued when its lease ends.
        with contextlib.suppress(Exception):
            self._context.calls.release(claim.lease.lease_id)
        self._orders.put(FileNotFoundError(fault))

    def _ended(self, attempt: Attempt) -> None:
        with self._running_lock:
            self._running.pop(attempt.claim.lease.lease_id, None)
        if self._stopping.is_set():
            self._orders.put("ended")
        self._drained.stop_if_over()

    def _heard_drain(self, drain: Drain | None) -> None:
        """In a response to a heartbeat. One that was sent before a change may arrive after the source reports it."""
        if self._source is None or not self._source.reports_drains():
            self._drained.report(drain)

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
                drain=self._heard_drain,
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
