"""The Celery app: a doorbell, not a store (architecture.md)."""

import os
from typing import Any

from celery import Celery, bootsteps
from celery.signals import worker_ready

from config.lanes import Lanes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("charla")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class WakeForThreads(bootsteps.StartStopStep):
    """Wakes the worker's event loop when a pool thread hands it something to do, such as a task's acknowledgement.

    Celery's own hub sleeps until the next event of the broker or a timer, ten seconds at most. With as many tasks
    unacknowledged as the prefetch allows no event comes, and a backlog would be worked off in bursts ten seconds apart.
    """

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def start(self, consumer: Any) -> None:
        """Let every call_soon() of the hub wake it."""
        hub, waker = consumer.hub, self.waker
        if hub is None:
            return
        call_soon = type(hub).call_soon

        def call_soon_and_wake(*arguments: Any) -> Any:
            promise = call_soon(hub, *arguments)
            os.eventfd_write(waker, 1)
            return promise

        hub.call_soon = call_soon_and_wake
        hub.add_reader(waker, os.eventfd_read, waker)


class RefuseToRunUnbound(bootsteps.Step):
    """A worker does not start under an unbound role, on another version's tables, or with a task that is for nobody.

    Not a receiver of `worker_init`: Celery logs what such a one raises, and starts all the same.
    """

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        from config.access_checks import refuse_undeclared_tasks
        from tenants.services.roles import refuse_unbound_role  # Django's apps are loaded by now, not before
        from tenants.services.schema_state import refuse_other_schema

        refuse_unbound_role()
        refuse_other_schema()
        refuse_undeclared_tasks()


app.steps["worker"].add(RefuseToRunUnbound)
app.steps["consumer"].add(WakeForThreads)
app.steps["consumer"].add(Lanes)


@worker_ready.connect
def tell_of_this_worker(**kwargs: Any) -> None:
    """What another worker had taken from the broker when it died may be rung for again: this one is there for it.

    What it had stored and not published, open sockets fetch.
    """
    from django.db import DatabaseError, connection

    from chats.realtime.heartbeat import tell_that_a_process_began
    from tenants.services.waking import WORKER_BEGAN, wake_sweeper

    tell_that_a_process_began()
    try:
        wake_sweeper(WORKER_BEGAN)
    except DatabaseError as error:  # the sweeper begins anew with the database, and then looks for itself
        app.log.get_default_logger().warning("the sweeper was not told of this worker: %s", error)
    finally:
        connection.close()
