"""Probes of what every app stands on, and the figures of the work rows at a scrape."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from importlib import import_module

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
from metrics.services.scraping import SCRAPED, Figure, Scrape
from tenants.models import SystemConfig
from tenants.scope import OPERATIONS
from tenants.services.roles import refuse_unbound_role
from tenants.services.sweeping import ADVISORY_LOCK
from tenants.services.work_figures import work_figures


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


def read_work() -> Mapping[str, Iterable[Figure]]:
    """Read the work rows that are not done: how many, for how long, and since when nobody rings for them."""
    figures = work_figures(using=OPERATIONS)
    return {
        "work_rows": [
            Figure(getattr(each, state), (("kind", each.kind), ("state", state)))
            for each in figures
            for state in ("ready", "leased", "dead")
        ],
        "work_oldest_seconds": [Figure(each.oldest, (("kind", each.kind),)) for each in figures],
        "sweeper_lag_seconds": [Figure(max((each.unrung for each in figures), default=0.0))],
    }


def count_sweepers() -> Mapping[str, Iterable[Figure]]:
    """See whether a sweeper holds the lock, wherever it runs."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [ADVISORY_LOCK],
        )
        return {"sweepers": [Figure(cursor.fetchone()[0])]}


SCRAPED.add("work", Scrape(("work_rows", "work_oldest_seconds", "sweeper_lag_seconds"), read_work))
SCRAPED.add("sweepers", Scrape(("sweepers",), count_sweepers))
import_module("metrics.tenant_validators")
