"""What answers a message is found by an index: without it each removed message had its tenant's messages read."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chats", "0020_visitors_at_once")]

    operations = [
        AddIndexConcurrently(
            model_name="contentchatmodel",
            index=models.Index(
                fields=["in_response_to"], condition=models.Q(in_response_to__isnull=False), name="messages_answering"
            ),
        ),
    ]
