from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.real_server import MAIN, RealServer
from tests.waiting import scaled
from workflow_graph_client import Worker

StartWorker = Callable[..., Worker]


@pytest.fixture(scope="session")
def server() -> Iterator[RealServer]:
    """One server for all tests that do not stop it."""
    server = started_server()
    yield server
    server.remove()


@pytest.fixture
def own_server() -> Iterator[RealServer]:
    """A server that the test may stop."""
    server = started_server()
    yield server
    server.remove()


@pytest.fixture
def start_worker() -> Iterator[StartWorker]:
    """Starts workers that end with the test."""
    started: list[tuple[Worker, threading.Thread]] = []

    def start(server: RealServer, executor: Any = None, **options: Any) -> Worker:
        worker = Worker(server_url=server.url, executor=executor, **{"grace_secs": 1, **options})
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        started.append((worker, thread))
        return worker

    yield start
    for worker, _ in started:
        worker.terminate()
    for _, thread in started:
        thread.join(scaled(30))
        assert not thread.is_alive()


@pytest.fixture(params=["stream", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(autouse=True)
def all_events() -> None:
    logging.getLogger("workflow_graph_client").setLevel(logging.INFO)


def started_server(*, with_tokens: bool = False) -> RealServer:
    if not MAIN.exists():
        pytest.fail(f"{MAIN} is missing: build the server first (npm run build)")
    return RealServer(with_tokens=with_tokens)
