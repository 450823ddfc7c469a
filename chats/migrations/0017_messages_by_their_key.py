"""An index of the encrypted messages by their data key, by which a rotation finds what is left; holds up no writer."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chats", "0016_sealed_texts")]

    operations = [
        AddIndexConcurrently(
            model_name="contentchatmodel",
            index=models.Index(
                condition=models.Q(("is_encrypted", True)),
                fields=["tenant", "encryption_key_id", "id"],
                name="messages_by_their_key",
            ),
        ),
    ]
