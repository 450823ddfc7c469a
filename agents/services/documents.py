"""Writing knowledge: documents with their passages, in sets, safe to repeat."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection

from agents.models import KnowledgeBase, KnowledgeChunk, KnowledgeDocument
from agents.services.chunking import chunk
from agents.services.language import text_language
from agents.services.words import words
from tenants.scope import current_tenant_id

LONGEST_TITLE: Final = 500
LONGEST_SOURCE: Final = 500

UPSERT_DOCUMENTS: Final = """
INSERT INTO agents_knowledgedocument AS had (tenant_id, base_id, title, source, key, source_hash, content, language,
    metadata, status, error, created_at, updated_at)
SELECT %(tenant)s, %(base)s, title, source, key, source_hash, content, language, metadata, 'ready', '', now(), now()
FROM unnest(%(titles)s::text[], %(sources)s::text[], %(keys)s::text[], %(hashes)s::text[], %(contents)s::text[],
    %(languages)s::text[], %(metadata)s::jsonb[]) AS new (title, source, key, source_hash, content, language, metadata)
ON CONFLICT (tenant_id, base_id, key) DO UPDATE SET title = EXCLUDED.title, source = EXCLUDED.source,
    source_hash = EXCLUDED.source_hash, content = EXCLUDED.content, language = EXCLUDED.language,
    metadata = EXCLUDED.metadata, status = 'ready', error = '', updated_at = now()
    WHERE had.source_hash <> EXCLUDED.source_hash
RETURNING key, id, xmax = 0
"""
INSERT_CHUNKS: Final = """
INSERT INTO agents_knowledgechunk (tenant_id, document_id, base_id, position, heading, content, language,
    embedding_model)
SELECT %(tenant)s, document, %(base)s, position, heading, content, language, ''
FROM unnest(%(documents)s::uuid[], %(positions)s::integer[], %(headings)s::text[], %(contents)s::text[],
    %(languages)s::text[]) AS new (document, position, heading, content, language)
"""
COUNT_CHANGES: Final = """
SELECT count(*), count(*) FILTER (WHERE had.source_hash = new.source_hash)
FROM unnest(%(keys)s::text[], %(hashes)s::text[]) AS new (key, source_hash)
JOIN agents_knowledgedocument AS had ON had.base_id = %(base)s AND had.key = new.key
"""


@dataclass(frozen=True)
class Entry:
    """What there is to know: a question with its answer, or a text with or without a title."""

    title: str
    content: str
    source: str
    language: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    """What makes it the same entry when it comes again; by default its title, without one its content."""

    @property
    def identity(self) -> str:
        """Return the digest by which the entry is known in its base."""
        return digest(self.key or " ".join(words(self.title)) or " ".join(words(self.content)))

    @property
    def fingerprint(self) -> str:
        """Return the digest of what is stored: the same one means that nothing changed."""
        return digest(self.title, self.content, json.dumps(self.metadata, sort_keys=True, default=str))


@dataclass(frozen=True)
class Stored:
    """How many documents were new, changed, and there already."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged)


def digest(*parts: str) -> str:
    """Return the SHA-256 of some texts, in hexadecimal."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def store(base: KnowledgeBase, entries: Sequence[Entry], *, dry_run: bool = False) -> Stored:
    """Store entries of different identities in a base; needs a tenant's scope and a transaction."""
    if not entries:
        return Stored()
    if dry_run:
        return _would_store(base, entries)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT_DOCUMENTS, _document_columns(base, entries))
        written: dict[str, tuple[UUID, bool]] = {key: (id_, new) for key, id_, new in cursor.fetchall()}
    created = sum(new for _, new in written.values())
    old = [id_ for id_, new in written.values() if not new]
    if old:
        KnowledgeChunk.objects.filter(document_id__in=old).delete()
    changed = ((written[entry.identity][0], entry) for entry in entries if entry.identity in written)
    _insert_chunks(base, changed)
    return Stored(created, len(old), len(entries) - len(written))


def _language(base: KnowledgeBase, entry: Entry) -> str:
    return entry.language or text_language(f"{entry.title}\n{entry.content}", base.language)


def _document_columns(base: KnowledgeBase, entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "tenant": current_tenant_id(),
        "base": base.id,
        "titles": [entry.title[:LONGEST_TITLE] for entry in entries],
        "sources": [entry.source[:LONGEST_SOURCE] for entry in entries],
        "keys": [entry.identity for entry in entries],
        "hashes": [entry.fingerprint for entry in entries],
        "contents": [entry.content for entry in entries],
        "languages": [_language(base, entry) for entry in entries],
        "metadata": [json.dumps(entry.metadata, default=str) for entry in entries],
    }


def _insert_chunks(base: KnowledgeBase, documents: Iterable[tuple[UUID, Entry]]) -> None:
    rows = [
        (id_, position, entry.title[:LONGEST_TITLE], passage, _language(base, entry))
        for id_, entry in documents
        for position, passage in enumerate(chunk(entry.content))
    ]
    if not rows:
        return
    names = ("documents", "positions", "headings", "contents", "languages")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(INSERT_CHUNKS, {"tenant": current_tenant_id(), "base": base.id, **columns})


def _would_store(base: KnowledgeBase, entries: Sequence[Entry]) -> Stored:
    parameters = {
        "base": base.id, "keys": [entry.identity for entry in entries],
        "hashes": [entry.fingerprint for entry in entries],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CHANGES, parameters)
        known, same = cursor.fetchone()
    return Stored(len(entries) - known, known - same, same)


def rewrite(document: KnowledgeDocument) -> None:
    """Store a document that was written or changed by hand; its passages are cut anew, its identity stays.

    Needs a tenant's scope and a transaction. Raises IntegrityError when its base has another one of its identity.
    """
    entry = Entry(document.title, document.content, document.source, document.language, document.metadata)
    document.key = document.key or entry.identity
    document.source_hash = entry.fingerprint
    document.language = _language(document.base, entry)
    document.save()
    KnowledgeChunk.objects.filter(document=document).delete()
    _insert_chunks(document.base, [(document.pk, entry)])
