"""Token buckets in Valkey: shared by all processes, taken from all at once or from none."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from tenants.limits import Bucket, buckets, local, take

ROOT = Path(__file__).resolve().parents[2]


def bucket(size: float = 10, per_second: float = 0.01) -> Bucket:
    """Return a bucket that nobody has used, and that hardly fills again while a test runs."""
    return Bucket(f"test:{uuid.uuid4()}", size, per_second)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Valkey is away; each time that it is asked is noted."""
    asked: list[int] = []

    def script(**kwargs: Any) -> None:
        asked.append(1)
        raise redis.ConnectionError("away")

    monkeypatch.setattr(buckets, "_script", lambda: script)
    monkeypatch.setattr(buckets, "_away_until", 0.0)
    yield asked
    local.forget()


def test_a_bucket_gives_what_it_holds_and_then_says_how_long_to_wait() -> None:
    one = bucket(size=3, per_second=0.5)
    levels = [take([(one, 1)]) for _time in range(4)]
    assert [level.allowed for level in levels] == [True, True, True, False]
    assert [level.remaining for level in levels] == [2, 1, 0, 0]
    assert (levels[0].limit, levels[0].wait, levels[2].reset) == (3, 0, 6)
    assert levels[3].wait in (1, 2)


def test_what_was_taken_comes_back_with_time() -> None:
    one = bucket(size=2, per_second=50)
    assert [take([(one, 2)]).allowed for _time in range(2)] == [True, False]
    threading.Event().wait(0.06)
    assert take([(one, 2)]).allowed


def test_nothing_is_taken_from_any_when_one_has_too_little() -> None:
    full, empty = bucket(), bucket(size=1)
    take([(empty, 1)])
    refused = take([(full, 4), (empty, 1)])
    assert (refused.allowed, refused.limit) == (False, 1), "it tells of the one that refused"
    assert take([(full, 10)]).allowed, "nothing was taken from the other"


def test_of_several_that_allow_the_emptiest_is_told() -> None:
    large, small = bucket(size=100), bucket(size=5)
    level = take([(large, 1), (small, 1)])
    assert (level.limit, level.remaining) == (5, 4)


def test_what_costs_more_than_a_bucket_holds_takes_all_of_it() -> None:
    one = bucket(size=3)
    assert take([(one, 50)]).allowed
    assert not take([(one, 1)]).allowed


def test_a_debt_is_paid_back_first_and_never_grows_beyond_the_bucket() -> None:
    one = bucket(size=10, per_second=100)
    for _time in range(5):
        take([(one, 10)], into_debt=True)
    refused = take([(one, 1)])
    assert (refused.allowed, refused.remaining) == (False, 0)
    threading.Event().wait(0.25)
    assert take([(one, 1)]).allowed


def test_a_lower_limit_holds_at_once() -> None:
    one = bucket(size=100)
    take([(one, 1)])
    lower = Bucket(one.name, 5, 0.01)
    assert [take([(lower, 1)]).allowed for _time in range(6)] == [True] * 5 + [False]


def test_many_threads_take_no_more_than_there_is() -> None:
    one = bucket(size=50)
    taken: list[bool] = []

    def run() -> None:
        taken.extend(take([(one, 1)]).allowed for _time in range(20))

    threads = [threading.Thread(target=run) for _thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(taken), sum(taken)) == (120, 50)


def test_two_processes_take_from_the_same_bucket() -> None:
    one = bucket(size=6)
    code = (
        "import django; django.setup()\n"
        "from tenants.limits import Bucket, take\n"
        f"print(sum(take([(Bucket({one.name!r}, 6, 0.01), 1)]).allowed for _ in range(4)))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    runs = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for _process in range(2)
    ]
    assert sum(int(run.communicate(timeout=60)[0]) for run in runs) == 6


def test_a_bucket_that_is_full_again_is_kept_nowhere() -> None:
    one = bucket(size=1, per_second=1_000)
    take([(one, 1)])
    client: Any = redis.Redis.from_url(settings.LIMITS_REDIS_URL)
    assert 0 < client.pttl(buckets.PREFIX + one.name) <= 1_001


@pytest.mark.usefixtures("away")
def test_while_valkey_is_away_each_process_counts_for_itself() -> None:
    one = bucket(size=3)
    assert [take([(one, 1)]).allowed for _time in range(4)] == [True, True, True, False]
    assert take([(one, 1)], into_debt=True).remaining == 0


def test_valkey_that_is_away_is_not_asked_again_at_once(away: list[int]) -> None:
    for _time in range(10):
        take([(bucket(), 1)])
    assert len(away) == 1
