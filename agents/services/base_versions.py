"""Versions of what a knowledge base holds, and the way from one to another (commands.md, `migrate_knowledge_base`).

1: as documents were stored at first, cut into passages by the rules of their time. 2: every document knows its
language and the digest of what was imported, and its passages are those that today's rules cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from agents.models import DocumentStatus, KnowledgeBase, KnowledgeChunk, KnowledgeDocument
from agents.services.chunking import chunk
from agents.services.documents import LONGEST_TITLE, Entry, rewrite

LATEST: Final = 2
FIRST: Final = 1
PAGE: Final = 200


@dataclass(frozen=True)
class Step:
    """What one transaction did: documents looked at, and those that were (or would be) brought to the version."""

    looked_at: int
    changed: int


def parse_version(text: str) -> int:
    """Return the version that “2” or “2.0” names; ValueError for one that there is not."""
    whole, _dot, rest = text.strip().removeprefix("v").partition(".")
    if not whole.isdigit() or rest.strip("0") or not FIRST <= int(whole) <= LATEST:
        raise ValueError(_("There is no version “%(text)s”: 1 to %(latest)s.") % {"text": text, "latest": LATEST})
    return int(whole)


def problems_of(base: KnowledgeBase, version: int) -> list[str]:
    """Return a sentence for each document of a base that is not as a version wants it."""
    problems = []
    for page in _pages(base):
        for document in page:
            if reason := _problem(document, version):
                problems.append(f"{base.name}: {document.pk}: {reason}")
    return problems


def migrate_base(base: KnowledgeBase, version: int, *, dry_run: bool = False) -> Iterator[Step]:
    """Bring a base to a version, page by page, in the current tenant; run again after a kill, it goes on.

    The version is set when every document has it. Going back to 1 changes no document: 1 reads what 2 writes.
    """
    for page in _pages(base):
        old = [document for document in page if version > FIRST and _problem(document, version)]
        if old and not dry_run:
            with transaction.atomic():
                locked = KnowledgeDocument.objects.select_for_update(of=("self",)).select_related("base")
                for document in locked.filter(pk__in=[each.pk for each in old]).order_by("pk"):
                    rewrite(document)
        yield Step(len(page), len(old))
    if not dry_run:
        with transaction.atomic():
            KnowledgeBase.objects.filter(pk=base.pk).update(schema_version=version)


def bases() -> list[KnowledgeBase]:
    """Return the current tenant's bases by name."""
    with transaction.atomic():
        return list(KnowledgeBase.objects.order_by("name"))


def _pages(base: KnowledgeBase) -> Iterator[list[KnowledgeDocument]]:
    last: UUID | None = None
    while True:
        with transaction.atomic():
            passages = KnowledgeChunk.objects.order_by("position").only("document_id", "content", "heading")
            rows = KnowledgeDocument.objects.filter(base=base).order_by("pk")
            rows = rows.filter(pk__gt=last) if last else rows
            page = list(rows.prefetch_related(Prefetch("chunks", passages))[:PAGE])
        if not page:
            return
        yield page
        last = page[-1].pk


def _problem(document: KnowledgeDocument, version: int) -> str:
    """Return what a version wants and a document has not; empty when it is as it should be."""
    passages = [passage.content for passage in document.chunks.all()]
    if document.status == DocumentStatus.READY and chunk(document.content) and not passages:
        return _("no passages")
    if version < LATEST:
        return ""
    if not document.language:
        return _("no language")
    entry = Entry(document.title, document.content, document.source, document.language, document.metadata)
    if document.source_hash != entry.fingerprint:
        return _("another digest than its text")
    headings = {passage.heading for passage in document.chunks.all()} - {document.title[:LONGEST_TITLE]}
    if document.status == DocumentStatus.READY and (passages != chunk(document.content) or headings):
        return _("other passages than today's rules cut")
    return ""
