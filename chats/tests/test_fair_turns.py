"""One tenant's two hundred waiting turns and a neighbour's one, before a real worker: counted, not timed."""

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from chats.models import ContentChatModel
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from config.stack.processes import WORKER_THREADS
from tenants.models import TenantModel
from tenants.scope import all_tenants, tenant_scope
from tenants.services.crowding import BURST
from tests.support.stack import running_stack

NOISY = 200
PATIENCE_SECONDS = 300.0


def write(tenant: TenantModel, conversations: int) -> None:
    """Let people write a greeting in so many conversations."""
    with tenant_scope(tenant):
        for number in range(conversations):
            chat = create_chat(user_id=f"person-{number}", channel="api")
            post_message(chat_id=chat.chat_id, content="Hello, good morning!")


def answers() -> list[Any]:
    """Return the tenants of the replies, in the order in which they were stored."""
    with all_tenants():
        rows = ContentChatModel.objects.filter(is_automatic=True).order_by("pk")
        return list(rows.values_list("tenant_id", flat=True))


def urls() -> dict[str, str]:
    """Return where the suite's own database and broker are."""
    path = f"/{connection.settings_dict['NAME']}"
    roles = ("DATABASE_URL", "DATABASE_OPERATIONS_URL")
    found = {name: urlsplit(os.environ[name])._replace(path=path).geturl() for name in roles}
    return {**found, "REDIS_URL": os.environ["REDIS_URL"]}


@pytest.mark.django_db(transaction=True, databases=["default", "operations"])
def test_a_neighbours_turn_is_served_before_what_is_too_much(
    tenant: TenantModel, neighbour: TenantModel, tmp_path: Path
) -> None:
    with redis.Redis.from_url(settings.BROKER_REDIS_URL) as client:
        client.flushdb()
    write(tenant, NOISY)
    write(neighbour, 1)
    with running_stack(folder=tmp_path, urls=urls(), processes=("worker",)):
        until = time.monotonic() + PATIENCE_SECONDS
        while len(order := answers()) <= NOISY and time.monotonic() < until:
            time.sleep(0.1)
    assert order.count(tenant.pk) == NOISY, "nobody's turn is lost"
    assert order.index(neighbour.pk) <= BURST + 2 * WORKER_THREADS, "of two hundred"
