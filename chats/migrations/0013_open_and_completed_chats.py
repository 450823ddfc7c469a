"""Indexes for what falls silent and what is archived; built without holding up writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chats", "0012_message_buffers")]

    operations = [
        AddIndexConcurrently(
            model_name="chatmodel",
            index=models.Index(
                condition=models.Q(("is_active", True)), fields=["tenant", "last_activity"], name="chats_open"
            ),
        ),
        AddIndexConcurrently(
            model_name="chatmodel",
            index=models.Index(
                condition=models.Q(("status", "completed")), fields=["tenant", "updated_at"], name="chats_completed"
            ),
        ),
    ]
