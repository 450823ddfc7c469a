"""A worker's lanes, in a real Celery worker inside this process: counted, not timed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from celery import Celery, bootsteps
from celery.contrib.testing.worker import start_worker
from celery.signals import worker_init, worker_ready
from django.conf import settings

from config.celery import WakeForThreads
from config.lanes import LANES, Lanes
from config.stack.processes import WORKER, WORKER_THREADS
from tenants.services import crowding
from tenants.services.crowding import both

QUEUES = [name for usual in settings.CELERY_TASK_QUEUES_NAMES for name in both(usual)]
PATIENCE_SECONDS = 60.0


class CountConnections(bootsteps.StartStopStep):
    """Counts how often a worker consumed its queues anew, the lanes among them."""

    requires = (Lanes,)

    def start(self, consumer: Any) -> None:
        """What the worker had before is closed by now."""
        Hall.current.connected += 1


class Hall:
    """Where tasks wait until they are let go; counts them by their queues."""

    current: "Hall"

    def __init__(self) -> None:
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.connected = 0
        self.open = threading.Event()
        self.lock = threading.Lock()

    def enter(self, queue: str) -> None:
        """Wait inside until the hall is opened."""
        with self.lock:
            self.inside[queue] += 1
            self.most[queue] = max(self.most[queue], self.inside[queue])
        self.open.wait(PATIENCE_SECONDS)
        with self.lock:
            self.inside[queue] -= 1
            self.left[queue] += 1


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    """An empty hall, and empty queues."""
    monkeypatch.setattr(crowding, "_most", 0)  # a worker sets it for its process, which is this one
    for signal in (worker_init, worker_ready):  # at which the real one asks the database
        monkeypatch.setattr(signal, "receivers", [])
    with redis.Redis.from_url(settings.BROKER_REDIS_URL) as client:
        client.delete(*QUEUES)
        Hall.current = Hall()
        yield Hall.current
        Hall.current.open.set()
        client.delete(*QUEUES)


@contextmanager
def worker(threads: int, queues: list[str]) -> Iterator[Any]:
    """Run a worker of these queues with the project's settings and steps; yield its only task."""
    app = Celery("lanes", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.steps["consumer"].update({WakeForThreads, Lanes, CountConnections})

    @app.task(shared=False)
    def enter(queue: str) -> None:
        Hall.current.enter(queue)  # a process's second worker runs the tasks of the first

    options: dict[str, Any] = {"queues": queues, "perform_ping_check": False, "shutdown_timeout": PATIENCE_SECONDS}
    with start_worker(app, pool="threads", concurrency=threads, **options):
        yield enter
        Hall.current.open.set()


def reached(holds: Callable[[], bool]) -> bool:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


@pytest.mark.parametrize("name", LANES)
def test_a_backlog_of_a_lane_leaves_threads_for_the_others(hall: Hall, name: str) -> None:
    share = max(1, int(WORKER_THREADS * LANES[name]))
    with worker(WORKER_THREADS, QUEUES) as enter:
        for _ in range(3 * WORKER_THREADS):
            enter.apply_async([name], queue=name)
        assert reached(lambda: hall.inside[name] == share)
        enter.apply_async(["messages"], queue="messages")
        assert reached(lambda: hall.inside["messages"] == 1), "a neighbour's message found a thread"
        hall.open.set()
        assert reached(lambda: hall.left[name] == 3 * WORKER_THREADS), "nothing is lost"
    assert hall.most[name] == share


def drop_connections() -> None:
    """Let the broker drop every other connection to the queues' database."""
    with redis.Redis.from_url(settings.BROKER_REDIS_URL) as client:
        database, own = str(client.connection_pool.connection_kwargs.get("db", 0)), client.client_id()
        for each in client.client_list():
            if each["db"] == database and int(each["id"]) != own:
                client.client_kill_filter(_id=each["id"])


def test_the_lanes_are_there_again_when_the_broker_is(hall: Hall) -> None:
    with worker(WORKER_THREADS, QUEUES) as enter:
        drop_connections()
        # A bell that rings while the old connections are closed may be lost with them: the sweeper is there for that.
        assert reached(lambda: hall.connected == 2)
        for _ in range(WORKER_THREADS):
            enter.apply_async(["bulk"], queue="bulk")
            enter.apply_async(["messages.crowded"], queue="messages.crowded")
        assert reached(lambda: (hall.inside["bulk"], hall.inside["messages.crowded"]) == (2, 1))
        enter.apply_async(["messages"], queue="messages")
        assert reached(lambda: hall.inside["messages"] == 1)
        hall.open.set()
        assert reached(lambda: hall.left["bulk"] == hall.left["messages.crowded"] == WORKER_THREADS)
    assert (hall.most["bulk"], hall.most["messages.crowded"]) == (2, 1)


def test_the_lanes_together_leave_threads_too() -> None:
    shares = [max(1, int(WORKER_THREADS * share)) for share in LANES.values()]
    assert sum(shares) <= WORKER_THREADS * 2 / 3


def test_a_worker_for_a_lane_alone_gives_it_all_its_threads(hall: Hall) -> None:
    with worker(4, ["bulk"]) as enter:
        for _ in range(8):
            enter.apply_async(["bulk"], queue="bulk")
        assert reached(lambda: hall.inside["bulk"] == 4)


def test_every_lane_is_a_queue_that_workers_take_from() -> None:
    assert set(LANES) < set(WORKER[WORKER.index("--queues") + 1].split(","))
