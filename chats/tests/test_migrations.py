"""The documented history 0001–0007 and the way to today, with rows in (chats-migrations.md)."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tests.support.migrations import scratch_database

FOURTH = "0004_alter_chatmodel_content"
FIFTH = "0005_remove_chatmodel_content_contentchatmodel"
SEVENTH = "0007_remove_chatmodel_agent_instance"
LONG_AGO = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(name: str) -> Any:
    """Bring chats to a migration, both ways; return the models of that time."""
    executor = MigrationExecutor(connections["default"])
    executor.migrate([("chats", name)])
    return MigrationExecutor(connections["default"]).loader.project_state([("chats", name)]).apps


def write_chat(apps: Any, content: str, **fields: Any) -> Any:
    """Store a chat of old times."""
    agent, _created = apps.get_model("agents", "AgentModel").objects.get_or_create(name="Test Agent")
    chats = apps.get_model("chats", "ChatModel").objects
    chat = chats.create(user_id="test_user", agent=agent, content=content, **fields)
    chats.filter(pk=chat.pk).update(created_at=LONG_AGO)
    return chat


def test_content_moves_to_rows_of_its_own_with_its_time_and_back() -> None:
    with scratch_database():
        old = migrate(FOURTH)
        chat, empty = write_chat(old, "Test message\nwith ñ"), write_chat(old, "")
        new = migrate(FIFTH)
        rows = list(new.get_model("chats", "ContentChatModel").objects.all())
        assert [(row.chat_id, row.content, row.content_type, row.sender) for row in rows] == [
            (chat.pk, "Test message\nwith ñ", "text", "user")
        ]
        assert rows[0].timestamp == LONG_AGO
        back = migrate(FOURTH)
        contents = dict(back.get_model("chats", "ChatModel").objects.values_list("pk", "content"))
        assert contents == {chat.pk: "Test message\nwith ñ", empty.pk: ""}


def test_going_back_is_refused_with_the_count_when_a_chat_has_several_contents() -> None:
    with scratch_database():
        chat = write_chat(migrate(FOURTH), "first")
        new = migrate(FIFTH)
        new.get_model("chats", "ContentChatModel").objects.create(chat_id=chat.pk, content="second", sender="agent")
        with pytest.raises(ValueError, match="1 chats have several contents"):
            migrate(FOURTH)
        assert new.get_model("chats", "ContentChatModel").objects.count() == 2


def test_going_back_to_the_short_content_refuses_to_cut() -> None:
    with scratch_database():
        chat = write_chat(migrate("0002_alter_chatmodel_content"), "x" * 501)
        with pytest.raises(ValueError, match="1 chats"):
            migrate("0001_initial")
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT length(content) FROM chats_chatmodel WHERE id = %s", [chat.pk])
            assert cursor.fetchone() == (501,)


def test_the_content_types_of_the_history_are_the_documented_ones() -> None:
    with scratch_database():
        types = {}
        for number, name in enumerate(["0001_initial", "0002_alter_chatmodel_content", FOURTH], 1):
            field = migrate(name).get_model("chats", "ChatModel")._meta.get_field("content")
            types[number] = (type(field).__name__, field.max_length, field.has_default())
        assert types == {1: ("CharField", 500, False), 2: ("TextField", None, False), 3: ("TextField", None, True)}


def test_the_agents_instance_comes_and_goes() -> None:
    with scratch_database():
        sixth = migrate("0006_chatmodel_agent_instance").get_model("chats", "ChatModel")
        field = sixth._meta.get_field("agent_instance")
        assert (field.max_length, field.null) == (255, True)
        assert not hasattr(migrate(SEVENTH).get_model("chats", "ChatModel"), "agent_instance")


def test_old_chats_come_up_to_today_and_keep_every_message() -> None:
    with scratch_database():
        old = migrate(FOURTH)
        chat = write_chat(old, "How much is it?")
        seventh = migrate(SEVENTH)
        contents = seventh.get_model("chats", "ContentChatModel").objects
        contents.create(chat_id=chat.pk, content="Ten euros", sender="agent")
        executor = MigrationExecutor(connections["default"])
        executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "chats"])
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT c.message_count, c.last_sequence, c.title, c.tenant_id = a.tenant_id, p.external_id"
                " FROM chats_chatmodel c JOIN agents_agentmodel a ON a.id = c.agent_id"
                " JOIN chats_contact p ON p.id = c.contact_id"
            )
            assert cursor.fetchall() == [(2, 2, "How much is it?", True, "test_user")]
            cursor.execute("SELECT sequence, content FROM chats_contentchatmodel ORDER BY sequence")
            assert cursor.fetchall() == [(1, "How much is it?"), (2, "Ten euros")]
            cursor.execute("SELECT text FROM chats_searchname ORDER BY text")
            assert cursor.fetchall() == [("how much is it?",), ("test_user",)]
        migrate(SEVENTH)
        assert seventh.get_model("chats", "ContentChatModel").objects.count() == 2


def test_the_documented_functions_take_apps_and_schema_editor() -> None:
    module = import_module(f"chats.migrations.{FIFTH}")
    for name in ("migrate_chat_content", "reverse_migrate_chat_content", "validate_chat_integrity"):
        assert getattr(module, name).__code__.co_varnames[:2] == ("apps", "schema_editor")
