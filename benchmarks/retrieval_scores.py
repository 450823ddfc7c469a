"""Scoring the search on a set, beside a plain BM25 over stemmed words on the same set in the same run."""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection

from agents.models import KnowledgeBase, KnowledgeDocument
from agents.services.answering import answers
from agents.services.documents import store
from agents.services.retrieval import search
from agents.services.words import words
from benchmarks.retrieval_sets import Asked, RetrievalSet
from tenants.models import TenantModel
from tenants.scope import in_tenant

CONFIGURATIONS: Final = {"es": "spanish", "en": "english"}
HEADING_TIMES: Final = 3
"""How often a heading is counted in the floor, as the sets' own notes do it."""

Find = Callable[[Asked], list[int]]


@dataclass
class Scores:
    """Shares, 0 to 1, over the questions with an answer and over those without; seconds of each search."""

    first: float = 0.0
    within_five: float = 0.0
    declined: float = 0.0
    """Of the questions without an answer."""
    declined_unasked: float = 0.0
    """Of those without an answer whose very words are no entry's question."""
    first_and_given: float = 0.0
    """The right entry is first and is given as the answer."""
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Loaded:
    """A set stored in a tenant: its bases by name, its documents' numbers."""

    tenant: TenantModel
    bases: dict[str, UUID]
    numbers: dict[UUID, int]


def load(tenant: TenantModel, chosen: RetrievalSet) -> Loaded:
    """Store a set's entries, each base of it as a base."""
    bases, numbers = {}, {}
    for name, entries in chosen.entries.items():
        with in_tenant(tenant):
            base, _created = KnowledgeBase.objects.get_or_create(name=f"{chosen.name} {name}"[:100])
            store(base, [entry for _number, entry in entries])
            keys = {entry.identity: number for number, entry in entries}
            for id_, key in KnowledgeDocument.objects.filter(base=base).values_list("id", "key"):
                numbers[id_] = keys[key]
            bases[name] = base.id
    return Loaded(tenant, bases, numbers)


def score(loaded: Loaded, chosen: RetrievalSet, questions: list[Asked] | None = None) -> Scores:
    """Ask every question (or the given ones) and compare with what answers it."""
    questions = chosen.questions if questions is None else questions
    first = five = given = declined = declined_unasked = 0
    scores = Scores()
    asked_words = {tuple(words(entry.title)) for entries in chosen.entries.values() for _n, entry in entries}
    unanswered = [asked for asked in questions if not asked.answers]
    unasked = [asked for asked in unanswered if tuple(words(asked.text)) not in asked_words]
    for asked in questions:
        began = time.perf_counter()
        with in_tenant(loaded.tenant):
            base = loaded.bases[asked.base]
            found = search(query=asked.text, base_ids=[base], limit=5, language=chosen.language)
        scores.seconds.append(time.perf_counter() - began)
        numbers = [loaded.numbers[passage.document_id] for passage in found]
        gives = bool(found) and answers(found[0])
        right = bool(numbers) and numbers[0] in asked.answers
        first, five = first + right, five + bool(asked.answers & set(numbers))
        given += right and gives
        declined += not asked.answers and not gives
        declined_unasked += asked in unasked and not gives
    answered = max(len(questions) - len(unanswered), 1)
    scores.first, scores.within_five, scores.first_and_given = first / answered, five / answered, given / answered
    scores.declined = declined / max(len(unanswered), 1)
    scores.declined_unasked = declined_unasked / max(len(unasked), 1)
    return scores


def floor(chosen: RetrievalSet) -> Scores:
    """Score BM25 (k1 1.2, b 0.75) over PostgreSQL's own stemmed words without stop words, nothing else."""
    indexes = {name: _Bm25(chosen.language, entries) for name, entries in chosen.entries.items()}
    first = five = answered = 0
    for asked in chosen.questions:
        if asked.answers:
            found = indexes[asked.base].find(asked.text)[:5]
            answered += 1
            first, five = (
                first + (found[:1] != [] and found[0] in asked.answers),
                five + bool(asked.answers & set(found)),
            )
    return Scores(first / answered, five / answered)


class _Bm25:
    def __init__(self, language: str, entries: list) -> None:  # type: ignore[type-arg]
        self.configuration = CONFIGURATIONS[language]
        self.counts = {
            number: Counter(self._stems(f"{(entry.title + ' ') * HEADING_TIMES}{entry.content}"))
            for number, entry in entries
        }
        self.lengths = {number: sum(count.values()) for number, count in self.counts.items()}
        self.average = sum(self.lengths.values()) / len(self.lengths)
        self.holders: dict[str, list[int]] = defaultdict(list)
        for number, count in self.counts.items():
            for stem in count:
                self.holders[stem].append(number)

    def _stems(self, text: str) -> list[str]:
        clean = " ".join(part for part in "".join(c if c.isalnum() else " " for c in text).split())
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT lexeme, cardinality(positions) FROM unnest(to_tsvector(%s::regconfig, %s))",
                [self.configuration, clean],
            )
            return [stem for stem, times in cursor.fetchall() for _ in range(times)]

    def find(self, text: str) -> list[int]:
        scores: Counter[int] = Counter()
        total = len(self.counts)
        for stem in set(self._stems(text)):
            holders = self.holders.get(stem, [])
            rarity = math.log(1 + (total - len(holders) + 0.5) / (len(holders) + 0.5))
            for number in holders:
                times = self.counts[number][stem]
                scores[number] += (
                    rarity * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * self.lengths[number] / self.average))
                )  # type: ignore[assignment]
        return [number for number, _score in scores.most_common()]
