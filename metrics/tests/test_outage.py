"""Servers that really stop: found, named, and found again when they are back."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.test import Client, override_settings

from metrics import probes
from metrics.probes import PROBES, examine
from tenants.scope import OPERATIONS
from tests.support.servers import Servers, throwaway_servers

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS]), pytest.mark.stack]


@pytest.fixture(scope="module")
def spare() -> Iterator[Servers]:
    """Servers of our own, to be stopped."""
    with throwaway_servers() as servers:
        yield servers


def pointed_to(url: str) -> Any:
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [url]}}
    return override_settings(CACHES={"default": {"LOCATION": url}}, CHANNEL_LAYERS={"default": layer})


def test_readyz_names_the_server_that_stopped(client: Client, spare: Servers) -> None:
    wanted = {name: PROBES[name] for name in ("database", "redis", "channels", "storage")}
    with pointed_to(spare.environment["REDIS_URL"]), PROBES.lent(**wanted):
        assert [finding.ok for finding in examine()] == [True] * 4
        stop_valkey(spare)
        probes.forget()
        response = client.get("/readyz")
        assert response.status_code == 503
        failed = {name for name, found in response.json()["services"].items() if not found["ok"]}
        assert failed == {"redis", "channels"}
    probes.forget()


def stop_valkey(servers: Servers) -> None:
    with redis.Redis.from_url(servers.environment["REDIS_URL"]) as client, pytest.raises(redis.RedisError):
        client.shutdown(nosave=True)
        client.ping()
