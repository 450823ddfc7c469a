"""The ranking of passages: BM25 over heading and content, then what word counts cannot see.

The score of a passage is the sum of
- BM25 with the heading's words counted HEADING_WEIGHT times;
- nearness: words that stand beside each other in the question and in the passage;
- the best sentence: how much of the question one sentence, read under its heading, holds at once;
- exact words: the form that was typed stands there, not only a word of its family.

The weights are round numbers that hold on sets as different as encyclopedia paragraphs and FAQs of courses
(benchmarks/retrieval.py); nothing is fitted to one of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from agents.services.question import Question, Term
from agents.services.words import sentences, words

K1: Final = 1.2
B: Final = 0.75
HEADING_WEIGHT: Final = 2.5
# A heading that several documents share names a subject (the article that paragraphs are from), not what one is about.
SHARED_BY: Final = 3
NEARNESS_WEIGHT: Final = 0.5
SENTENCE_WEIGHT: Final = 0.3
EXACT_WEIGHT: Final = 0.15
PAIR_REACH: Final = 3
NEAR_WORDS: Final = 6
READ_CLOSELY: Final = 30


@dataclass(frozen=True)
class Candidate:
    """A chunk that has some of the question's words: where they stand, heading first."""

    chunk_id: int
    document_id: UUID
    position: int
    heading: str
    content: str
    heading_words: int
    content_words: int
    hits: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Evidence:
    """What speaks for a passage; shares are of the question's content words, weighed by rarity, 0 to 1."""

    heading_share: float = 0.0
    sentence_share: float = 0.0
    """Of the best sentence, read under the heading."""
    content_words: int = 0
    """How many of the question's content words the best place has."""
    heading_is_subject: bool = False
    """Several documents have the same heading."""
    sentence: int = -1
    """Which sentence of the content is the best; -1 when the heading alone holds as much."""


@dataclass(frozen=True)
class Ranked:
    """A candidate with its score; a score of 1 means about: every word of the question, once, in a usual passage."""

    candidate: Candidate
    language: str
    score: float
    evidence: Evidence = field(default_factory=Evidence)


def rank(question: Question, candidates: Sequence[Candidate]) -> list[Ranked]:
    """Return the candidates, best first; only the READ_CLOSELY best by words and nearness are read closely."""
    mass = question.mass or 1.0
    subjects = _subjects(candidates)
    first = sorted(
        ((_word_score(question, places), candidate, places)
         for candidate in candidates if (places := _Places.of(question, candidate))),
        key=lambda item: (-item[0], item[1].chunk_id),
    )  # fmt: skip
    ranked = []
    for score, candidate, places in first[:READ_CLOSELY]:
        closely, evidence = _read_closely(question, candidate, places)
        evidence = replace(evidence, heading_is_subject=candidate.heading in subjects)
        ranked.append(Ranked(candidate, question.language, (score + closely) / mass, evidence))
    ranked.sort(key=lambda item: (-item.score, item.candidate.chunk_id))
    return ranked


def _subjects(candidates: Sequence[Candidate]) -> frozenset[str]:
    documents = {(candidate.heading, candidate.document_id) for candidate in candidates if candidate.heading}
    shared = Counter(heading for heading, _document in documents)
    return frozenset(heading for heading, times in shared.items() if times >= SHARED_BY)


@dataclass
class _Places:
    """Where each term of a question stands in a chunk, and how surely it is that term."""

    heading: list[list[int]]
    content: list[list[int]]
    likeness: list[float]
    heading_words: int
    content_words: int

    @classmethod
    def of(cls, question: Question, candidate: Candidate) -> "_Places":
        places = cls([], [], [], candidate.heading_words, candidate.content_words)
        for term in question.terms:
            found = [spelling for spelling in term.spellings if spelling.lexeme in candidate.hits]
            best = max(found, key=lambda spelling: spelling.likeness, default=None)
            positions = sorted({place for spelling in found for place in candidate.hits[spelling.lexeme]})
            places.heading.append([place for place in positions if place <= candidate.heading_words])
            places.content.append(
                [place - candidate.heading_words for place in positions if place > candidate.heading_words]
            )
            places.likeness.append(best.likeness if best else 0.0)
        return places


def _word_score(question: Question, places: _Places) -> float:
    """Return BM25 over both fields plus nearness, in units of inverse document frequency."""
    heading_norm = 1 - B + B * places.heading_words / (question.average_heading or 1)
    content_norm = 1 - B + B * places.content_words / (question.average_content or 1)
    score = 0.0
    for number, term in enumerate(question.terms):
        count = HEADING_WEIGHT * len(places.heading[number]) / heading_norm
        count += len(places.content[number]) / content_norm
        score += places.likeness[number] * term.weight * count * (K1 + 1) / (count + K1)
    nearness = _nearness(question, places, places.heading) + _nearness(question, places, places.content)
    return score + NEARNESS_WEIGHT * nearness


def _nearness(question: Question, places: _Places, field_places: list[list[int]]) -> float:
    """Return how much of the question's order is kept: each pair of words by the rarity of its less rare word."""
    order, total = question.order, 0.0
    for first, one in enumerate(order):
        if not field_places[one]:
            continue
        for apart in range(1, min(PAIR_REACH, len(order) - 1 - first) + 1):
            other = order[first + apart]
            tells = apart == 1 or question.terms[one].is_content or question.terms[other].is_content
            if one == other or not field_places[other] or not tells:
                continue
            off = min(
                there - here - apart if there > here else here - there + 1
                for here in field_places[one] for there in field_places[other]
            )  # fmt: skip
            if abs(off) <= NEAR_WORDS:
                less = min(question.terms[one].weight, question.terms[other].weight)
                less *= min(places.likeness[one], places.likeness[other])
                total += less / (1 + abs(off)) / apart
    return total


def _read_closely(question: Question, candidate: Candidate, places: _Places) -> tuple[float, Evidence]:
    """Return the score of the best sentence and of exact words, and the evidence."""
    in_heading = [bool(found) for found in places.heading]
    best, best_number, end = _held(question.terms, in_heading, places.likeness), -1, 0
    best_present = in_heading
    for number, sentence in enumerate(sentences(candidate.content)):
        start, end = end, end + len(words(sentence))
        present = [
            above or any(start < place <= end for place in found)
            for above, found in zip(in_heading, places.content, strict=True)
        ]
        held = _held(question.terms, present, places.likeness)
        if held > best:
            best, best_number, best_present = held, number, present
    typed = set(words(candidate.heading)) | set(words(candidate.content))
    exact = sum(term.weight for term in question.terms if term.surface in typed)
    evidence = Evidence(
        heading_share=_content_share(question.terms, in_heading, places.likeness),
        sentence_share=_content_share(question.terms, best_present, places.likeness),
        content_words=sum(term.is_content and there for term, there in zip(question.terms, best_present, strict=True)),
        sentence=best_number,
    )
    return SENTENCE_WEIGHT * best + EXACT_WEIGHT * exact, evidence


def _held(terms: Sequence[Term], present: Sequence[bool], likeness: Sequence[float]) -> float:
    return sum(term.weight * sure for term, there, sure in zip(terms, present, likeness, strict=True) if there)


def _content_share(terms: Sequence[Term], present: Sequence[bool], likeness: Sequence[float]) -> float:
    content = [term.weight if term.is_content else 0.0 for term in terms]
    held = sum(weight * sure for weight, there, sure in zip(content, present, likeness, strict=True) if there)
    return held / (sum(content) or 1.0)
