"""Tests that run side by side do not hear each other's bells."""

import pytest

from tests.support.workers import own_redis_url


@pytest.mark.parametrize(
    ("url", "worker", "own"),
    [
        ("unix:///tmp/valkey.sock?db=0", "gw0", "unix:///tmp/valkey.sock?db=0"),
        ("unix:///tmp/valkey.sock?db=0", "gw1", "unix:///tmp/valkey.sock?db=3"),
        ("redis://127.0.0.1:6379/0", "gw2", "redis://127.0.0.1:6379/6"),
    ],
)
def test_each_worker_has_databases_of_its_own(url: str, worker: str, own: str) -> None:
    assert own_redis_url(url, worker) == own
