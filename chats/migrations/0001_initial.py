"""The first shape: one row a conversation, with its content inside (chats-migrations.md)."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("agents", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ChatModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chat_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("user_id", models.CharField(max_length=255)),
                ("session_id", models.CharField(blank=True, max_length=255, null=True)),
                ("content", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "agent",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="agents.agentmodel"),
                ),
            ],
            options={
                "verbose_name": "Chat",
                "verbose_name_plural": "Chats",
                "indexes": [
                    models.Index(fields=["chat_id"], name="chats_chatm_chat_id_idx"),
                    models.Index(fields=["user_id"], name="chats_chatm_user_id_idx"),
                    models.Index(fields=["created_at"], name="chats_chatm_created_idx"),
                ],
            },
        ),
    ]
