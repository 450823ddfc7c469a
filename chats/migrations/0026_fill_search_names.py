"""Names of the conversations and people that are there already, in batches.

A row that is being read here may be changed meanwhile, but not go: its name would stay behind.
"""

from typing import Any

from django.db import migrations

BATCH = 5_000
CHATS = r"""
WITH had AS (
    SELECT tenant_id, id, charla_plain(concat_ws(E'\n', CASE WHEN NOT title_is_encrypted THEN NULLIF(title, '') END,
               CASE WHEN contact_id IS NULL THEN user_id END)) AS name
    FROM chats_chatmodel WHERE id > %s AND id <= %s ORDER BY id FOR KEY SHARE
)
INSERT INTO chats_searchname (tenant_id, chat_key, text)
SELECT tenant_id, id, name FROM had WHERE name <> '' ORDER BY id ON CONFLICT (chat_key) DO NOTHING
"""
PEOPLE = r"""
WITH had AS (
    SELECT tenant_id, id, charla_plain(concat_ws(E'\n', NULLIF(name, ''), external_id)) AS name
    FROM chats_contact WHERE id > %s ORDER BY id LIMIT %s FOR KEY SHARE
), filled AS (
    INSERT INTO chats_searchname (tenant_id, contact_key, text)
    SELECT tenant_id, id, name FROM had ORDER BY id ON CONFLICT (contact_key) DO NOTHING
)
SELECT id FROM had ORDER BY id DESC LIMIT 1
"""
FIRST = "00000000-0000-0000-0000-000000000000"


def fill(apps: Any, schema_editor: Any) -> None:
    """Name what has no name yet, each batch in a transaction of its own; run again, it changes nothing."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM chats_chatmodel")
        first, last = cursor.fetchone()
        for start in range(first - 1, last, BATCH):
            cursor.execute(CHATS, [start, start + BATCH])
        row = (FIRST,)
        while row:
            cursor.execute(PEOPLE, [row[0], BATCH])
            row = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chats", "0025_search_names")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
