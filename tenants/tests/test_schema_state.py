"""A program beside tables of another version does not start, and says what to do; migrations run one at a time."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection, connections

from tenants.management.commands.migrate import ADVISORY_LOCK
from tenants.services import schema_state
from tenants.services.schema_state import OtherSchemaError, refuse_other_schema, shipped_migrations
from tests.support.database import default_connection_is, owner_connection, owner_settings

FUTURE = ("chats", "9999_future")


@pytest.mark.django_db
def test_the_tables_of_this_version_are_served() -> None:
    assert {app for app, _name in shipped_migrations()} >= {"tenants", "chats", "agents", "audit", "analysis"}
    refuse_other_schema()


@pytest.mark.django_db
def test_an_older_database_is_refused_with_the_command_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = shipped_migrations() | {FUTURE}
    monkeypatch.setattr(schema_state, "shipped_migrations", lambda: shipped)
    with pytest.raises(
        OtherSchemaError, match=r"older than this program \(chats\.9999_future\): run `manage.py migrate`"
    ):
        refuse_other_schema()


@pytest.mark.django_db
def test_a_newer_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = shipped_migrations()
    latest = max(entry for entry in shipped if entry[0] == "chats")
    monkeypatch.setattr(schema_state, "shipped_migrations", lambda: shipped - {latest})
    with pytest.raises(OtherSchemaError, match=rf"newer than this program \(chats\.{latest[1]}\)"):
        refuse_other_schema()


@pytest.mark.django_db(transaction=True)
def test_who_migrates_second_waits_for_the_first(capfd: pytest.CaptureFixture[str]) -> None:
    name = str(connection.settings_dict["NAME"])
    ended = threading.Event()

    def second() -> None:
        with default_connection_is(owner_settings(name)):
            call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        connections.close_all()
        ended.set()

    with owner_connection(name) as first:
        first.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not ended.wait(2)
        first.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
    assert ended.wait(60)
    waiting.join()
    assert "waiting for it" in capfd.readouterr().err
