"""Content of any length."""

from typing import Any

from django.db import migrations, models

LONGEST_BEFORE = 500


def refuse_to_cut(apps: Any, schema_editor: Any) -> None:
    """Going back would cut longer texts: say how many there are, and change nothing."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chats_chatmodel WHERE length(content) > %s", [LONGEST_BEFORE])
        (count,) = cursor.fetchone()
    if count:
        raise ValueError(
            f"{count} chats have a content of more than {LONGEST_BEFORE} characters; going back would cut it."
        )


class Migration(migrations.Migration):
    dependencies = [("chats", "0001_initial")]

    operations = [
        migrations.AlterField("chatmodel", "content", models.TextField()),
        migrations.RunPython(migrations.RunPython.noop, refuse_to_cut),
    ]
