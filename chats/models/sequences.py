"""The one statement that gives a message its place in its chat."""

from django.db import connection

from tenants.scope import current_tenant_id


def take_sequence(chat: int) -> int:
    """Move the chat's counters by one message and return its number; takes the chat's row lock.

    Raises LookupError when the current tenant has no such chat.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chats_chatmodel SET last_sequence = last_sequence + 1, message_count = message_count + 1,"
            " last_activity = now() WHERE tenant_id = %s AND id = %s RETURNING last_sequence",
            [current_tenant_id(), chat],
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"There is no chat {chat} in this tenant.")
    return int(row[0])
