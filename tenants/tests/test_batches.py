"""Batches that hold nobody up: their size follows how long they take, and the database ends what takes too long."""

from typing import Any

import pytest
from django.db import OperationalError, connection

from tenants.services import batches
from tenants.services.batches import Batches

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(batches, "REST", 0)
    settings.MANAGEMENT_COMMANDS = {"cleanup": {"batch_size": 100, "concurrent_jobs": 1}}


def pause(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def sizes(monkeypatch: pytest.MonkeyPatch, rows: int, seconds_a_row: float) -> list[int]:
    """Work so many rows off, each of which takes the database a while; return the sizes that were asked for."""
    asked: list[int] = []
    left = rows

    def work(size: int) -> int:
        nonlocal left
        asked.append(size)
        done = min(size, left)
        pause(done * seconds_a_row)
        left -= done
        return done

    assert sum(Batches().each(work)) == rows
    return asked


def test_quick_batches_grow_up_to_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WANTED_SECONDS", 5)
    assert sizes(monkeypatch, 500, 0)[:5] == [20, 40, 80, 100, 100]


def test_a_batch_that_takes_too_long_is_undone_and_comes_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WANTED_SECONDS", 5)
    monkeypatch.setattr(batches, "LONGEST_MS", 300)
    asked = sizes(monkeypatch, 20, 0.05)
    assert asked[:2] == [20, 10]
    assert min(asked) < 10


def test_slow_batches_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LONGEST_MS", 10_000)
    asked = sizes(monkeypatch, 30, 0.01)
    assert asked[1] < 20


def test_one_row_takes_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LONGEST_MS", 20)
    assert sizes(monkeypatch, 2, 0.1)[-2] == 1


def test_another_error_is_nobodys_reason_to_try_again() -> None:
    def fails(size: int) -> int:
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError, match="disk"):
        list(Batches().each(fails))
