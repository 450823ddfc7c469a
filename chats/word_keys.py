"""Messages that were sealed after they were stored are found by keyed hashes of their words from then on."""

from typing import Any

from django.db import connection

from chats.models import ContentChatModel
from tenants.encryption.bulk import changed_rows
from tenants.encryption.word_keys import keys_of_text
from tenants.scope import current_tenant_id

STORE = """
UPDATE chats_contentchatmodel AS old SET word_keys = ARRAY(SELECT jsonb_array_elements_text(new.keys)::bigint)
FROM unnest(%s::bigint[], %s::jsonb[]) AS new (id, keys) WHERE old.id = new.id AND old.tenant_id = %s
"""


@changed_rows.register("chats.word_keys")
def store_word_keys(rows: list[Any]) -> None:
    """Store the keys of messages that were sealed just now; for those made clear a trigger takes them away."""
    sealed = [row for row in rows if isinstance(row, ContentChatModel) and row.is_encrypted]
    if not sealed:
        return
    tenant_id = current_tenant_id()
    keys = [str(keys_of_text(tenant_id, row.language, row.content)) for row in sealed]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [[row.pk for row in sealed], keys, tenant_id])
