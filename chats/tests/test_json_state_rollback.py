"""Undoing a migration of JSON state: exactly, also after later changes, and never what others wrote unasked."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import AuditLog
from chats.models import ChatModel, Contact, ContactState, JsonStateBatch, JsonStateChange, Thread
from chats.services.database_service import DatabaseService
from chats.services.json_state import undoing
from chats.services.json_state.batches import count_old_batches, remove_old_batches
from chats.services.lifecycle import create_chat
from chats.tests.json_state_files import ANA, GUESTS, JUAN, THREADS, rows, run, written
from tenants.lifecycle import Cleaning
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db
EVERYTHING = {JUAN: {**GUESTS[JUAN], "lastVoiceInput": "2025-01-27T10:00:00Z", "age": 40}}


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def known(tenant: TenantModel) -> Contact:
    """Juan, who is known already under another name, with a thread and a state."""
    with tenant_scope(tenant):
        service = DatabaseService()
        service.save_thread(JUAN, "thread_old", "old@s.whatsapp.net", "Juancho")
        service.save_user_state(JUAN, preferences={"tone": "formal"})
    with in_tenant(tenant):
        Contact.objects.update(labels=["Amigo"], last_activity=timezone.now() - timedelta(days=900))
        return Contact.objects.get()


def rolled_back(batch: str, *arguments: str) -> dict[str, Any]:
    return run(*arguments, rollback=batch)


@pytest.mark.django_db(transaction=True)
def test_everything_is_as_it_was(tenant: TenantModel, known: Contact, tmp_path: Path) -> None:
    before = rows(tenant)
    told = run(**written(tmp_path, THREADS, EVERYTHING))
    assert (told["contacts_changed"], told["contacts_made"], told["threads_changed"]) == (1, 1, 1)
    assert (told["states_changed"], told["proof"]["lost"], told["error"]) == (1, [], "")
    assert rows(tenant) != before
    undone = rolled_back(told["batch"])
    assert (undone["undone"], undone["error"], undone["changed_since"]) == (True, "", [])
    assert rows(tenant) == before


def test_the_copies_are_there_afterwards_to_go_back_to(tenant: TenantModel, tmp_path: Path) -> None:
    files = written(tmp_path, THREADS)
    batch = run(**files)["batch"]
    files["threads"].unlink()
    (path,) = rolled_back(batch)["copies"]
    with default_storage.open(path) as copy:
        assert copy.read().startswith(b'{"573001234567"')


def test_it_is_done_once_and_can_be_migrated_again(tenant: TenantModel, tmp_path: Path) -> None:
    files = written(tmp_path, THREADS)
    batch = run(**files)["batch"]
    rolled_back(batch)
    assert "undone already" in rolled_back(batch)["error"]
    assert run(**files)["contacts_made"] == 2
    assert [one["state"] for one in run("--list")["batches"]] == ["done", "undone"]


def test_later_changes_are_listed_and_undone_only_when_that_is_confirmed(
    tenant: TenantModel, known: Contact, tmp_path: Path
) -> None:
    before = rows(tenant)
    batch = run(**written(tmp_path, THREADS, GUESTS))["batch"]
    with in_tenant(tenant):
        Contact.objects.filter(external_id=JUAN).update(name="Don Juan")
        Contact.objects.filter(external_id=ANA).update(email="ana@example.org")
    changed = rows(tenant)
    refused = rolled_back(batch)
    assert "--overwrite" in refused["error"]
    later = {(one["contact"], one["name"]): (one["now"], one["becomes"]) for one in refused["changed_since"]}
    assert later == {(JUAN, "name"): ("Don Juan", "Juancho"), (ANA, "email"): ("ana@example.org", None)}
    assert "Don Juan" in refused["said"]
    assert rows(tenant) == changed
    assert rolled_back(batch, "--overwrite")["undone"] is True
    assert rows(tenant) == before


def test_labels_that_others_added_stay(tenant: TenantModel, known: Contact, tmp_path: Path) -> None:
    batch = run(**written(tmp_path, guests=GUESTS))["batch"]
    with in_tenant(tenant):
        Contact.objects.update(labels=["Amigo", "Potencial", "Consulta", "VIP"])
    assert rolled_back(batch)["error"] == ""
    with in_tenant(tenant):
        assert Contact.objects.get().labels == ["Amigo", "VIP"]


def test_a_contact_with_conversations_stays_as_their_person(tenant: TenantModel, tmp_path: Path) -> None:
    batch = run(**written(tmp_path, THREADS, GUESTS))["batch"]
    with in_tenant(tenant):
        chat = create_chat(user_id=JUAN, channel="whatsapp")
    undone = rolled_back(batch)
    assert (undone["contacts_kept"], undone["contacts_removed"], undone["threads_removed"]) == (1, 1, 2)
    with in_tenant(tenant):
        contact = Contact.objects.get()
        assert (contact.external_id, contact.name, contact.labels) == (JUAN, "", [])
        assert ChatModel.objects.get(pk=chat.pk).contact_id == contact.pk
        assert not Thread.objects.exists()


def test_a_thread_of_later_keeps_the_contact(tenant: TenantModel, tmp_path: Path) -> None:
    batch = run(**written(tmp_path, THREADS))["batch"]
    with tenant_scope(tenant):
        DatabaseService().save_thread(ANA, "thread_new", "")
    assert "--overwrite" in rolled_back(batch)["error"]  # the batch's thread is not active any more
    assert rolled_back(batch, "--overwrite")["contacts_kept"] == 1
    with tenant_scope(tenant):
        assert DatabaseService().get_thread(ANA) == "thread_new"


def test_a_later_batch_over_the_same_people_goes_first(tenant: TenantModel, tmp_path: Path) -> None:
    before = rows(tenant)
    first = run(**written(tmp_path, THREADS))["batch"]
    second = run(**written(tmp_path, guests={JUAN: {"name": "Juan P.", "labels": ["VIP"]}}))["batch"]
    refused = rolled_back(first, "--overwrite")
    assert (second in refused["error"], refused["undone"]) == (True, False)
    rolled_back(second)
    assert rolled_back(first)["error"] == ""
    assert rows(tenant) == before


def test_a_rehearsal_says_what_would_be_undone(tenant: TenantModel, tmp_path: Path) -> None:
    batch = run(**written(tmp_path, THREADS))["batch"]
    before = rows(tenant)
    told = rolled_back(batch, "--dry-run")
    assert (told["contacts_removed"], told["undone"]) == (2, False)
    assert rows(tenant) == before


def test_undoing_that_was_cut_off_goes_on(tenant: TenantModel, tmp_path: Path, monkeypatch: Any) -> None:
    before = rows(tenant)
    batch = run(**written(tmp_path, THREADS, GUESTS))["batch"]
    monkeypatch.setattr(undoing, "PEOPLE_AT_ONCE", 1)
    with tenant_scope(tenant):
        with in_tenant(tenant):
            stored = JsonStateBatch.objects.get()
        next(undoing.undo(stored))
    with in_tenant(tenant):
        assert Contact.objects.count() == 1
    assert rolled_back(batch)["undone"] is True
    assert rows(tenant) == before


def test_undoing_is_in_the_audit_log(tenant: TenantModel, tmp_path: Path) -> None:
    batch = run(**written(tmp_path, THREADS))["batch"]
    rolled_back(batch)
    with in_tenant(tenant):
        assert AuditLog.objects.get(action="json_state_undone").object_id == batch


def test_a_batch_goes_with_its_copies_when_it_was_kept_long_enough(
    tenant: TenantModel, tmp_path: Path, own_folder: Path
) -> None:
    run(**written(tmp_path, THREADS))
    with tenant_scope(tenant):
        assert list(remove_old_batches(Cleaning())) == []
        with in_tenant(tenant):
            JsonStateBatch.objects.update(created_at=timezone.now() - timedelta(days=366))
        assert count_old_batches(Cleaning()) == 1
        assert [removed.rows for removed in remove_old_batches(Cleaning())] == [1]
    assert not [path for path in own_folder.rglob("*") if path.is_file()]
    with in_tenant(tenant):
        assert (Contact.objects.count(), JsonStateChange.objects.count()) == (2, 0)
        assert not ContactState.objects.exists()


@pytest.mark.parametrize("name", ["x", "00000000-0000-7000-8000-000000000000"])
def test_a_batch_that_is_none_is_refused(tenant: TenantModel, name: str) -> None:
    with pytest.raises(CommandError, match="no batch"):
        call_command("migrate_json_state", rollback=name)


def test_it_tells_in_words_too(tenant: TenantModel, tmp_path: Path, capsys: Any) -> None:
    call_command("migrate_json_state", "--no-progress", **written(tmp_path, THREADS))
    out = capsys.readouterr().out
    batch = out.partition("Batch ")[2][:36]
    assert "2 entries: contacts made 2, threads made 2; 0 bad" in out
    call_command("migrate_json_state", "--list")
    assert batch in capsys.readouterr().out
    call_command("migrate_json_state", "--lang=es", "--no-progress", rollback=batch)
    assert "Deshecho: contactos eliminados 2, hilos eliminados 2" in capsys.readouterr().out
