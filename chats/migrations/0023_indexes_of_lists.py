"""Lists of open conversations of one status read those alone, and lists of people a page, however many there are."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chats", "0022_memory_of_contacts")]

    operations = [
        AddIndexConcurrently(
            model_name="chatmodel",
            index=models.Index(
                fields=["tenant", "status", "-last_activity"],
                condition=models.Q(status__in=["active", "waiting"]),
                name="chats_open_by_status",
            ),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="contacts_by_creation"),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["tenant", "-last_activity", "-id"], name="contacts_by_activity"),
        ),
        RemoveIndexConcurrently(model_name="chatmodel", name="chats_open"),
    ]
