"""Search in knowledge: what api, commands and providers call."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from agents.models import KnowledgeBase, KnowledgeDocument
from agents.services.question import Question, read_question
from agents.services.ranking import Candidate, Evidence, Ranked, rank

CANDIDATES: Final = 64
POSTINGS_BUDGET: Final = 2000
# A question and what answers it are mostly of one language; a passage of the other needs to be clearly better.
OTHER_LANGUAGE_FACTOR: Final = 0.8

SEARCH: Final = """
SELECT id, document_id, position, heading, content, heading_words, content_words, hits
FROM charla_search_chunks(%s::uuid[], %s, %s::text[], %s::float8[], %s::integer[], %s, %s)
"""


@dataclass(frozen=True)
class Passage:
    """A passage that was found, best of its document."""

    chunk_id: int
    document_id: UUID
    base: str
    title: str
    source: str
    content: str
    language: str
    position: int
    score: float
    evidence: Evidence


def search(
    *,
    query: str,
    base_ids: Iterable[UUID] | None = None,
    base_names: Iterable[str] | None = None,
    limit: int = 10,
    language: str = "",
) -> list[Passage]:
    """Return the best passages for a question, one of each document, best first.

    Needs a tenant's scope and a transaction. Without bases all of the tenant's are searched. `language` is the
    question's: passages in it are preferred.
    """
    bases = _bases(base_ids, base_names)
    if not bases or not query.strip():
        return []
    ranked = [item for question in read_question(query, list(bases), language) for item in find(question, list(bases))]
    factors = {True: 1.0, False: OTHER_LANGUAGE_FACTOR if language else 1.0}
    ranked.sort(key=lambda item: (-item.score * factors[item.language == language], item.candidate.chunk_id))
    best: dict[UUID, Ranked] = {}
    for item in ranked:
        best.setdefault(item.candidate.document_id, item)
        if len(best) >= limit:
            break
    return _passages(list(best.values()), bases)


def find(question: Question, bases: Sequence[UUID]) -> list[Ranked]:
    """Return the ranked chunks for a question as it is read in one language."""
    spellings = {
        spelling.lexeme: (term.weight * spelling.likeness, spelling.frequency)
        for term in question.terms for spelling in term.spellings if spelling.frequency
    }  # fmt: skip
    if not spellings:
        return []
    weights, frequencies = zip(*spellings.values(), strict=True)
    parameters: list[Any] = [
        list(bases), question.language, list(spellings), list(weights), list(frequencies), POSTINGS_BUDGET, CANDIDATES
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, parameters)
        candidates = [_candidate(row) for row in cursor.fetchall()]
    return rank(question, candidates)


def _candidate(row: tuple[Any, ...]) -> Candidate:
    *columns, hits = row
    return Candidate(*columns, json.loads(hits or "{}"))  # type: ignore[call-arg]  # the columns of SEARCH


def _bases(ids: Iterable[UUID] | None, names: Iterable[str] | None) -> dict[UUID, str]:
    bases = KnowledgeBase.objects.all()
    if ids is not None:
        bases = bases.filter(id__in=list(ids))
    if names is not None:
        bases = bases.filter(name__in=list(names))
    return dict(bases.values_list("id", "name"))


def _passages(ranked: Sequence[Ranked], bases: dict[UUID, str]) -> list[Passage]:
    ids = [item.candidate.document_id for item in ranked]
    documents = KnowledgeDocument.objects.in_bulk(ids)
    passages = []
    for item in ranked:
        candidate, document = item.candidate, documents[item.candidate.document_id]
        passages.append(
            Passage(
                chunk_id=candidate.chunk_id,
                document_id=candidate.document_id,
                base=bases[document.base_id],
                title=candidate.heading or document.title,
                source=document.source,
                content=candidate.content,
                language=item.language,
                position=candidate.position,
                score=round(item.score, 4),
                evidence=item.evidence,
            )
        )
    return passages
