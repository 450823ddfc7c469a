"""Migrating JSON state (json-to-postgresql.md, commands.md): nothing lost, nothing twice, every bad entry told."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from audit.models import AuditLog
from chats.models import Contact, ContactState, JsonStateBatch, JsonStateChange, Thread
from chats.services.database_service import DatabaseService
from chats.services.erasing_now import erase_now
from chats.services.json_state import migrating
from chats.services.json_state.reading import GUESTS as GUESTS_FILE
from chats.services.json_state.reading import THREADS as THREADS_FILE
from chats.services.json_state.writing import Outcome, store
from chats.tests.json_state_files import ANA, GUESTS, JUAN, THREADS, rows, run, written
from chats.tests.json_state_fuzzing import inputs_of, read
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tests.support.dumps import dumped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.mark.django_db(transaction=True)
def test_threads_names_labels_and_times_arrive(tenant: TenantModel, tmp_path: Path) -> None:
    told = run(**written(tmp_path, THREADS, GUESTS))
    assert (told["entries"], told["contacts_made"], told["threads_made"], told["error"]) == (3, 2, 2, "")
    with in_tenant(tenant):
        juan = Contact.objects.get(external_id=JUAN, channel="whatsapp")
        assert (juan.name, juan.chat_address) == ("Juan Pérez", f"{JUAN}@s.whatsapp.net")
        assert juan.labels == ["Potencial", "Consulta"]
        assert juan.last_activity.isoformat() == "2025-01-27T00:00:00+00:00"
        assert Thread.objects.get(contact=juan).external_thread_id == "thread_abc123"
    with tenant_scope(tenant):
        assert DatabaseService().get_thread(ANA) == "thread_def456"


def test_a_day_without_a_zone_is_the_tenants(tenant: TenantModel, tmp_path: Path) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(timezone="America/Bogota")
    run(**written(tmp_path, guests=GUESTS))
    with in_tenant(tenant):
        assert Contact.objects.get().last_activity.isoformat() == "2025-01-27T05:00:00+00:00"


def test_counts_and_digests_prove_that_nothing_is_lost(tenant: TenantModel, tmp_path: Path) -> None:
    proof = run(**written(tmp_path, THREADS, GUESTS))["proof"]
    assert (proof["people"], proof["lost"], proof["changed_since"]) == (2, [], 0)
    assert proof["sha256_of_files"] == proof["sha256_of_database"]


def test_the_proof_finds_what_is_missing(tenant: TenantModel, tmp_path: Path, monkeypatch: Any) -> None:
    def forgetful(people: Any, batch: Any) -> Outcome:
        outcome = store(people, batch)
        Contact.objects.filter(external_id=ANA).update(name="")
        JsonStateChange.objects.filter(contact__external_id=ANA, table="contact").delete()
        return outcome

    monkeypatch.setattr(migrating, "store", forgetful)
    told = run(**written(tmp_path, THREADS))
    assert told["proof"]["lost"] == [ANA]
    assert told["proof"]["sha256_of_files"] != told["proof"]["sha256_of_database"]
    assert "--rollback" in told["error"]


def test_a_copy_of_each_source_is_kept_as_it_was(tenant: TenantModel, tmp_path: Path) -> None:
    files = written(tmp_path, THREADS, GUESTS)
    copies = run(**files)["copies"]
    assert len(copies) == 2
    for path, source in zip(copies, files.values(), strict=True):
        with default_storage.open(path) as stored:
            assert stored.read() == source.read_bytes()
    (batch,) = run("--list")["batches"]
    assert batch["threads_sha256"] == hashlib.sha256(files["threads"].read_bytes()).hexdigest()
    assert batch["copies"] == copies


def test_running_again_adds_nothing(tenant: TenantModel, tmp_path: Path) -> None:
    files = written(tmp_path, THREADS, GUESTS)
    run(**files)
    before = rows(tenant)
    again = run(**files)
    assert (again["batch"], again["error"], again["proof"]["lost"]) == (None, "", [])
    assert rows(tenant) == before
    assert len(run("--list")["batches"]) == 1


def test_running_again_leaves_what_was_changed_since(tenant: TenantModel, tmp_path: Path) -> None:
    files = written(tmp_path, THREADS, GUESTS)
    run(**files)
    with in_tenant(tenant):
        Contact.objects.filter(external_id=JUAN).update(name="Don Juan", labels=["Cliente"])
    with tenant_scope(tenant):
        DatabaseService().save_thread(ANA, "thread_new", "")
    again = run(**files)
    assert (again["batch"], again["proof"]["changed_since"], again["proof"]["lost"]) == (None, 1, [])
    with in_tenant(tenant):
        assert Contact.objects.get(external_id=JUAN).labels == ["Cliente"]
    with tenant_scope(tenant):
        assert DatabaseService().get_thread(ANA) == "thread_new"


def test_a_newer_file_brings_its_news(tenant: TenantModel, tmp_path: Path) -> None:
    run(**written(tmp_path, THREADS, GUESTS))
    newer = {JUAN: {**GUESTS[JUAN], "name": "Juan P. Gómez", "labels": ["Potencial", "VIP"]}}
    told = run(**written(tmp_path, guests=newer))
    assert (told["contacts_changed"], told["proof"]["lost"]) == (1, [])
    with in_tenant(tenant):
        juan = Contact.objects.get(external_id=JUAN)
    assert (juan.name, juan.labels) == ("Juan P. Gómez", ["Potencial", "Consulta", "VIP"])


@pytest.mark.parametrize(
    "bad",
    [
        "no object", None, [], {}, {"threadId": ""}, {"threadId": 7}, {"threadId": "t" * 256},
        {"threadId": "t", "userName": ["x"]}, {"threadId": "t", "chatId": 5}, {"threadId": "t", "userName": "a\x00b"},
        {"threadId": "t", "userName": "\ud800"}, {"threadId": "t", "lastActivity": "yesterday"},
        {"threadId": "t", "lastActivity": 1e300}, {"threadId": "t", "lastActivity": "2025-02-30"},
        {"threadId": "thread_abc123"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_bad_entry_is_told_with_its_line_and_stops_no_other(tenant: TenantModel, tmp_path: Path, bad: Any) -> None:
    text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in
                              {JUAN: THREADS[JUAN], "57300": bad, ANA: THREADS[ANA]}.items()) + "\n}"  # fmt: skip
    told = run(**written(tmp_path, text))
    assert [(entry["line"], entry["key"]) for entry in told["bad"]] == [(3, "57300")]
    assert told["error"] == "1 entries were not migrated; the others were."
    with in_tenant(tenant):
        assert set(Contact.objects.values_list("external_id", flat=True)) == {JUAN, ANA}


@pytest.mark.parametrize(
    "bad", [{"labels": "VIP"}, {"labels": [5]}, {"labels": ["x" * 101]}, {"labels": ["x"] * 51}, {"preferences": "x"},
            {"name": 5}, {"x": float("inf")}], ids=repr
)  # fmt: skip
def test_a_bad_guest_is_told(tenant: TenantModel, tmp_path: Path, bad: Any) -> None:
    told = run(**written(tmp_path, guests={"57300": bad}))
    assert len(told["bad"]) == 1
    with in_tenant(tenant):
        assert not Contact.objects.exists()


def test_an_entry_that_is_there_twice_is_told(tenant: TenantModel, tmp_path: Path) -> None:
    one, two = json.dumps({"threadId": "thread_1"}), json.dumps({"threadId": "thread_2"})
    told = run(**written(tmp_path, f'{{"57300": {one},\n\n"57300": {two}}}'))
    assert [(entry["line"], entry["key"]) for entry in told["bad"]] == [(3, "57300")]


def test_a_file_that_breaks_off_gives_what_is_above(tenant: TenantModel, tmp_path: Path) -> None:
    text = json.dumps(THREADS, indent=1)
    told = run(**written(tmp_path, text[: text.index("thread_def456")]))
    assert told["contacts_made"] == 1
    assert [entry["line"] for entry in told["bad"]] == [8]


@pytest.mark.parametrize("text", ["", "[]", "null", "thread", '"x"'])
def test_what_is_no_such_file_is_refused_as_a_whole(tenant: TenantModel, tmp_path: Path, text: str) -> None:
    assert "no JSON object" in run(**written(tmp_path, text))["error"]
    with in_tenant(tenant):
        assert not JsonStateBatch.objects.exists()


def test_bytes_that_are_no_text_are_refused(tenant: TenantModel, tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes(b'{\n"57300": {"threadId": "\xe9"}}')
    assert "line 2" in run(threads=tmp_path / "latin.json")["error"]
    assert "cannot be read" in run(threads=tmp_path / "nowhere.json")["error"]


def test_a_thread_of_another_contact_is_told(tenant: TenantModel, tmp_path: Path) -> None:
    with tenant_scope(tenant):
        DatabaseService().save_thread("57399", "thread_abc123", "")
    told = run(**written(tmp_path, THREADS))
    assert [entry["key"] for entry in told["bad"]] == [JUAN]
    assert (told["contacts_made"], told["threads_made"]) == (1, 1)


def test_what_the_document_does_not_name_is_kept_beside(tenant: TenantModel, tmp_path: Path) -> None:
    threads = {JUAN: {**THREADS[JUAN], "userName": "juanp", "model": "gpt"}}
    guests = {JUAN: {**GUESTS[JUAN], "preferences": {"tone": "formal"}, "lastVoiceInput": 1737936000000, "age": 1e2}}
    told = run(**written(tmp_path, threads, guests))
    assert told["proof"]["sha256_of_files"] == told["proof"]["sha256_of_database"]
    with in_tenant(tenant):
        state = ContactState.objects.get()
        assert Contact.objects.get().name == "Juan Pérez"
    beside = {"thread": {"model": "gpt", "userName": "juanp"}, "guest": {"age": 100}}
    assert state.preferences == {"tone": "formal", "json_state": beside}
    assert state.last_voice_input is not None
    assert state.last_voice_input.isoformat() == "2025-01-27T00:00:00+00:00"


def test_a_rehearsal_counts_the_same_and_changes_nothing(tenant: TenantModel, tmp_path: Path, own_folder: Path) -> None:
    before = rows(tenant)
    dry = run("--dry-run", **written(tmp_path, THREADS, GUESTS))
    assert (dry["dry_run"], dry["contacts_made"], dry["threads_made"], dry["batch"]) == (True, 2, 2, None)
    assert rows(tenant) == before
    assert not own_folder.exists()
    done = run(**written(tmp_path, THREADS, GUESTS))
    assert {name: done[name] for name in ("contacts_made", "threads_made")} == {"contacts_made": 2, "threads_made": 2}


def test_a_migration_that_was_cut_off_goes_on_in_its_batch(
    tenant: TenantModel, tmp_path: Path, settings: Any, monkeypatch: Any
) -> None:
    settings.MANAGEMENT_COMMANDS = {**settings.MANAGEMENT_COMMANDS, "import": {"batch_size": 1}}
    calls: list[Any] = []

    def dying(people: Any, batch: Any) -> Outcome:
        calls.append(batch)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return store(people, batch)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(migrating, "store", dying)
        run(**written(tmp_path, THREADS))
    (cut,) = run("--list")["batches"]
    assert cut["state"] == "cut off"
    told = run(**written(tmp_path, THREADS))
    assert (told["batch"], told["contacts_made"]) == (cut["batch"], 1)
    assert run("--list")["batches"][0]["counts"]["contacts_made"] == 2
    with in_tenant(tenant):
        assert Contact.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_whoever_was_erased_is_not_brought_back(tenant: TenantModel, tmp_path: Path) -> None:
    run(**written(tmp_path, THREADS, GUESTS))
    with in_tenant(tenant):
        juan = Contact.objects.get(external_id=JUAN)
    receipt = erase_now(tenant, juan.pk)
    assert (receipt["left"], receipt["erased"]["chats.memory"] > 0) == ({}, True)
    assert "Juan" not in dumped()
    for one in run("--list")["batches"]:
        for path in one["copies"]:
            with default_storage.open(path) as copy:
                assert JUAN not in copy.read().decode()
    again = run(**written(tmp_path, THREADS, GUESTS))
    assert again["erased"] == [JUAN]
    with in_tenant(tenant):
        assert not Contact.objects.filter(external_id=JUAN).exists()


def test_people_beyond_the_tenants_retention_are_told_of(tenant: TenantModel, tmp_path: Path) -> None:
    told = run(**written(tmp_path, THREADS, GUESTS))
    assert told["beyond_retention"] == 1
    assert "retention removes them" in told["said"]


def test_it_is_in_the_audit_log_without_a_name(tenant: TenantModel, tmp_path: Path) -> None:
    batch = run(**written(tmp_path, THREADS))["batch"]
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="json_state_migrated")
    assert (row.object_id, row.details["contacts_made"]) == (batch, 2)


def test_a_neighbours_people_and_batches_are_out_of_reach(
    tenant: TenantModel, neighbour: TenantModel, tmp_path: Path
) -> None:
    theirs = run("--tenant=neighbour", **written(tmp_path, THREADS))["batch"]
    before = rows(neighbour)
    assert run("--tenant=acme", **written(tmp_path, THREADS))["contacts_made"] == 2
    assert "no batch" in run("--tenant=acme", rollback=theirs)["error"]
    assert rows(neighbour) == before
    with pytest.raises(CommandError, match="--tenant"):
        call_command("migrate_json_state", list=True)


def test_the_two_files_are_not_taken_for_each_other(tenant: TenantModel, tmp_path: Path) -> None:
    told = run(**written(tmp_path, guests=THREADS))
    assert [bad["message"] for bad in told["bad"]] == [
        "It is an entry of threads-data.json: give that file with --threads."
    ] * 2
    assert told["batch"] is None


@pytest.mark.parametrize("options", [{}, {"list": True, "overwrite": True}, {"list": True, "rollback": "x"}])
def test_exactly_one_thing_is_asked_for(tenant: TenantModel, options: Any) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("migrate_json_state", **options)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("kind", [THREADS_FILE, GUESTS_FILE])
def test_whatever_comes_is_read_or_told(tmp_path: Path, kind: str) -> None:
    @given(inputs_of(kind))
    @hypothesis_settings(max_examples=150, deadline=None, database=None, derandomize=True,
                         suppress_health_check=list(HealthCheck))  # fmt: skip
    def check(data: bytes) -> None:
        assert set(read(kind, data, tmp_path / "export")) in ({"refused"}, {"bad", "people"})

    check()
