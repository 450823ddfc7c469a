"""migrate, one at a time: of two processes one waits, and holds up nothing of what the other does."""

import io
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection, connections

from tenants.management.commands import migrate as migrating
from tests.support.database import owner_connection


@pytest.mark.django_db(transaction=True)
def test_who_waits_to_migrate_holds_up_no_index_that_the_other_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    said = io.StringIO()
    asked_again = threading.Event()
    has_lock = migrating._has_lock

    def wait_and_migrate() -> None:
        call_command("migrate", skip_checks=True, stderr=said)
        connections.close_all()

    def ask(database: str) -> bool:
        got = has_lock(database)
        if "waiting for it" in said.getvalue():
            asked_again.set()
        return got

    def note(self: migrate.Command, *args: Any, **options: Any) -> None:
        done.append("the second migrated")

    monkeypatch.setattr(migrate.Command, "handle", note)
    monkeypatch.setattr(migrating, "_has_lock", ask)
    second = threading.Thread(target=wait_and_migrate)
    with owner_connection(connection.settings_dict["NAME"]) as first:
        first.execute("SELECT pg_advisory_lock(%s)", [migrating.ADVISORY_LOCK])
        second.start()
        assert asked_again.wait(20)
        try:
            first.execute("SET statement_timeout = '20s'")
            first.execute("CREATE TABLE busy (number int)")
            first.execute("CREATE INDEX CONCURRENTLY busy_number ON busy (number)")
            done.append("the first built its index")
        finally:
            first.execute("DROP TABLE busy")
            first.execute("SELECT pg_advisory_unlock(%s)", [migrating.ADVISORY_LOCK])
            second.join(20)
    assert done == ["the first built its index", "the second migrated"]
