"""Probes of what every app stands on, and the figures of the work rows at a scrape."""

import asyncio
import uuid
from collections.abc import Iterable

import redis
from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections, transaction
from django.utils.translation import gettext_lazy as _

from metrics.probes import ProbeError, probe
from metrics.services.scraping import SCRAPED, Figure, ScrapedGauge
from tenants.models import SystemConfig, WorkState
from tenants.scope import OPERATIONS
from tenants.services.roles import refuse_unbound_role


class _TakeItBack(Exception):
    pass


@probe("database", advice=_("Start PostgreSQL, and check DATABASE_URL and the disk's free space."))
def write_and_read_back(timeout: float) -> None:
    """Write a row, read it, roll it back."""
    key = f"probe-{uuid.uuid4().hex}"
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{int(timeout * 1000)}ms"])
            SystemConfig.objects.create(config_key=key)
            if not SystemConfig.objects.filter(config_key=key).exists():
                raise ProbeError("A row that was written could not be read.")
            raise _TakeItBack
    except _TakeItBack:
        return


@probe("roles", advice=_("Give the program the role charla_app: no superuser, no owner, no BYPASSRLS."))
def is_bound_by_policies(timeout: float) -> None:
    """See that row-level security binds this process, and that the operations role may cross tenants."""
    refuse_unbound_role()
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            raise ProbeError("The operations role may not cross tenants.")


@probe("redis", advice=_("Start Valkey or Redis, and check REDIS_URL."))
def set_and_get(timeout: float) -> None:
    """Set a key, read it, delete it."""
    key, value = f"charla:probe:{uuid.uuid4().hex}", uuid.uuid4().hex
    url = settings.CACHES["default"]["LOCATION"]
    with redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout) as client:
        client.set(key, value, ex=60)
        found = client.getdel(key)
    if found != value.encode():
        raise ProbeError("A key that was set could not be read.")


@probe("celery", advice=_("Start a worker: python -m celery -A config worker --pool threads."))
def ping_a_worker(timeout: float) -> None:
    """Ask through the broker for one live worker; the first answer is enough."""
    with current_app.connection_for_write(connect_timeout=timeout) as broker:
        answers = current_app.control.ping(timeout=timeout * 0.9, limit=1, connection=broker)
    if not answers:
        raise ProbeError("No worker answered.")


@probe("channels", advice=_("Start Valkey or Redis, and check REDIS_URL: open pages get no new messages."))
def send_through_the_layer(timeout: float) -> None:
    """Send a message through the channel layer and receive it."""
    async_to_sync(_through_the_layer)(timeout)


async def _through_the_layer(timeout: float) -> None:
    layer = get_channel_layer()
    if layer is None:
        raise ProbeError("There is no channel layer.")
    async with asyncio.timeout(timeout):
        name, sent = await layer.new_channel(), {"type": "probe", "id": uuid.uuid4().hex}
        await layer.send(name, sent)
        received = await layer.receive(name)
    if received != sent:
        raise ProbeError("Another message came out of the channel layer than went in.")


@probe("storage", advice=_("Check that the media folder can be written and that its disk has space."))
def write_and_delete_a_file(timeout: float) -> None:
    """Write a file, read it, delete it."""
    content = uuid.uuid4().bytes
    name = default_storage.save(f".probe/{uuid.uuid4().hex}", ContentFile(content))
    try:
        with default_storage.open(name) as stored:
            found = stored.read()
    finally:
        default_storage.delete(name)
    if found != content:
        raise ProbeError("A file that was written could not be read.")


def count_work() -> Iterable[Figure]:
    """Count the work rows that are not done, by kind and state."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(
            "SELECT kind, state, count(*) FROM tenants_workitem WHERE state = 'ready' GROUP BY kind, state"
            " UNION ALL SELECT kind, state, count(*) FROM tenants_workitem WHERE state = 'leased' GROUP BY kind, state"
            " UNION ALL SELECT kind, state, count(*) FROM tenants_workitem WHERE state = 'dead' GROUP BY kind, state"
        )
        counted = {(kind, state): count for kind, state, count in cursor.fetchall()}
    kinds = {kind for kind, _state in counted} | {"turn"}
    states = (WorkState.READY, WorkState.LEASED, WorkState.DEAD)
    return [
        Figure(counted.get((kind, state), 0), (("kind", kind), ("state", str(state))))
        for kind in sorted(kinds)
        for state in states
    ]


def age_of_oldest_work() -> Iterable[Figure]:
    """Return for how long the oldest row that is due has waited, in seconds; 0 when none waits."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(EXTRACT(epoch FROM now() - min(run_after)), 0) FROM tenants_workitem"
            " WHERE state = 'ready' AND run_after <= now()"
        )
        return [Figure(float(cursor.fetchone()[0]))]


SCRAPED.add("work_rows", ScrapedGauge("Work rows that are not done.", count_work))
SCRAPED.add(
    "work_oldest_seconds", ScrapedGauge("How long the oldest work row that is due has waited.", age_of_oldest_work)
)
