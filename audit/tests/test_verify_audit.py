"""`verify_audit` names the row that was changed, removed or moved behind the triggers' backs."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import AuditLog
from audit.services import AuditService
from audit.services.verifying import BrokenChainError
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant, tenant_scope
from tenants.services.schedules import SCHEDULES
from tests.support.database import owner_connection

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
REHASH = "UPDATE audit_auditlog l SET hash = audit_row_hash(l, l.previous_hash, l.position) WHERE id = %s"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def rows(tenant: TenantModel) -> list[tuple[int, int]]:
    """Five entries; ids and places."""
    for number in range(5):
        AuditService.log_event("tried", None, tenant, "thing", str(number))
    with in_tenant(tenant):
        entries = AuditLog.objects.filter(action="tried").order_by("position")
        return [(entry.pk, entry.position or 0) for entry in entries]


def tamper(*statements: tuple[str, list[Any]]) -> None:
    """Change the log as somebody can who owns the database."""
    with owner_connection(connection.settings_dict["NAME"]) as role, role.transaction():
        role.execute("ALTER TABLE audit_auditlog DISABLE TRIGGER USER")
        for statement, values in statements:
            role.execute(statement, values)
        role.execute("ALTER TABLE audit_auditlog ENABLE TRIGGER USER")


def verified(tenant: TenantModel) -> dict[str, Any]:
    out = StringIO()
    try:
        call_command("verify_audit", "--json", "--no-progress", tenant=tenant.name, stdout=out)
    except CommandError as error:
        assert "not as it was written" in str(error)
    else:
        assert json.loads(out.getvalue())["chains"][tenant.name]["is_whole"]
    chain: dict[str, Any] = json.loads(out.getvalue())["chains"][tenant.name]
    return chain


def findings(tenant: TenantModel) -> list[tuple[str, int, int | None]]:
    return [(found["damage"], found["place"], found["id"]) for found in verified(tenant)["findings"]]


def test_a_log_that_nobody_touched_is_whole(tenant: TenantModel, rows: list[tuple[int, int]]) -> None:
    assert verified(tenant)["rows"] >= 5
    out = StringIO()
    call_command("verify_audit", "--no-progress", stdout=out)
    assert "all as they were written" in out.getvalue()
    assert "(installation)" in out.getvalue()


@pytest.mark.parametrize(
    "change",
    ["action = 'forged'", "actor_id = gen_random_uuid()", "details = '{\"a\": 1}'", "created_at = now()",
     "object_id = 'x'", "ip_address = 'x'", "request_id = 'x'", "hash = repeat('0', 64)"],
)  # fmt: skip
def test_a_changed_row_is_named(tenant: TenantModel, rows: list[tuple[int, int]], change: str) -> None:
    row_id, place = rows[2]
    tamper((f"UPDATE audit_auditlog SET {change} WHERE id = %s", [row_id]))
    assert findings(tenant) == [("changed", place, row_id)]


def test_a_row_that_was_changed_with_its_hash_is_named(tenant: TenantModel, rows: list[tuple[int, int]]) -> None:
    row_id, place = rows[2]
    tamper(("UPDATE audit_auditlog SET action = 'forged' WHERE id = %s", [row_id]), (REHASH, [row_id]))
    assert findings(tenant) == [("changed", place, row_id)]


def test_a_removed_row_is_named(tenant: TenantModel, rows: list[tuple[int, int]]) -> None:
    gone = rows[1:3]
    tamper(("DELETE FROM audit_auditlog WHERE id = ANY(%s)", [[row_id for row_id, _place in gone]]))
    assert findings(tenant) == [("removed", place, None) for _row_id, place in gone]


def test_two_rows_that_changed_places_are_named(tenant: TenantModel, rows: list[tuple[int, int]]) -> None:
    (one, first), (other, second) = rows[1], rows[3]
    move = "UPDATE audit_auditlog SET position = %s WHERE id = %s"
    tamper((move, [-1, one]), (move, [first, other]), (move, [second, one]))
    told = verified(tenant)["findings"]
    assert [(found["damage"], found["id"], found["place"], found["written_at"]) for found in told] == [
        ("moved", other, first, second),
        ("moved", one, second, first),
    ]


def test_a_row_that_was_moved_to_the_end_is_named(tenant: TenantModel, rows: list[tuple[int, int]]) -> None:
    row_id, _place = rows[1]
    end = rows[-1][1] + 1
    tamper(("UPDATE audit_auditlog SET position = %s WHERE id = %s", [end, row_id]))
    assert findings(tenant) == [("moved", end, row_id)]


def test_a_row_that_was_put_into_a_neighbours_chain_is_named_there(
    tenant: TenantModel, neighbour: TenantModel, rows: list[tuple[int, int]]
) -> None:
    with in_tenant(neighbour):
        ends = AuditLog.objects.count()
    tamper(
        ("UPDATE audit_auditlog SET tenant_id = %s, position = %s WHERE id = %s", [neighbour.pk, ends + 1, rows[2][0]])
    )
    assert findings(tenant) == [("removed", rows[2][1], None)]
    assert ("changed", ends + 1, rows[2][0]) in findings(neighbour)


def test_an_end_that_was_cut_off_since_the_last_check_is_found(
    tenant: TenantModel, rows: list[tuple[int, int]]
) -> None:
    assert verified(tenant)["is_whole"]
    tamper(("DELETE FROM audit_auditlog WHERE id = %s", [rows[-1][0]]))
    told = verified(tenant)
    assert (told["findings"], told["fits_checkpoint"], told["is_whole"]) == ([], False, False)


def test_a_checkpoint_that_was_forged_is_found(
    tenant: TenantModel, rows: list[tuple[int, int]], own_folder: Path
) -> None:
    assert verified(tenant)["is_whole"]
    path = own_folder / "audit" / f"{tenant.pk}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "place": 1}))
    assert not verified(tenant)["fits_checkpoint"]


def test_the_command_says_it_in_words(tenant: TenantModel, rows: list[tuple[int, int]]) -> None:
    out = StringIO()
    tamper(("DELETE FROM audit_auditlog WHERE id = %s", [rows[1][0]]))
    with pytest.raises(CommandError):
        call_command("verify_audit", "--no-progress", tenant=tenant.name, stdout=out)
    assert f"The entry at place {rows[1][1]} was removed." in out.getvalue()


def test_each_night_every_chain_is_verified_and_a_broken_one_is_told_of(
    tenant: TenantModel, rows: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = SCHEDULES["audit.verify"]
    told: list[tuple[str, dict[str, Any]]] = []
    assert entry.every == timedelta(days=1)
    with tenant_scope(tenant):
        assert entry.run() == f"{len(rows)} entries"
    tamper(("DELETE FROM audit_auditlog WHERE id = %s", [rows[1][0]]))
    monkeypatch.setattr("audit.services.verifying.log_security", lambda event, **ids: told.append((event, ids)))
    with tenant_scope(tenant), pytest.raises(BrokenChainError, match="verify_audit"):
        entry.run()
    assert told == [("audit_not_whole", {"tenant": tenant.pk})]
