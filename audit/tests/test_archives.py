"""Old ranges of the audit log go into signed files, and what is left still proves itself."""

import gzip
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from audit.models import AuditArchive, AuditLog
from audit.services import AuditService, archiving
from audit.services.archives import Archive, archives_of
from audit.tests.test_verify_audit import tamper, verified
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant
from tests.support.database import owner_connection

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
# What entries look like that were written long ago: their times, and the hashes that they would have had.
AGE = """
DO $$ DECLARE entry audit_auditlog; before text := ''; BEGIN
    UPDATE audit_auditlog SET created_at = now() - interval '60 days' WHERE object_type = 'old';
    FOR entry IN SELECT * FROM audit_auditlog WHERE tenant_id IS NOT DISTINCT FROM {tenant} ORDER BY position LOOP
        UPDATE audit_auditlog l SET previous_hash = before, hash = audit_row_hash(l, before, l.position)
        WHERE id = entry.id RETURNING hash INTO before;
    END LOOP;
END $$
"""
DAY = (timezone.now() - timedelta(days=40)).strftime("%Y-%m-%d")


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def fill(tenant: TenantModel | None) -> None:
    """Write four entries of sixty days ago and two of now, and nothing before them."""
    tamper(("DELETE FROM audit_auditlog WHERE tenant_id IS NOT DISTINCT FROM %s", [tenant and tenant.pk]))
    for kind in ("old",) * 4 + ("new",) * 2:
        AuditService.log_event("tried", None, tenant, kind, "")
    with owner_connection(connection.settings_dict["NAME"]) as role, role.transaction():
        role.execute("ALTER TABLE audit_auditlog DISABLE TRIGGER USER")
        role.execute(AGE.format(tenant=f"'{tenant.pk}'" if tenant else "NULL"))
        role.execute("ALTER TABLE audit_auditlog ENABLE TRIGGER USER")


@pytest.fixture
def filled(tenant: TenantModel) -> TenantModel:
    fill(tenant)
    return tenant


@pytest.fixture
def archived(filled: TenantModel) -> TenantModel:
    """A tenant whose four old entries are archived."""
    assert run(filled) == {filled.name: 4}
    return filled


def run(tenant: TenantModel, *options: str, before: str = DAY) -> dict[str, int]:
    out = StringIO()
    call_command("archive_audit", "--json", "--no-progress", *options, before=before, tenant=tenant.name, stdout=out)
    counts: dict[str, int] = json.loads(out.getvalue())["archived"]
    return counts


def places(tenant: TenantModel) -> list[int | None]:
    with in_tenant(tenant):
        return list(AuditLog.objects.order_by("position").values_list("position", flat=True))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "audit" / "archives").rglob("*.gz"))


def test_old_entries_leave_the_log_and_the_rest_still_verifies(archived: TenantModel) -> None:
    assert places(archived)[:2] == [5, 6]
    told = verified(archived)
    assert (told["is_whole"], told["archived_through"], told["archives_elsewhere"]) == (True, 4, [])
    out = StringIO()
    call_command("verify_audit", "--no-progress", tenant=archived.name, stdout=out)
    assert "The entries up to place 4 are archived." in out.getvalue()


def test_the_file_has_the_entries_as_they_were_and_their_hashes(archived: TenantModel, own_folder: Path) -> None:
    (path,) = files(own_folder)
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert [(line["position"], line["object_type"]) for line in lines] == [(place, "old") for place in range(1, 5)]
    with connection.cursor() as cursor:
        for line in lines:
            cursor.execute(
                "SELECT audit_row_hash(jsonb_populate_record(NULL::audit_auditlog, %s), %s, %s)",
                [json.dumps(line), line["previous_hash"], line["position"]],
            )
            assert cursor.fetchone() == (line["hash"],)


def test_the_next_range_begins_behind_the_last_one(
    archived: TenantModel, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(("UPDATE audit_auditlog SET created_at = now() - interval '50 days'", []))
    fix_hashes(archived)
    (own_folder / "audit" / f"{archived.pk}.json").unlink()  # the last check saw other hashes
    monkeypatch.setattr(archiving, "AT_ONCE", 1)
    last = places(archived)[-1]
    assert run(archived) == {archived.name: (last or 0) - 5}
    assert [(one.first_place, one.last_place) for one in archives(archived)][:2] == [(1, 4), (5, 5)]
    assert verified(archived)["is_whole"]
    assert len(files(own_folder)) == 1 + (last or 0) - 5


def fix_hashes(tenant: TenantModel) -> None:
    """Give changed entries the hashes that they would have had."""
    end = archives(tenant)[-1].last_hash
    with owner_connection(connection.settings_dict["NAME"]) as role, role.transaction():
        role.execute("ALTER TABLE audit_auditlog DISABLE TRIGGER USER")
        role.execute(AGE.format(tenant=f"'{tenant.pk}'").replace("text := ''", f"text := '{end}'"))
        role.execute("ALTER TABLE audit_auditlog ENABLE TRIGGER USER")


def archives(tenant: TenantModel) -> list[Archive]:
    with in_tenant(tenant):
        return list(archives_of(tenant.pk))


def test_the_installations_own_chain_is_archived_too(tenant: TenantModel) -> None:
    fill(None)
    out = StringIO()
    call_command("archive_audit", "--json", "--no-progress", before=DAY, stdout=out)
    assert json.loads(out.getvalue())["archived"]["(installation)"] == 4
    call_command("verify_audit", "--json", "--no-progress", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())["chains"]["(installation)"]["archived_through"] == 4


def test_a_rehearsal_counts_and_a_neighbours_log_stays(filled: TenantModel, neighbour: TenantModel) -> None:
    assert run(filled, "--dry-run") == {filled.name: 4}
    assert run(neighbour) == {neighbour.name: 0}
    assert places(filled)[0] == 1


def test_what_was_archived_is_itself_in_the_log(archived: TenantModel) -> None:
    with in_tenant(archived):
        entry = AuditLog.objects.get(action="audit_archived")
    assert (entry.object_id, entry.details["digest"]) == ("1-4", archives(archived)[0].digest)


@pytest.mark.parametrize(
    "change",
    ["action = 'forged' WHERE position = 5", "previous_hash = repeat('0', 64) WHERE position = 5",
     "object_id = 'x' WHERE position = 6"],
)  # fmt: skip
def test_an_entry_that_was_changed_behind_the_archive_is_named(archived: TenantModel, change: str) -> None:
    tamper((f"UPDATE audit_auditlog SET {change} AND tenant_id = %s", [archived.pk]))
    place = int(change[-1])
    assert [(found["damage"], found["place"]) for found in verified(archived)["findings"]] == [("changed", place)]


def test_the_first_entry_behind_the_archive_cannot_be_removed_unseen(archived: TenantModel) -> None:
    tamper(("DELETE FROM audit_auditlog WHERE position = 5 AND tenant_id = %s", [archived.pk]))
    assert [(found["damage"], found["place"]) for found in verified(archived)["findings"]] == [("removed", 5)]


def test_entries_that_somebody_took_out_as_if_to_archive_them_are_named(filled: TenantModel) -> None:
    """Whoever owns the database can write the archive's row, and has not the key to sign it."""
    tamper(("DELETE FROM audit_auditlog WHERE position <= 4 AND tenant_id = %s", [filled.pk]))
    tamperarchives(
        "INSERT INTO audit_auditarchive (tenant_id, first_place, last_place, last_hash, digest, signature)"
        " SELECT tenant_id, 1, 4, previous_hash, repeat('0', 64), repeat('0', 64) FROM audit_auditlog"
        f" WHERE position = 5 AND tenant_id = '{filled.pk}'"
    )
    told = verified(filled)
    assert (told["archived_through"], told["archives_forged"]) == (0, ["1-4"])
    assert [found["place"] for found in told["findings"] if found["damage"] == "removed"] == [1, 2, 3, 4]


def test_an_archive_whose_row_was_removed_or_changed_is_found(archived: TenantModel) -> None:
    tamperarchives("UPDATE audit_auditarchive SET last_place = 5")
    assert verified(archived)["archives_forged"] == ["1-5"]
    tamperarchives("DELETE FROM audit_auditarchive")
    assert [found["place"] for found in verified(archived)["findings"]][:4] == [1, 2, 3, 4]


def tamperarchives(statement: str) -> None:
    with owner_connection(connection.settings_dict["NAME"]) as role, role.transaction():
        role.execute("ALTER TABLE audit_auditarchive DISABLE TRIGGER USER")
        role.execute(statement)
        role.execute("ALTER TABLE audit_auditarchive ENABLE TRIGGER USER")


def test_a_changed_file_is_found_and_one_that_was_taken_elsewhere_is_told_of(
    archived: TenantModel, own_folder: Path
) -> None:
    (path,) = files(own_folder)
    kept = path.read_bytes()
    path.write_bytes(gzip.compress(gzip.decompress(kept).replace(b"tried", b"forged")))
    told = verified(archived)
    assert (told["is_whole"], len(told["archives_changed"])) == (False, 1)
    path.unlink()
    told = verified(archived)
    assert (told["is_whole"], len(told["archives_elsewhere"])) == (True, 1)


def test_a_log_that_is_not_as_it_was_written_is_not_archived(filled: TenantModel) -> None:
    tamper(("UPDATE audit_auditlog SET action = 'forged' WHERE position = 2 AND tenant_id = %s", [filled.pk]))
    with pytest.raises(CommandError, match="nothing of it is archived"):
        run(filled)
    assert places(filled)[0] == 1


def test_entries_of_the_last_thirty_days_stay(filled: TenantModel) -> None:
    with pytest.raises(CommandError, match="thirty days"):
        run(filled, before=timezone.now().strftime("%Y-%m-%d"))
    with pytest.raises(CommandError, match="no day"):
        run(filled, before="yesterday")


def ask(alias: str, tenant: TenantModel, first: int, last: int, hashed: str) -> None:
    """Call the database's function past the program."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.pk)])
        cursor.execute("SELECT charla_archive_audit(%s, %s, %s, %s, '', '')", [tenant.pk, first, last, hashed])


@pytest.mark.parametrize(
    ("first", "last", "why"), [(2, 3, "begin at place 1"), (1, 5, "thirty days"), (1, 99, "last entry stays")]
)
def test_the_database_itself_archives_only_whole_old_ranges(
    filled: TenantModel, first: int, last: int, why: str
) -> None:
    with in_tenant(filled):
        hashed = AuditLog.objects.filter(position=last).values_list("hash", flat=True).first() or ""
    with pytest.raises(DatabaseError, match=why):
        ask(OPERATIONS, filled, first, last, hashed)
    with pytest.raises(DatabaseError, match="this hash"):
        ask(OPERATIONS, filled, 1, 4, "0" * 64)


def test_the_applications_role_and_who_has_another_tenant_open_may_not(
    filled: TenantModel, neighbour: TenantModel
) -> None:
    with in_tenant(filled):
        hashed = AuditLog.objects.values_list("hash", flat=True).get(position=4)
    with pytest.raises(DatabaseError, match="may not archive"):
        ask("default", filled, 1, 4, hashed)
    with (
        pytest.raises(DatabaseError, match="another tenant"),
        transaction.atomic(using=OPERATIONS),
        connections[OPERATIONS].cursor() as cursor,
    ):
        cursor.execute("SELECT charla_archive_audit(%s, 1, 4, %s, '', '')", [filled.pk, hashed])
    assert places(filled)[0] == 1


def test_nobody_writes_or_changes_what_was_archived(archived: TenantModel) -> None:
    with pytest.raises(DatabaseError, match="alone"), in_tenant(archived):
        AuditArchive.objects.create(first_place=5, last_place=5, last_hash="", digest="", signature="")
    for statement in ("UPDATE audit_auditarchive SET digest = ''", "DELETE FROM audit_auditarchive"):
        with owner_connection(connection.settings_dict["NAME"]) as role, pytest.raises(InsufficientPrivilege):
            role.execute(statement)


def test_the_log_stays_append_only_for_its_owner_too(filled: TenantModel) -> None:
    with owner_connection(connection.settings_dict["NAME"]) as role, pytest.raises(InsufficientPrivilege):
        role.execute("DELETE FROM audit_auditlog WHERE position = 1")
