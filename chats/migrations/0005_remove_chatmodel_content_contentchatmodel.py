"""Content becomes rows of its own, with its time; going back restores it (chats-migrations.md)."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

# The tables change in the same transaction, and PostgreSQL alters no table that has checks outstanding.
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"


def migrate_chat_content(apps: Any, schema_editor: Any) -> None:
    """Write one content row for each chat that has a content."""
    schema_editor.execute(
        "INSERT INTO chats_contentchatmodel (chat_id, content, content_type, sender, timestamp)"
        " SELECT id, content, 'text', 'user', created_at FROM chats_chatmodel WHERE content <> '' ORDER BY id"
    )
    schema_editor.execute(CHECK_NOW)
    validate_chat_integrity(apps, schema_editor)


def reverse_migrate_chat_content(apps: Any, schema_editor: Any) -> None:
    """Put each chat's only content back; refuse, with the count, when chats have several."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT chat_id FROM chats_contentchatmodel GROUP BY chat_id HAVING count(*) > 1) AS several"
        )
        (count,) = cursor.fetchone()
    if count:
        raise ValueError(f"{count} chats have several contents; one field cannot hold them.")
    schema_editor.execute(
        "UPDATE chats_chatmodel AS chat SET content = written.content"
        " FROM chats_contentchatmodel AS written WHERE written.chat_id = chat.id"
    )
    schema_editor.execute(CHECK_NOW)


def validate_chat_integrity(apps: Any, schema_editor: Any) -> None:
    """Raise ValueError, with the count, when a chat's content did not arrive whole."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM chats_chatmodel AS chat WHERE chat.content <> '' AND NOT EXISTS ("
            "SELECT FROM chats_contentchatmodel AS written"
            " WHERE written.chat_id = chat.id AND written.content = chat.content AND written.timestamp = chat.created_at)"
        )
        (count,) = cursor.fetchone()
    if count:
        raise ValueError(f"The content of {count} chats was not moved.")


class Migration(migrations.Migration):
    dependencies = [("chats", "0004_alter_chatmodel_content")]

    operations = [
        migrations.CreateModel(
            name="ContentChatModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.TextField()),
                (
                    "content_type",
                    models.CharField(
                        choices=[("text", "text"), ("image", "image"), ("file", "file"), ("audio", "audio")],
                        default="text",
                        max_length=50,
                    ),
                ),
                ("sender", models.CharField(choices=[("user", "person"), ("agent", "AI agent")], max_length=20)),
                ("timestamp", models.DateTimeField(auto_now_add=True)),
                (
                    "chat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="contents", to="chats.chatmodel"
                    ),
                ),
            ],
            options={
                "verbose_name": "Contenido de Chat",
                "verbose_name_plural": "Contenidos de Chat",
                "ordering": ["timestamp"],
            },
        ),
        migrations.RunPython(migrate_chat_content, reverse_migrate_chat_content),
        migrations.RemoveField("chatmodel", "content"),
    ]
