"""From a running installation into a file and back: everything, or nothing."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from psycopg.conninfo import make_conninfo

from chats.models import ChatModel, Contact, ContentChatModel
from chats.services.erasing_now import erase_now
from tenants.backup_models import Backup
from tenants.backups import databases, restoring
from tenants.backups.connecting import address, connect, owner_address
from tenants.backups.container import Reader
from tenants.backups.errors import BackupError, DamagedError
from tenants.backups.making import make
from tenants.backups.pointing import pointed_at
from tenants.backups.proving import prove, refuse_differences, spelled_alike
from tenants.backups.quarantine import held, release
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant
from tenants.services.schedules import SCHEDULES
from tenants.services.work import enqueue
from tests.support.database import owner_settings

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A folder for backups and one for files; the suite's owner; no database stays behind."""
    known = owner_settings(connection.settings_dict["NAME"])
    url = make_conninfo(
        host=known["HOST"], port=known["PORT"], user=known["USER"], password=known["PASSWORD"], dbname=known["NAME"]
    )
    settings.DATABASE_OWNER_URL = url
    settings.MEDIA_ROOT = tmp_path / "media"
    backup = {**settings.MANAGEMENT_COMMANDS["backup"], "directory": str(tmp_path / "backups")}
    settings.MANAGEMENT_COMMANDS = {**settings.MANAGEMENT_COMMANDS, "backup": backup}
    yield tmp_path
    settings.DATABASE_OWNER_URL = settings.DATABASE_OWNER_URL or url
    owner = owner_address()
    for name in [*databases.formers(owner, known["NAME"]), beside()]:
        databases.drop(owner, name)


def names() -> set[str]:
    """Return the databases of this process of the suite: its own one, and what was made beside it."""
    own = connection.settings_dict["NAME"]
    with connect(owner_address("postgres")) as maintenance:
        found = maintenance.execute("SELECT datname FROM pg_database").fetchall()
    return {name for (name,) in found if name.startswith(own)}


def beside() -> str:
    """Return the name of a second database that no other process of the suite makes."""
    return f"{connection.settings_dict['NAME']}_beside"


def say(chat: ChatModel, *words: str) -> None:
    """Store messages in a chat."""
    with in_tenant(chat.tenant_id):
        last = ContentChatModel.objects.filter(chat=chat).count()
        for number, text in enumerate(words, last + 1):
            ContentChatModel.objects.create(chat=chat, sequence=number, content=text, sender="user", language="es")


def said(tenant: TenantModel) -> list[str]:
    """Return what was said in a tenant."""
    with in_tenant(tenant):
        return list(ContentChatModel.objects.order_by("id").values_list("content", flat=True))


def test_what_was_there_is_there_again_and_what_came_later_is_gone(chat: ChatModel, tenant: TenantModel) -> None:
    say(chat, "¿Cuál es el horario?", "tab\there", "line\nbreak", "back\\slash", "\\.")
    before = said(tenant)
    made = make(kind="database")
    say(chat, "later")
    with in_tenant(tenant):
        ContentChatModel.objects.filter(sequence=1).delete()
    done = restoring.restore_database(made.path)
    assert said(tenant) == before
    assert done.database == connection.settings_dict["NAME"]
    assert done.former in names()


def test_the_former_database_is_kept_until_the_next_restore(chat: ChatModel) -> None:
    made = make(kind="database")
    first = restoring.restore_database(made.path).former
    connections.close_all()
    second = restoring.restore_database(made.path).former
    assert {first, second} & names() == {second}


def test_the_restored_database_is_the_same_to_the_last_row_trigger_and_privilege(
    chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "hold", lambda: 0)  # the one thing that comes on top: schedules that wait
    say(chat, "uno", "dos")
    made = make(kind="database")
    restoring.restore_database(made.path, into=beside())
    with Reader(made.path) as reader, connect(owner_address(beside())) as other:
        assert other.execute("SELECT count(*) FROM tenants_deletion").fetchone() == (0,)
        refuse_differences(reader, owner_address(beside()))


def test_a_difference_of_one_letter_is_seen(chat: ChatModel) -> None:
    say(chat, "uno", "dos")
    made = make(kind="database")
    restoring.restore_database(made.path, into=beside())
    with Reader(made.path) as reader, connect(owner_address(beside())) as other:
        other.execute("UPDATE chats_contentchatmodel SET content = 'tres' WHERE content = 'dos'")
        with pytest.raises(DamagedError, match="chats_contentchatmodel"):
            refuse_differences(reader, owner_address(beside()))


def test_the_application_is_bound_by_policies_in_the_restored_database(chat: ChatModel, neighbour: TenantModel) -> None:
    say(chat, "uno")
    restoring.restore_database(make(kind="database").path)
    assert said(neighbour) == []
    with connect(address("default")) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("TRUNCATE chats_contentchatmodel")


def test_new_rows_get_numbers_behind_the_old_ones(chat: ChatModel, tenant: TenantModel) -> None:
    say(chat, "uno")
    restoring.restore_database(make(kind="database").path)
    say(chat, "dos")
    assert said(tenant) == ["uno", "dos"]


def test_a_backup_holds_one_moment_even_while_rows_arrive(chat: ChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    say(chat, "uno")
    made = make(kind="database", told=lambda name: say(chat, f"while {name} was read"))
    with Reader(made.path) as reader:
        assert reader.manifest.part("table/chats_contentchatmodel").rows == 1


@pytest.mark.parametrize("place", [40, 300, 0.5, 0.9, -1])
def test_a_damaged_backup_changes_nothing(chat: ChatModel, tenant: TenantModel, place: float) -> None:
    say(chat, "uno")
    made, there = make(kind="database"), names()
    content = bytearray(made.path.read_bytes())
    content[int(place * len(content)) if 0 < place < 1 else int(place)] ^= 4
    made.path.write_bytes(content)
    say(chat, "dos")
    with pytest.raises(DamagedError):
        restoring.restore_database(made.path)
    assert said(tenant) == ["uno", "dos"]
    assert names() == there


def test_a_restore_that_fails_in_the_middle_leaves_the_old_database(
    chat: ChatModel, tenant: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(chat, "uno")
    made, there = make(kind="database"), names()
    monkeypatch.setattr(restoring, "hold", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        restoring.restore_database(made.path)
    assert (said(tenant), names()) == (["uno"], there)


def test_what_a_killed_restore_left_goes_with_the_next_one(chat: ChatModel) -> None:
    made, there = make(kind="database"), names()
    left = databases.restored_name(connection.settings_dict["NAME"])
    databases.make_empty(owner_address(), left)
    assert left in names()
    assert names() - there == {left}
    restoring.restore_database(made.path)
    assert left not in names()


def test_two_restores_at_once_are_one(chat: ChatModel, tenant: TenantModel, monkeypatch: pytest.MonkeyPatch) -> None:
    say(chat, "uno")
    made = make(kind="database")
    say(chat, "dos")
    monkeypatch.setattr(databases, "PATIENCE", "200ms")
    with (
        databases.alone(owner_address(), connection.settings_dict["NAME"]),
        pytest.raises(BackupError, match="under way"),
    ):
        restoring.restore_database(made.path)
    assert said(tenant) == ["uno", "dos"]


def test_a_database_that_is_there_is_never_filled(chat: ChatModel) -> None:
    made = make(kind="database")
    with pytest.raises(BackupError, match="already"):
        restoring.restore_database(made.path, into=connection.settings_dict["NAME"])


def test_outgoing_work_is_held_until_it_is_released(chat: ChatModel, tenant: TenantModel) -> None:
    for kind in ("turn", "delivery", "notification", "analysis", "signal_retry", "import"):
        with in_tenant(tenant):
            enqueue(kind=kind, dedupe_key=f"{kind}:1", tenant_id=tenant.pk, ref_id="1")
    restoring.restore_database(make(kind="database").path)
    senders = sum(entry.sends_out for _name, entry in SCHEDULES.items())
    outgoing = {"analysis": 1, "delivery": 1, "notification": 1, "signal_retry": 1, "turn": 1}
    assert held() == {**outgoing, "schedule": senders}
    assert release(str(tenant.pk)) == 5 + senders
    assert set(WorkItem.objects.values_list("state", flat=True)) == {"ready"}


def test_who_was_erased_since_the_backup_is_erased_again(chat: ChatModel, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        contact = Contact.objects.get(pk=chat.contact_id)
        Contact.objects.filter(pk=contact.pk).update(name="Rosa Gil")
    made = make(kind="database")
    erase_now(tenant, contact.pk)
    done = restoring.restore_database(made.path)
    with in_tenant(tenant):
        assert Contact.objects.get(pk=contact.pk).name != "Rosa Gil"
    assert done.steps["chats.erasures"] == 1


def test_a_backup_of_a_newer_program_is_refused(chat: ChatModel) -> None:
    with connect(owner_address()) as owner:
        owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('chats', '9999_future', now())")
        try:
            made = make(kind="database")
        finally:
            owner.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    with pytest.raises(BackupError, match="newer Charla"):
        restoring.restore_database(made.path)


def test_a_backup_of_an_older_program_is_migrated(chat: ChatModel, tenant: TenantModel) -> None:
    say(chat, "uno")
    restoring.restore_database(make(kind="database").path, into=beside())
    with connect(owner_address(beside())) as older:
        older.execute("DELETE FROM django_migrations WHERE app = 'tenants' AND name >= '0011'")
        older.execute("DROP TABLE tenants_backup, tenants_deletion, tenants_exportmark")
        older.execute("DROP FUNCTION charla_record_deletions() CASCADE")
    with pointed_at(beside()):
        made = make(kind="database")
    done = restoring.restore_database(made.path)
    assert done.migrated == 3
    assert said(tenant) == ["uno"]
    assert not Backup.objects.exists()


def test_the_deepest_verification_restores_into_a_server_of_its_own(chat: ChatModel) -> None:
    say(chat, "uno", "dos")
    made = make(kind="database")
    assert prove(made.path, depth="restore").tables == len(made.manifest.under("table/"))


def test_a_schema_is_the_same_in_both_of_the_spellings_that_postgresql_gives_a_list() -> None:
    first = "CHECK (a = ANY ((ARRAY['x'::character varying, 'it''s'::character varying])::text[]))"
    then = "CHECK (a = ANY (ARRAY[('x'::character varying)::text, ('it''s'::character varying)::text]))"
    assert spelled_alike(first) == spelled_alike(then) == then
    assert spelled_alike(first.replace("'x'", "'y'")) != then


def run(command: str, *arguments: str) -> dict[str, Any]:
    """Run a command with --json; return what it said."""
    out = StringIO()
    call_command(command, *arguments, "--json", "--no-progress", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_the_commands_go_all_the_way(chat: ChatModel, tenant: TenantModel) -> None:
    say(chat, "uno")
    made = run("backup_data", "--type=database")
    assert run("backup_data", f"--verify={made['path']}")["whole"] is True
    say(chat, "dos")
    assert run("restore_data", made["path"])["rows"] > 0
    assert said(tenant) == ["uno"]
    (listed,) = run("backup_data", "--list")["backups"]
    assert listed["id"] == made["id"]
    assert Backup.objects.get().checked_at is not None


def test_a_dry_run_writes_nothing(chat: ChatModel, folder: Path) -> None:
    run("backup_data", "--dry-run")
    assert not (folder / "backups").exists()


def test_a_refusal_is_a_sentence(folder: Path) -> None:
    (folder / "x.backup").write_text("hello")
    with pytest.raises(CommandError, match="no backup of Charla"):
        call_command("restore_data", str(folder / "x.backup"))


def test_restoring_without_the_owners_address_says_what_is_missing(chat: ChatModel, settings: Any) -> None:
    made = make(kind="database")
    settings.DATABASE_OWNER_URL = ""
    with pytest.raises(BackupError, match="DATABASE_OWNER_URL"):
        restoring.restore_database(made.path)
