"""How long conversations are kept: as the tenant says, and no neighbour's days."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, MediaContentModel
from chats.services.lifecycle import create_chat, delete
from chats.services.media_files import FileToStore, add_rows, store_files
from chats.services.messages import post_message
from chats.services.retention import remove_chats, remove_contacts
from tenants.lifecycle import Cleaning
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings
from tests.support.database import owner_connection
from tests.support.dumps import dumped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def make_chat(tenant: TenantModel, *, days_ago: float, person: str = "somebody") -> ChatModel:
    """Store a conversation with a message and a file, whose last activity was a while ago."""
    with in_tenant(tenant):
        chat = create_chat(user_id=person, channel="api")
        message = post_message(chat_id=chat.chat_id, content="hello").message
        add_rows(message, store_files([FileToStore("file", "text/plain", "a.txt", b"bread")]))
        then = timezone.now() - timedelta(days=days_ago)
        ChatModel.objects.filter(pk=chat.pk).update(last_activity=then, updated_at=then)
        Contact.objects.filter(pk=chat.contact_id).update(last_activity=then)
    return chat


def keep_for(tenant: TenantModel, days: int) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(settings={"message_retention_days": days})
    forget_settings()


def removed(tenant: TenantModel) -> tuple[int, int]:
    gone: Counter[str] = Counter()
    with tenant_scope(tenant):
        for step in (remove_chats, remove_contacts):
            for each in step(Cleaning()):
                gone[each.table] += each.rows
    return gone["chats_chatmodel"], gone["chats_contact"]


def test_each_tenant_keeps_conversations_for_as_long_as_it_says(
    tenant: TenantModel, neighbour: TenantModel, own_folder: Path
) -> None:
    keep_for(tenant, 10)
    make_chat(tenant, days_ago=11)
    kept = make_chat(tenant, days_ago=9, person="another")
    theirs = make_chat(neighbour, days_ago=11)
    assert removed(tenant) == (1, 1)
    assert removed(neighbour) == (0, 0)
    with in_tenant(tenant):
        assert list(ChatModel.objects.all()) == [kept]
        assert ContentChatModel.objects.count() == MediaContentModel.objects.count() == 1
    with in_tenant(neighbour):
        assert list(ChatModel.objects.all()) == [theirs]
    assert len([path for path in own_folder.rglob("*") if path.is_file()]) == 2


def test_a_tenant_that_says_nothing_keeps_them_as_the_installation_does(tenant: TenantModel, settings: Any) -> None:
    settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "MESSAGE_RETENTION_DAYS": 5}
    forget_settings()
    make_chat(tenant, days_ago=6)
    make_chat(tenant, days_ago=4, person="another")
    assert removed(tenant) == (1, 1)


def test_a_person_who_still_has_a_conversation_stays(tenant: TenantModel) -> None:
    keep_for(tenant, 10)
    make_chat(tenant, days_ago=11)
    make_chat(tenant, days_ago=1)
    with in_tenant(tenant):
        Contact.objects.update(last_activity=timezone.now() - timedelta(days=20))
    assert removed(tenant) == (1, 0)


def test_what_staff_deleted_goes_after_thirty_days(tenant: TenantModel) -> None:
    old, fresh = make_chat(tenant, days_ago=1), make_chat(tenant, days_ago=1, person="another")
    with in_tenant(tenant):
        for chat in (old, fresh):
            delete(chat_id=chat.chat_id)
    with owner_connection(connection.settings_dict["NAME"]) as role, role.transaction():
        role.execute("ALTER TABLE chats_chatmodel DISABLE TRIGGER USER")  # it keeps updated_at true
        for chat, days in ((old, 31), (fresh, 29)):
            then = timezone.now() - timedelta(days=days)
            role.execute("UPDATE chats_chatmodel SET updated_at = %s WHERE id = %s", [then, chat.pk])
        role.execute("ALTER TABLE chats_chatmodel ENABLE TRIGGER USER")
    assert removed(tenant)[0] == 1
    with in_tenant(tenant):
        assert ChatModel.objects.get().status == ChatStatus.DELETED


def test_nothing_of_a_removed_conversation_is_in_a_dump_or_in_the_folder(tenant: TenantModel, own_folder: Path) -> None:
    keep_for(tenant, 10)
    with in_tenant(tenant):
        chat = create_chat(user_id="canary-person", channel="api", title="canary-title")
        message = post_message(chat_id=chat.chat_id, content="canary-text").message
        add_rows(message, store_files([FileToStore("file", "text/plain", "canary.txt", b"canary-file")]))
        then = timezone.now() - timedelta(days=11)
        ChatModel.objects.filter(pk=chat.pk).update(last_activity=then)
        Contact.objects.filter(pk=chat.contact_id).update(last_activity=then)
    assert "canary" in dumped()
    assert removed(tenant) == (1, 1)
    assert [line for line in dumped().splitlines() if "canary" in line] == []
    assert [path for path in own_folder.rglob("*") if path.is_file()] == []
