"""What came in at once is known to PostgreSQL before it is read."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from chats.models import ContentChatModel
from tenants.db import statistics
from tenants.models import TenantModel
from tenants.portable import reading
from tenants.portable.reading import one_snapshot
from tenants.scope import in_tenant
from tests.support.cast import make_tenant
from tests.support.database import owner_connection

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])
MESSAGES = "chats_contentchatmodel"


@pytest.fixture(autouse=True)
def _nothing_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "FIRST", 100)
    statistics._came.clear()
    statistics._counted.clear()


def counted() -> int:
    """How often the messages were counted by order."""
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("SELECT pg_stat_force_next_flush()")
        row = owner.execute("SELECT analyze_count FROM pg_stat_user_tables WHERE relname = %s", [MESSAGES]).fetchone()
    return int(row[0]) if row else 0


def come(rows: int) -> None:
    """Tell of so many messages that a transaction stored."""
    with transaction.atomic():
        statistics.grown(MESSAGES, rows)


def test_a_table_is_counted_each_time_it_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    before, seen = counted(), []
    for rows in (99, 1, 99, 1, 100, 100, 400):
        come(rows)
        seen.append(counted() - before)
    assert seen == [0, 1, 1, 2, 2, 3, 4]


def test_what_is_rolled_back_has_not_come() -> None:
    before = counted()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        statistics.grown(MESSAGES, 1_000)
        raise ZeroDivisionError
    assert counted() == before


def test_test_data_and_imports_are_counted_as_they_come(tmp_path: Path, capsys: Any) -> None:
    make_tenant("acme")
    before = counted()
    call_command("create_test_data", tenant="acme", volume="300", no_progress=True)
    assert counted() == before + 1
    call_command("export_data", tenant="acme", type="chats", output=tmp_path / "out", no_progress=True)
    make_tenant("other")
    (path,) = (tmp_path / "out").iterdir()
    call_command("import_data", str(path), tenant="other", no_progress=True)
    assert counted() == before + 2
    with in_tenant(TenantModel.objects.get(name="other")):
        assert ContentChatModel.objects.count() == 300


def test_an_export_reads_each_row_once_of_a_tenant_that_was_never_counted() -> None:
    acme = make_tenant("acme")
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute(f"ANALYZE {MESSAGES}")
    kind = next(kind for kind in _kinds() if kind.model is ContentChatModel)
    with one_snapshot(acme), connection.cursor() as cursor:
        sql, values = reading._statement(kind, reading.EVERYTHING, ContentChatModel, ["tenant_id"])
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Nested Loop Left Join" not in plan


def _kinds() -> list[Any]:
    from tenants.lifecycle import portable_kinds

    return [kind for _name, kind in portable_kinds.items()]
