"""One tenant's two hundred rings and a neighbour's one, in the broker's queues: counted, not timed."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from chats.tasks import process_new_message
from tenants.scope import tenant_scope
from tenants.services import crowding
from tenants.services.crowding import BURST, CROWDED
from tenants.tasks import TENANT_HEADER

NOISY = 200


@pytest.fixture
def broker() -> Iterator[Any]:
    """The queues for messages, empty."""
    with redis.Redis.from_url(settings.BROKER_REDIS_URL) as client:
        client.delete("messages", f"messages{CROWDED}")
        yield client
        client.delete("messages", f"messages{CROWDED}")


def waiting(broker: Any, queue: str) -> list[str]:
    """Return whose rings wait in a queue, in the order in which workers take them."""
    return [json.loads(ring)["headers"][TENANT_HEADER] for ring in reversed(broker.lrange(queue, 0, -1))]


def test_a_neighbours_ring_is_among_the_first_of_two_hundred(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "PER_SECOND", 0.001)  # however long it takes to ring
    noisy, calm = uuid4(), uuid4()
    with tenant_scope(noisy):
        for number in range(NOISY):
            process_new_message.delay(number)
    with tenant_scope(calm):
        process_new_message.delay(NOISY)
    usual, crowd = waiting(broker, "messages"), waiting(broker, f"messages{CROWDED}")
    assert usual == [str(noisy)] * BURST + [str(calm)]
    assert crowd == [str(noisy)] * (NOISY - BURST), "nothing is lost"
