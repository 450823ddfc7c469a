"""Historical conversations in today's shape, and content in old shapes as messages."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from chats.models import ChatModel, ContentChatModel, Sender
from chats.services import ChatMigrationService
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from chats.tests.test_sealed_messages import set_policy
from chats.tests.test_validators import MENDED, do, talk
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tests.support.database import owner_connection

__all__ = ["talk"]  # a fixture
OLD = {
    "no contact": MENDED["chats.person"],
    "messages not numbered": MENDED["chats.holes"],
    "counters": MENDED["chats.counters"],
    "no title": "UPDATE chats_chatmodel SET title = ''",
    "messages without a language": "UPDATE chats_contentchatmodel SET language = '', content = 'Where is it, please?'",
}


def run(command: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit status and its answer for `acme`."""
    out, status = io.StringIO(), 0
    try:
        call_command(command, json=True, no_progress=True, stdout=out, **options)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue())["tenants"]["acme"]


@pytest.mark.django_db
@pytest.mark.parametrize("what", OLD)
def test_an_old_shape_is_told_and_migrated_once(tenant: TenantModel, talk: ChatModel, what: str) -> None:
    with tenant_scope(tenant):
        ChatMigrationService().migrate_all_chats()
    do(tenant, OLD[what])
    status, told = run("migrate_chat_data", validate_only=True)
    assert (status, told["chats"]) == (1, 1)
    assert f"{talk.chat_id}: {what}" in "\n".join(told["issues"])
    assert run("migrate_chat_data") == (0, {"migrated": 1})
    assert run("migrate_chat_data", validate_only=True)[0] == 0
    assert run("migrate_chat_data") == (0, {"migrated": 0})


@pytest.mark.django_db
def test_the_service_answers_as_the_documents_say(tenant: TenantModel, talk: ChatModel) -> None:
    do(tenant, OLD["no title"])
    with tenant_scope(tenant):
        service = ChatMigrationService()
        assert len(service.validate_chat_data()) == 1
        assert service.migrate_user_chats("somebody else") == {"migrated": 0}
        assert service.migrate_user_chats("person-1") == {"migrated": 1}
        assert service.migrate_all_chats() == {"migrated": 0}
    with in_tenant(tenant):
        assert ChatModel.objects.get().title == "Message 1"


@pytest.mark.django_db
def test_a_dry_run_migrates_nothing(tenant: TenantModel, talk: ChatModel) -> None:
    do(tenant, OLD["no title"])
    assert run("migrate_chat_data", dry_run=True)[1]["chats"] == 1
    with in_tenant(tenant):
        assert ChatModel.objects.get().title == ""


@pytest.mark.django_db
def test_a_sealed_messages_title_is_sealed(tenant: TenantModel, chat: ChatModel) -> None:
    set_policy(tenant, "all")
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="My tooth hurts")
    do(tenant, "UPDATE chats_chatmodel SET title = '', title_is_encrypted = false")
    run("migrate_chat_data")
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT left(title, 3) FROM chats_chatmodel")
        assert cursor.fetchone() == ("c1.",)
        assert ChatModel.objects.get().title == "My tooth hurts"


MESSAGES = [
    {"role": "user", "content": "How much is it?", "timestamp": "2024-05-06T07:08:09Z"},
    {"role": "assistant", "text": "Ten euros", "timestamp": 1715000000},
    {"sender": "staff", "message": "Nine for you", "created_at": "2024-05-07 10:00:00"},
    "a bare text",
    {"content": ""},
    17,
]


@pytest.mark.django_db
@pytest.mark.parametrize("policy", ["off", "all"])
def test_messages_in_the_settings_become_messages(tenant: TenantModel, talk: ChatModel, policy: str) -> None:
    set_policy(tenant, policy)
    with in_tenant(tenant):
        ChatModel.objects.update(settings={"tone": "kind", "messages": MESSAGES}, agent_settings={"content": "Hi"})
    assert run("migrate_chat_content", dry_run=True) == (0, {"chats": 1, "messages": 5})
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 5
        waiting = WorkItem.objects.filter(state="ready").count()
    assert run("migrate_chat_content") == (0, {"chats": 1, "messages": 5})
    with in_tenant(tenant):
        rows = list(ContentChatModel.objects.order_by("sequence"))
        chat = ChatModel.objects.get()
        assert WorkItem.objects.filter(state="ready").count() == waiting
    assert [(row.sender, row.content) for row in rows[:3]] == [
        (Sender.USER, "How much is it?"), (Sender.AGENT, "Ten euros"), (Sender.STAFF, "Nine for you"),
    ]  # fmt: skip
    assert rows[0].timestamp == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert {row.content for row in rows} == {
        *(f"Message {number}" for number in range(1, 6)), "How much is it?", "Ten euros", "Nine for you", "a bare text",
        "Hi",
    }  # fmt: skip
    assert [row.sequence for row in rows] == list(range(1, 11))
    assert (chat.message_count, chat.last_sequence, chat.answered_sequence) == (10, 10, 10)
    assert (chat.settings, chat.agent_settings) == ({"tone": "kind"}, {})
    assert run("migrate_chat_content") == (0, {"chats": 0, "messages": 0})


@pytest.mark.django_db(transaction=True)
def test_a_column_that_a_restore_brought_back_is_emptied_into_messages(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        chat = create_chat(user_id="person-1", channel="api")
    with owner_connection(connections["default"].settings_dict["NAME"]) as owner:
        owner.execute("ALTER TABLE chats_chatmodel ADD COLUMN content text")
        try:
            owner.execute("UPDATE chats_chatmodel SET content = 'From long ago'")
            assert run("migrate_chat_content")[1] == {"chats": 1, "messages": 1}
            assert run("migrate_chat_content")[1] == {"chats": 0, "messages": 0}
        finally:
            owner.execute("ALTER TABLE chats_chatmodel DROP COLUMN content")
    with in_tenant(tenant):
        row = ContentChatModel.objects.get()
        assert (row.content, row.sequence, row.timestamp) == ("From long ago", 1, chat.created_at)
