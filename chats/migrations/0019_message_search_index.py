"""Words of the messages that are there already, in batches, then their index: neither holds up who writes."""

from typing import Any

from django.db import migrations

BATCH = 5_000
FILL = """
UPDATE chats_contentchatmodel SET search_vector = charla_fold(charla_message_language(language), left(content, 50000))
WHERE id > %s AND id <= %s AND NOT is_encrypted AND search_vector IS NULL
"""
# The index takes new messages at once instead of in a list that every search would have to read through.
INDEX = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_messages_content_fts ON chats_contentchatmodel
    USING gin (charla_message_keys(tenant_id, id, language, search_vector, word_keys)) WITH (fastupdate = off)
"""
INDEX_BACK = "DROP INDEX CONCURRENTLY IF EXISTS idx_messages_content_fts"


def fill(apps: Any, schema_editor: Any) -> None:
    """Fold what has no words yet, each batch in a transaction of its own; run again, it goes on where it was."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM chats_contentchatmodel")
        first, last = cursor.fetchone()
        for start in range(first - 1, last, BATCH):
            cursor.execute(FILL, [start, start + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chats", "0018_message_search")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(INDEX, INDEX_BACK),
    ]
