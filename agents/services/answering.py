"""From passages to an answer: is the best one an answer at all, and which of its words are."""

from dataclasses import dataclass
from typing import Final

from agents.replies import Citation
from agents.services.retrieval import Passage
from agents.services.words import is_about_something, sentences, words

# Below it a passage shares words with the question but hardly answers it. Read off FAQs and paragraphs from which the
# answers had been taken out: see benchmarks/README.md.
# One shared word proves less than two, and two less than three.
CONFIDENT: Final = 0.4
CONFIDENT_BY_TWO_WORDS: Final = 0.45
CONFIDENT_BY_ONE_WORD: Final = 0.6
# What stands in the text below a question is worth less than the question itself: it may be said in passing. Not so
# below a heading that only names a subject.
BELOW_TITLE: Final = 0.75
WHOLE_ANSWER: Final = 1200
WHOLE_TEXT: Final = 350
EXCERPT: Final = 240
SUGGESTIONS: Final = 3
SUGGESTED_FROM: Final = 0.15


@dataclass(frozen=True)
class Answer:
    """An answer in the source's words with where it comes from."""

    text: str
    citation: Citation
    confidence: float
    language: str


def confidence(passage: Passage) -> float:
    """Return from 0 to 1 how much of what the question is about the passage speaks of, in one place."""
    evidence = passage.evidence
    if not passage.title or evidence.heading_is_subject:
        return evidence.sentence_share
    return max(evidence.heading_share, BELOW_TITLE * evidence.sentence_share)


def answer(passages: list[Passage]) -> Answer | None:
    """Return the answer that the best passage gives; None when even that one does not seem to answer."""
    if not passages or not answers(passages[0]):
        return None
    best = passages[0]
    text = excerpt(best)
    citation = Citation(str(best.document_id), best.title, best.source, shorten(text, EXCERPT))
    return Answer(text, citation, min(confidence(best), 1.0), best.language)


def answers(passage: Passage) -> bool:
    """Whether a passage speaks of enough of the question to be an answer to it."""
    needed = {0: 1.1, 1: CONFIDENT_BY_ONE_WORD, 2: CONFIDENT_BY_TWO_WORDS}
    return confidence(passage) >= needed.get(passage.evidence.content_words, CONFIDENT)


def suggestions(passages: list[Passage], language: str) -> list[str]:
    """Return titles in the person's language that may be what was meant, for a question that found no answer."""
    titles = [
        passage.title
        for passage in passages
        if passage.title and passage.language == language and confidence(passage) >= SUGGESTED_FROM
    ]
    return list(dict.fromkeys(titles))[:SUGGESTIONS]


def excerpt(passage: Passage) -> str:
    """Return the part of a passage that answers: all of it when it is short, else the best sentences in order."""
    content = passage.content.strip()
    limit = WHOLE_ANSWER if passage.title else WHOLE_TEXT
    if len(content) <= limit:
        return content
    return _around(sentences(content), max(passage.evidence.sentence, 0), limit)


def _around(parts: list[str], best: int, limit: int) -> str:
    """Return the best sentence with those after it, then those before it, as long as they fit."""
    first = last = min(best, len(parts) - 1)
    length = len(parts[first])
    while last + 1 < len(parts) and length + len(parts[last + 1]) < limit:
        last += 1
        length += len(parts[last]) + 1
    while first and length + len(parts[first - 1]) < limit:
        first -= 1
        length += len(parts[first]) + 1
    return shorten(" ".join(parts[first : last + 1]), limit)


def shorten(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, cut between words."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(None, 1)[0].rstrip(",;:") + "…"


def content_words(text: str, language: str) -> list[str]:
    """Return the words of a text that carry its content."""
    return [word for word in words(text) if is_about_something(word, language)]
