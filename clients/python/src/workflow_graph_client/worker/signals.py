"""Stopping workers by signals."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from ..shell.process_tree import kill_live_groups

if TYPE_CHECKING:
    from .worker import Worker


@contextlib.contextmanager
def stopped_by_signals(workers: Sequence[Worker]) -> Iterator[None]:
    """The first signal drains the workers, the second ends their jobs, the third ends this process.

    SIGHUP only drains, however often it comes: a terminal that closes sends two or three. It and SIGQUIT stay ignored
    where they were at the start, as under `nohup`. Only the main thread may install handlers; on another this does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    count = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal count
        if number == signal.SIGHUP and count > 0:
            return
        count += 1
        if count >= 3:
            kill_live_groups()
            os._exit(128 + number)
        for worker in workers:
            if count == 1:
                worker.stop()
            else:
                worker.terminate()

    handled = [signal.SIGTERM, signal.SIGINT]
    handled += [number for number in (signal.SIGHUP, signal.SIGQUIT) if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, on_signal) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_workers(workers: Sequence[Worker]) -> None:
    """Runs several workers in this process until a signal, or all have ended.

    Raises the first error of a worker, when all have ended; one that ends with an error stops the others.
    """
    errors: list[BaseException] = []

    def work(worker: Worker) -> None:
        try:
            worker.run(handle_signals=False)
        except BaseException as error:
            errors.append(error)
            for other in workers:
                other.stop()

    with stopped_by_signals(workers):
        threads = [threading.Thread(target=work, args=(worker,), name=worker.worker_id) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
