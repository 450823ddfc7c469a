"""preflight: what an upgrade needs, and what it will hold up."""

import io
import json
import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from metrics.services import preflight
from metrics.services.preflight import PREFLIGHT, lock_of
from tenants.backup_models import Backup
from tenants.backups.container import Writer
from tenants.backups.manifest import Manifest
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.work import enqueue
from tests.support.database import owner_connection

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
Usage = namedtuple("Usage", "total used free")


def run() -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status and its answer."""
    out, status = io.StringIO(), 0
    try:
        call_command("preflight", json=True, stdout=out)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue())


def failed(told: dict[str, Any]) -> list[str]:
    """Return the steps that keep an upgrade from being begun."""
    return [name for name, answers in told["steps"].items() if not all(answer["is_well"] for answer in answers)]


def written(
    folder: Path, name: str, *, hours: float = 0, counts: dict[str, int] | None = None, **told: Any
) -> Manifest:
    """Write a backup that says of itself how old it is and what it holds."""
    made = (datetime.now(tz=UTC) - timedelta(hours=hours)).isoformat()
    manifest = Manifest(str(uuid4()), "database", made, "1", counts={"a": 1} if counts is None else counts, **told)
    with (folder / f"{name}.backup").open("wb") as file:
        return Writer(file, compress=True, encrypt=True).finish(manifest)


def prove(manifest: Manifest) -> None:
    """Note that a backup was proved restorable."""
    Backup.objects.create(pk=manifest.id, kind="database", path="", proved_at=datetime.now(tz=UTC))


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """An empty folder for backups."""
    settings.MANAGEMENT_COMMANDS = {**settings.MANAGEMENT_COMMANDS, "backup": {"directory": str(tmp_path)}}
    return tmp_path


@pytest.fixture
def backups(folder: Path) -> Path:
    """A folder with a backup of just now that was proved."""
    prove(written(folder, "charla"))
    return folder


def test_an_installation_in_order_is_ready(backups: Path) -> None:
    status, told = run()
    assert (status, told["ready"], failed(told)) == (0, True, [])
    assert "PostgreSQL 18" in told["steps"]["versions"][1]["says"]


def test_an_old_backup_is_not_one_however_new_its_file_is(folder: Path) -> None:
    prove(written(folder, "charla", hours=30))
    status, told = run()
    assert (status, failed(told)) == (1, ["backup"])
    assert "30.0 hours" in told["steps"]["backup"][0]["says"]


def test_a_backup_that_does_not_open_is_not_one(backups: Path) -> None:
    file = backups / "charla.backup"
    file.write_bytes(file.read_bytes()[:-1])
    assert failed(run()[1]) == ["backup"]


def test_a_backup_that_was_cut_off_is_not_one(backups: Path) -> None:
    (backups / "charla.backup").rename(backups / "charla.backup.partial")
    assert failed(run()[1]) == ["backup"]


def test_backups_of_one_tenant_or_without_the_database_are_none(folder: Path) -> None:
    prove(written(folder, "tenant", tenant={"id": "1", "name": "acme"}))
    prove(written(folder, "media", counts={}))
    assert "no backup of the database" in run()[1]["steps"]["backup"][0]["says"]


def test_a_backup_that_nobody_proved_is_told(folder: Path) -> None:
    written(folder, "charla")
    told = run()[1]
    assert failed(told) == ["backup"]
    assert "ever proved" in told["steps"]["backup"][1]["says"]


def test_the_proof_may_be_of_a_few_days_ago(folder: Path) -> None:
    written(folder, "charla")
    prove(written(folder, "older", hours=100))
    assert failed(run()[1]) == []


def test_the_proof_may_not_be_of_weeks_ago(folder: Path) -> None:
    written(folder, "charla")
    prove(written(folder, "older", hours=400))
    assert failed(run()[1]) == ["backup"]


def test_a_full_disk_is_told(backups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 10**6))
    assert failed(run()[1]) == ["space"]


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
def test_work_that_was_given_up_is_told(backups: Path, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        enqueue(kind="turn", dedupe_key="message:1", tenant_id=tenant.pk, ref_id="1")
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("UPDATE tenants_workitem SET state = 'dead'")
    assert failed(run()[1]) == ["work"]


def test_a_server_that_is_away_is_told(backups: Path, settings: Any) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert failed(run()[1]) == ["versions"]


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])  # some migrations refuse to be in one
def test_a_pending_migration_is_named_with_whom_it_holds_up(backups: Path) -> None:
    with owner_connection(connections["default"].settings_dict["NAME"]) as owner:
        gone = owner.execute(
            "DELETE FROM django_migrations WHERE app = 'chats' AND name > '0019' RETURNING name"
        ).fetchall()
        try:
            told = run()[1]["steps"]["migrations"]
        finally:
            for name in gone:
                owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('chats', %s, now())", name)
    assert [answer["says"] for answer in told if "message_search_index" in answer["says"]] == [
        "chats.0019_message_search_index: chats_contentchatmodel: nobody waits; moves data in batches"
    ]


@pytest.mark.parametrize(
    ("statement", "lock"),
    [
        ("CREATE INDEX CONCURRENTLY a ON chats_chatmodel (id)", "nobody waits"),
        ('CREATE INDEX "a" ON "chats_chatmodel" ("id")', "writers wait until the index is built"),
        ('ALTER TABLE "chats_chatmodel" ADD COLUMN "x" integer', "everybody waits"),
        ("ALTER TABLE chats_chatmodel ADD CONSTRAINT a FOREIGN KEY (x) REFERENCES y", "writers wait"),
        ("UPDATE chats_chatmodel SET x = 1", "rows are changed"),
        ("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE chats_chatmodel SET x = 1; END $$", ""),
        ("-- a remark\nALTER TABLE chats_chatmodel DROP COLUMN x", "everybody waits"),
    ],
)
def test_a_statements_lock_is_told_at_its_table(statement: str, lock: str) -> None:
    assert lock_of(statement) == (f"chats_chatmodel: {lock}" if lock else "")


def test_a_large_table_is_told_with_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    with owner_connection(connections["default"].settings_dict["NAME"]) as owner:
        owner.execute("ANALYZE django_migrations")
    monkeypatch.setattr(preflight, "LARGE", 10)
    assert "rows)" in lock_of("ALTER TABLE django_migrations ADD COLUMN x integer")


def test_a_new_table_holds_nobody_up() -> None:
    assert lock_of('CREATE TABLE "brand_new" ("id" bigint)') == ""
    assert lock_of("ALTER TABLE brand_new ADD COLUMN x integer") == ""


def test_apps_add_steps_of_their_own() -> None:
    def step() -> Any:
        yield preflight.Answer(is_well=False, says="not yet")

    out = io.StringIO()
    with PREFLIGHT.lent(mine=step), pytest.raises(CommandError, match="mine"):
        call_command("preflight", stdout=out, lang="es")
    assert "not yet" in out.getvalue()
