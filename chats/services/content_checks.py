"""What may be wrong with stored messages, and how it is mended: for the validators (chats/health.py)."""

from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from chats.models import ChatModel, ContentChatModel, MediaContentModel
from chats.word_keys import store_word_keys
from tenants.encryption.errors import SealError
from tenants.encryption.fields import SealedModel
from tenants.encryption.sealing import PREFIX, unseal_in
from tenants.scope import current_tenant_id

SAYS_NOTHING: Final = """
SELECT id FROM chats_contentchatmodel AS said
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND content = ''
  AND NOT EXISTS (SELECT FROM chats_mediacontentmodel AS file WHERE file.content_id = said.id)
"""
TOO_LONG: Final = """
SELECT id FROM chats_contentchatmodel
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND NOT is_encrypted AND sender = 'user'
  AND length(content) > %(most)s
"""
# What looks sealed is sealed or was written so; `_opens` tells them apart.
BADLY_MARKED: Final = f"""
SELECT id, content LIKE '{PREFIX}%%', is_encrypted FROM chats_contentchatmodel
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND (
    (is_encrypted AND content <> '' AND content NOT LIKE '{PREFIX}%%')
    OR (is_encrypted AND content LIKE '{PREFIX}%%' AND encryption_key_id <> split_part(content, '.', 2))
    OR (NOT is_encrypted AND (encryption_key_id <> '' OR content LIKE '{PREFIX}%%')))
ORDER BY id FOR UPDATE
"""
MARK: Final = """
UPDATE chats_contentchatmodel SET is_encrypted = %(sealed)s,
    encryption_key_id = CASE WHEN %(sealed)s THEN split_part(content, '.', 2) ELSE '' END
WHERE tenant_id = %(tenant)s AND id = %(key)s
"""
ANSWERS_ELSEWHERE: Final = """
SELECT said.id FROM chats_contentchatmodel AS said
JOIN chats_contentchatmodel AS asked ON asked.tenant_id = said.tenant_id AND asked.id = said.in_response_to_id
WHERE said.tenant_id = %(tenant)s AND said.id = ANY(%(keys)s) AND asked.chat_id <> said.chat_id
"""
ANSWER_NOTHING: Final = (
    "UPDATE chats_contentchatmodel SET in_response_to_id = NULL WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s)"
)
NOT_FOUND_BY_SEARCH: Final = """
SELECT id FROM chats_contentchatmodel
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s)
  AND CASE WHEN is_encrypted THEN word_keys IS NULL ELSE search_vector IS NULL END
"""
FOLD: Final = """
UPDATE chats_contentchatmodel SET language = language
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND NOT is_encrypted
"""
FILE_ELSEWHERE: Final = """
SELECT file.id FROM chats_mediacontentmodel AS file
JOIN chats_contentchatmodel AS said ON said.tenant_id = file.tenant_id AND said.id = file.content_id
WHERE file.tenant_id = %(tenant)s AND file.id = ANY(%(keys)s) AND said.chat_id <> file.chat_id
"""
BRING_FILE: Final = """
UPDATE chats_mediacontentmodel AS file SET chat_id = said.chat_id FROM chats_contentchatmodel AS said
WHERE file.tenant_id = %(tenant)s AND file.id = ANY(%(keys)s) AND said.tenant_id = file.tenant_id
  AND said.id = file.content_id
"""


def too_long(keys: list[int]) -> list[int]:
    """Return the people's messages that are longer than CHAT_SETTINGS lets any be; sealed ones aside."""
    most = settings.CHAT_SETTINGS["MAX_MESSAGE_LENGTH"]
    return [row[0] for row in _ask(TOO_LONG, keys=keys, most=most)]


def unreadable_messages(keys: list[int]) -> list[int]:
    """Return the sealed messages that do not open: a key is missing, or somebody changed them."""
    return _unreadable(ContentChatModel.objects.filter(pk__in=keys, is_encrypted=True))


def unreadable_titles(keys: list[int]) -> list[int]:
    """Return the chats whose sealed title does not open."""
    return _unreadable(ChatModel.objects.filter(pk__in=keys, title_is_encrypted=True))


def _unreadable(rows: Any) -> list[int]:
    return [row.pk for row in rows.order_by("pk") if not _is_readable(row)]


def _is_readable(row: SealedModel) -> bool:
    try:
        for name in row.SEALED:
            getattr(row, name)
    except SealError:
        return False
    return True


def badly_marked(keys: list[int]) -> list[int]:
    """Return the messages whose marks do not say how they are stored: sealed or clear, and by which key."""
    return [key for key, _is_sealed in _marks(keys)]


def mark_anew(keys: list[int]) -> int:
    """Let the marks say what is stored; a text that ought to be sealed and is clear is sealed."""
    marks = _marks(keys)
    for key, is_sealed in marks:
        values: dict[str, Any] = {"key": key, "sealed": is_sealed, "tenant": current_tenant_id()}
        with connection.cursor() as cursor:
            cursor.execute(MARK, values)
        row = ContentChatModel.objects.get(pk=key)
        if not is_sealed:
            row.save(update_fields=["content"])  # which asks the tenant's policy
        elif row.word_keys is None:
            store_word_keys([row])
    return len(marks)


def _marks(keys: list[int]) -> list[tuple[int, bool]]:
    """Return the badly marked messages, and whether what is stored is sealed."""
    found = []
    for key, looks_sealed, is_marked in _ask(BADLY_MARKED, keys=keys):
        is_sealed = looks_sealed and (is_marked or _opens(key))
        if is_marked or is_sealed or not looks_sealed:
            found.append((key, is_sealed))
    return found


def _opens(key: int) -> bool:
    """Tell whether a text that is marked as clear is sealed all the same, and not only written like that."""
    row = ContentChatModel.objects.get(pk=key)
    try:
        unseal_in(row.tenant_id, row.content, context=row.place_of("content"))
    except SealError:
        return False
    return True


def index_anew(keys: list[int]) -> int:
    """Let the search find messages again: clear ones by a trigger, sealed ones by the keys of their words."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, {"tenant": current_tenant_id(), "keys": keys})
        clear: int = cursor.rowcount
    sealed = [row for row in ContentChatModel.objects.filter(pk__in=keys, is_encrypted=True) if _is_readable(row)]
    store_word_keys(sealed)
    return clear + len(sealed)


def without_file(keys: list[Any]) -> list[Any]:
    """Return the rows whose file is not in the storage."""
    rows = MediaContentModel.objects.filter(pk__in=keys).values_list("pk", "media")
    return [key for key, path in rows if not default_storage.exists(path)]


def _ask(statement: str, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "tenant": current_tenant_id()})
        rows: list[Any] = cursor.fetchall()
        return rows
