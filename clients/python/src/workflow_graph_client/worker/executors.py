"""Calling a user's executor: on a thread when it is a plain function, on an event loop when it is async."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, Protocol, cast

from ..errors import ExecutorError, PermanentError, error_text
from ..job import Executor, Failure, Job, Outputs, Result, Success
from ..text import valid_text
from .threads import JobThreads

#: The server stores more, but the end of a text this long says nothing new.
ERROR_CHARACTERS_MAX = 4096
#: A larger exit code is not reported: the server takes those that every system has.
EXIT_CODE_MAX = 255
#: How long left tasks may take to end with their loop.
LOOP_END_SECS = 1.0


class ExecutorRunner(Protocol):
    """Starts an executor."""

    def start(self, job: Job, ended: Callable[[Result], None]) -> None:
        """Returns at once; calls `ended` on a job thread when the executor has returned."""


@contextlib.contextmanager
def runner_of(
    executor: Executor, threads: JobThreads, loop: asyncio.AbstractEventLoop | None = None
) -> Iterator[ExecutorRunner]:
    """Runs an async executor on the given loop, or on a new one without it, and any other executor on threads."""
    if not is_async(executor):
        yield ThreadRunner(executor, threads)
        return
    call = cast("Callable[[Job], Coroutine[Any, Any, Outputs | None]]", executor)
    if loop is not None:
        yield LoopRunner(call, threads, loop)
        return
    own = LoopThread()
    try:
        yield LoopRunner(call, threads, own.loop)
    finally:
        own.stop()


def is_async(executor: Executor) -> bool:
    """Whether calling it returns an awaitable."""
    call = getattr(executor, "__call__", None)  # noqa: B004 - an object's own method is looked at
    return inspect.iscoroutinefunction(executor) or inspect.iscoroutinefunction(call)


class ThreadRunner:
    """Runs plain functions."""

    def __init__(self, executor: Callable[[Job], Any], threads: JobThreads) -> None:
        self._executor = executor
        self._threads = threads

    def start(self, job: Job, ended: Callable[[Result], None]) -> None:
        """Calls the executor on a job thread."""
        self._threads.run(lambda: ended(self._run(job)))

    def _run(self, job: Job) -> Result:
        try:
            outputs = self._executor(job)
            if inspect.isawaitable(outputs):
                # A function that is not `async` itself but gives a coroutine, such as a lambda around one.
                outputs = asyncio.run(awaited(outputs))
            return success_of(outputs)
        except BaseException as error:  # a SystemExit of the job is not one of the worker
            return failure_of(error)


class LoopRunner:
    """Runs async functions as tasks of one loop. A job that has to end is cancelled as asyncio does it."""

    def __init__(
        self, executor: Callable[[Job], Awaitable[Any]], threads: JobThreads, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._executor = executor
        self._threads = threads
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Job, ended: Callable[[Result], None]) -> None:
        """Starts a task."""
        try:
            self._loop.call_soon_threadsafe(self._start_task, job, ended)
        except RuntimeError as error:  # the loop was closed under the worker
            failure = failure_of(error)
            self._threads.run(lambda: ended(failure))

    def _start_task(self, job: Job, ended: Callable[[Result], None]) -> None:
        task = self._loop.create_task(self._run(job, ended))
        self._tasks.add(task)
        remove = job.cancelled.add_callback(lambda: self._cancel(task))
        task.add_done_callback(lambda _: remove())
        task.add_done_callback(self._tasks.discard)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(task.cancel)

    async def _run(self, job: Job, ended: Callable[[Result], None]) -> None:
        try:
            result: Result = success_of(await self._executor(job))
        except (Exception, asyncio.CancelledError) as error:
            result = failure_of(error)
        self._threads.run(lambda: ended(result))


class LoopThread:
    """An event loop on a separate thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="executor-loop", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the loop; abandoned tasks are cancelled once more and dropped."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(2 * LOOP_END_SECS)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        if tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=LOOP_END_SECS))
        self.loop.close()


async def awaited(outputs: Awaitable[Any]) -> Any:
    """The result of the awaitable."""
    return await outputs


def success_of(outputs: Outputs | None) -> Success:
    """Outputs must be strings; an executor can return anything."""
    if outputs is None:
        return Success({})
    if not isinstance(outputs, Mapping):
        raise PermanentError(f"an executor returns a dict of texts or None, and this returned {type(outputs).__name__}")
    for key, value in outputs.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise PermanentError(f'output "{key}" must be a text, and is {type(value).__name__}')
    return Success({valid_text(key): valid_text(value) for key, value in outputs.items()})


def failure_of(error: BaseException) -> Failure:
    """The report for an exception."""
    if isinstance(error, asyncio.CancelledError):
        return Failure("the executor was cancelled", retryable=True)
    text = valid_text(error_text(error))[:ERROR_CHARACTERS_MAX]
    return Failure(text, retryable=not isinstance(error, PermanentError), exit_code=exit_code_of(error))


def exit_code_of(error: BaseException) -> int | None:
    """The exit code of an exception that has one which the server takes."""
    code = error.exit_code if isinstance(error, ExecutorError) else None
    return code if code is not None and 0 <= code <= EXIT_CODE_MAX else None
