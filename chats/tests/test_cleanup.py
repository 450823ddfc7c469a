"""The commands that remove and archive: what goes, what stays, and that they go on where they were stopped."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from analysis.models import SentimentChatModel
from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, MediaContentModel
from chats.services import ChatCleanupService
from chats.services.closing import inactive
from chats.services.lifecycle import archive, delete
from chats.services.retention import remove_chats
from chats.services.searching import Filters, search_messages
from chats.tests.test_retention import keep_for, make_chat
from tenants.lifecycle import Cleaning, CleanupKind, CleanupStep, Removed, cleanup_steps
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant, tenant_scope
from tenants.services import cleaning
from tenants.services.config import forget_settings
from tenants.services.schedules import SCHEDULES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def run(command: str, *arguments: str) -> dict[str, Any]:
    """Run a command and return its JSON."""
    out = StringIO()
    call_command(command, *arguments, "--json", "--no-progress", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def chats_of(tenant: TenantModel) -> set[str]:
    """Return who has conversations left."""
    with in_tenant(tenant):
        return set(ChatModel.objects.values_list("user_id", flat=True))


def test_each_tenants_own_retention_holds(tenant: TenantModel, neighbour: TenantModel, own_folder: Path) -> None:
    keep_for(tenant, 10)
    for each in (tenant, neighbour):
        make_chat(each, days_ago=11, person="old")
        make_chat(each, days_ago=9, person="young")
    told = run("cleanup_old_data")
    assert (chats_of(tenant), chats_of(neighbour)) == ({"young"}, {"old", "young"})
    gone = told["removed"]
    assert (gone["chats_chatmodel"], gone["chats_contentchatmodel"], gone["chats_contact"]) == (1, 1, 1)
    assert told["freed_database_bytes"] > 0
    assert told["freed_file_bytes"] == len(b"bread")
    assert len([path for path in own_folder.rglob("*") if path.is_file()]) == 3


def test_days_that_are_asked_for_stand_over_the_tenants_own(tenant: TenantModel, neighbour: TenantModel) -> None:
    for each in (tenant, neighbour):
        make_chat(each, days_ago=31, person="old")
    run("cleanup_old_data", "--days=30", "--type=chats", "--tenant=acme")
    assert (chats_of(tenant), chats_of(neighbour)) == (set(), {"old"})


def test_a_dry_run_counts_and_removes_nothing(tenant: TenantModel) -> None:
    make_chat(tenant, days_ago=31)
    told = run("cleanup_old_data", "--days=30", "--dry-run")
    assert told["old"]["chats.conversations"] == 1
    assert chats_of(tenant) == {"somebody"}


def test_one_kind_leaves_the_others(tenant: TenantModel) -> None:
    make_chat(tenant, days_ago=31)
    for kind in ("logs", "files", "analysis"):
        run("cleanup_old_data", "--days=40", f"--type={kind}")
    assert chats_of(tenant) == {"somebody"}
    run("cleanup_old_data", "--days=30", "--type=chats")
    assert chats_of(tenant) == set()


@pytest.mark.parametrize("arguments", [("--days=0",), ("--days=-3",), ("--type=everything",), ("--days=soon",)])
def test_what_cannot_be_meant_is_wrong_usage(tenant: TenantModel, arguments: tuple[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("cleanup_old_data", *arguments)
    assert refused.value.returncode == 2 or "argument" in str(refused.value)


def test_files_go_earlier_than_their_messages_where_the_tenant_says_so(tenant: TenantModel, own_folder: Path) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(settings={"file_retention_days": 5})
    forget_settings()
    for days, person in ((6, "old"), (4, "young")):
        chat = make_chat(tenant, days_ago=days, person=person)
        with in_tenant(tenant):
            then = timezone.now() - timedelta(days=days)
            ContentChatModel.objects.filter(chat=chat).update(timestamp=then)
    told = run("cleanup_old_data", "--type=files")
    assert told["removed"] == {"chats_mediacontentmodel": 1}
    assert chats_of(tenant) == {"old", "young"}
    with in_tenant(tenant):
        assert MediaContentModel.objects.get().chat.user_id == "young"
    assert len([path for path in own_folder.rglob("*") if path.is_file()]) == 1


def test_findings_go_by_their_own_days_but_not_what_staff_corrected(tenant: TenantModel) -> None:
    call_command("create_test_data", tenant="acme", volume="100", scenario="history", no_progress=True, seed=3)
    with in_tenant(tenant):
        old = SentimentChatModel.objects.filter(timestamp__lt=timezone.now() - timedelta(days=100))
        corrected = old.first()
        assert corrected is not None
        SentimentChatModel.objects.filter(pk=corrected.pk).update(corrected_at=timezone.now())
    told = run("cleanup_old_data", "--type=analysis", "--days=100")
    assert told["removed"]["analysis_sentimentchatmodel"] > 10
    with in_tenant(tenant):
        assert list(old.all()) == [corrected]
        assert ContentChatModel.objects.count() == 100


def test_many_conversations_go_in_small_batches_and_by_several_at_once(tenant: TenantModel, settings: Any) -> None:
    settings.MANAGEMENT_COMMANDS = {"cleanup": {"batch_size": 7, "concurrent_jobs": 3}}
    call_command("create_test_data", tenant="acme", volume="400", scenario="history", no_progress=True, seed=3)
    with in_tenant(tenant):
        ChatModel.objects.update(last_activity=timezone.now() - timedelta(days=400))
        Contact.objects.update(last_activity=timezone.now() - timedelta(days=400))
        chats, people = ChatModel.objects.count(), Contact.objects.count()
    gone = run("cleanup_old_data", "--type=chats")["removed"]
    assert (gone["chats_contentchatmodel"], gone["chats_chatmodel"], gone["chats_contact"]) == (400, chats, people)
    assert gone["analysis_conversationanalytics"] == chats
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == SentimentChatModel.objects.count() == 0


def test_no_batch_has_more_rows_than_the_setting(tenant: TenantModel, settings: Any) -> None:
    settings.MANAGEMENT_COMMANDS = {"cleanup": {"batch_size": 3, "concurrent_jobs": 1}}
    call_command("create_test_data", tenant="acme", volume="40", scenario="history", no_progress=True, seed=3)
    with tenant_scope(tenant):
        sizes = [gone.rows for gone in remove_chats(Cleaning(days=1)) if gone.table == "chats_contentchatmodel"]
    assert max(sizes) == 3


def test_what_was_stopped_in_the_middle_goes_on(tenant: TenantModel, settings: Any) -> None:
    settings.MANAGEMENT_COMMANDS = {"cleanup": {"batch_size": 5, "concurrent_jobs": 1}}
    call_command("create_test_data", tenant="acme", volume="100", scenario="long_chats", no_progress=True, seed=3)
    with in_tenant(tenant):
        chat = ChatModel.objects.get()
        delete(chat_id=chat.chat_id)
        ChatModel.objects.update(last_activity=timezone.now() - timedelta(days=400))
    with tenant_scope(tenant):
        list(islice(remove_chats(Cleaning()), 4))
    with in_tenant(tenant):
        assert 0 < ContentChatModel.objects.count() < 100
        assert ChatModel.objects.get().status == ChatStatus.DELETED
    assert ChatCleanupService([tenant]).cleanup_old_chats() == 1
    assert chats_of(tenant) == set()


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
def test_a_conversation_that_somebody_writes_in_at_this_moment_is_left_and_nobody_waits(tenant: TenantModel) -> None:
    chat = make_chat(tenant, days_ago=400)
    with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT FROM chats_chatmodel WHERE id = %s FOR UPDATE", [chat.pk])
        assert run("cleanup_old_data", "--type=chats")["removed"] == {}
    assert run("cleanup_old_data", "--type=chats")["removed"]["chats_chatmodel"] == 1


def test_a_step_that_fails_stops_no_other_and_the_command_fails(tenant: TenantModel) -> None:
    def breaks(cleaning: Cleaning) -> Iterator[Removed]:
        if cleaning.days is None:
            raise RuntimeError("no disk")
        yield Removed("files", 0)

    def works(cleaning: Cleaning) -> Iterator[Removed]:
        yield Removed("chats_chatmodel", 2)

    steps = {
        "first": CleanupStep(CleanupKind.LOGS, lambda cleaning: 1, breaks),
        "second": CleanupStep(CleanupKind.LOGS, lambda cleaning: 2, works),
    }
    out = StringIO()
    with cleanup_steps.lent(**steps), pytest.raises(CommandError, match="acme first: RuntimeError: no disk"):
        call_command("cleanup_old_data", "--json", "--no-progress", stdout=out)
    assert json.loads(out.getvalue())["removed"] == {"chats_chatmodel": 2}


def test_the_schedule_cleans_in_the_tenants_night_alone(tenant: TenantModel, monkeypatch: pytest.MonkeyPatch) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(timezone="America/Bogota")
    make_chat(tenant, days_ago=400)
    entry = SCHEDULES["tenants.cleanup"]
    assert entry.every == timedelta(hours=1)

    at = datetime(2026, 3, 1, 3, 30, tzinfo=ZoneInfo("UTC"))  # ten in the evening before, in Bogotá
    monkeypatch.setattr(cleaning, "datetime", SimpleNamespace(now=at.astimezone))
    with tenant_scope(tenant):
        assert entry.run() is None
        assert chats_of(tenant) == {"somebody"}
        later = at + timedelta(hours=5)
        monkeypatch.setattr(cleaning, "datetime", SimpleNamespace(now=later.astimezone))
        assert "chats_chatmodel 1" in str(entry.run())
    assert chats_of(tenant) == set()


def test_the_service_counts_and_removes_by_the_documents_names(tenant: TenantModel, neighbour: TenantModel) -> None:
    for each in (tenant, neighbour):
        make_chat(each, days_ago=40)
    service = ChatCleanupService()
    assert service.count_old_chats(30) == 2
    with tenant_scope(tenant):
        assert (service.count_old_chats(30), service.cleanup_old_chats(30)) == (1, 1)
    assert (chats_of(tenant), chats_of(neighbour)) == (set(), {"somebody"})


def test_cleanup_old_chats_keeps_a_year_by_default(tenant: TenantModel) -> None:
    make_chat(tenant, days_ago=364, person="young")
    make_chat(tenant, days_ago=366, person="old")
    assert run("cleanup_old_chats", "--dry-run")["chats"] == 1
    assert run("cleanup_old_chats")["chats"] == 1
    assert chats_of(tenant) == {"young"}
    assert run("cleanup_old_chats", "--days=300")["chats"] == 1


def test_what_was_archived_by_the_command_is_searched_and_read(tenant: TenantModel) -> None:
    chat = make_chat(tenant, days_ago=2)
    make_chat(tenant, days_ago=0.5, person="young")
    assert run("archive_inactive_chats", "--dry-run") == {"dry_run": True, "inactive": 1}
    assert run("archive_inactive_chats") == {"completed": 1, "archived": 1}
    with in_tenant(tenant):
        archived = ChatModel.objects.get(pk=chat.pk)
        assert (archived.status, archived.archived_at is not None) == (ChatStatus.ARCHIVED, True)
        assert [message.content for message in archived.contents.all()] == ["hello"]
        hits = search_messages(query="hello", filters=Filters(), size=10).hits
        assert chat.pk in [hit.message.chat_id for hit in hits]
        assert ChatModel.objects.get(user_id="young").status == ChatStatus.ACTIVE
    assert run("archive_inactive_chats") == {"completed": 0, "archived": 0}


def test_hours_say_how_long_nobody_wrote_and_who_waits_for_the_staff_is_left(tenant: TenantModel) -> None:
    waits = make_chat(tenant, days_ago=2, person="waits")
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=waits.pk).update(status=ChatStatus.WAITING)
    make_chat(tenant, days_ago=0.5, person="silent")
    assert run("archive_inactive_chats", "--hours=13") == {"completed": 0, "archived": 0}
    assert run("archive_inactive_chats", "--hours=11") == {"completed": 1, "archived": 1}
    with pytest.raises(CommandError) as refused:
        run("archive_inactive_chats", "--hours=0")
    assert refused.value.returncode == 2


def test_archived_conversations_are_not_archived_again(tenant: TenantModel) -> None:
    chat = make_chat(tenant, days_ago=2)
    with in_tenant(tenant):
        archive(chat_id=chat.chat_id)
        assert inactive(timedelta(hours=1)).count() == 0


@pytest.mark.parametrize("command", ["cleanup_old_data", "cleanup_old_chats", "analyze_sentiment"])
@pytest.mark.parametrize("days", [0, -1, 36_501, 10**11])
def test_days_beyond_a_century_are_wrong_usage(tenant: TenantModel, command: str, days: int) -> None:
    with pytest.raises(CommandError) as refused:
        call_command(command, days=days, dry_run=True)
    assert refused.value.returncode == 2
