"""A search as people write it on the web: words, "a phrase", -not; read once for each language that messages are in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tenants.encryption.word_keys import keys_of_words
from tenants.folding import LANGUAGES, fold, language_of

LONGEST: Final = 500
MOST_WORDS: Final = 32
TERM: Final = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True)
class Question:
    """A search in one language. Each term is its folded words in order: several are a phrase."""

    language: str
    wanted: tuple[tuple[str, ...], ...]
    unwanted: tuple[tuple[str, ...], ...]

    @property
    def words(self) -> list[str]:
        """Return the words that must stand in a message, each once."""
        return sorted({word for term in self.wanted for word in term})

    @property
    def tsquery(self) -> str | None:
        """Return what the words alone do not say: phrases and what must not stand there; None when there is nothing."""
        phrases = [_phrase(term) for term in self.wanted if len(term) > 1]
        parts = [*phrases, *(f"!{_phrase(term)}" for term in self.unwanted)]
        return " & ".join(parts) or None

    @property
    def must_be_read(self) -> bool:
        """Tell whether keys of words are not enough to decide on a sealed message."""
        return any(len(term) > 1 for term in (*self.wanted, *self.unwanted))

    def fits(self, text: str) -> bool:
        """Tell whether a text has what is asked for, and nothing that must not stand there."""
        words = fold(self.language, text)
        return all(_stands(term, words) for term in self.wanted) and not any(
            _stands(term, words) for term in self.unwanted
        )


@dataclass(frozen=True)
class Search:
    """A search in every language."""

    questions: tuple[Question, ...]

    def __bool__(self) -> bool:
        """Tell whether there is something to look for: what is unwanted alone finds nothing."""
        return any(question.wanted for question in self.questions)

    @property
    def must_be_read(self) -> bool:
        """Tell whether keys of words are not enough to decide on a sealed message."""
        return any(question.must_be_read for question in self.questions)

    def of(self, language: str) -> Question:
        """Return the question as a message of a language is asked."""
        return next(question for question in self.questions if question.language == language_of(language))

    def asked(self, tenant_id: UUID, *, with_keys: bool) -> list[dict[str, Any]]:
        """Return it as charla_search_messages() takes it; in the tenant's scope."""
        return [
            {
                "language": question.language,
                "words": question.words,
                "query": question.tsquery,
                "keys": keys_of_words(tenant_id, question.language, question.words) if with_keys else [],
                "without": keys_of_words(tenant_id, question.language, _single(question.unwanted)) if with_keys else [],
            }
            for question in self.questions
            if question.wanted
        ]


def read_search(text: str) -> Search:
    """Return what a person searches for; its first 500 characters and 32 terms."""
    text = text.replace("\x00", " ")[:LONGEST]
    terms = [
        (bool(match["minus"]), match["phrase"] if match["phrase"] is not None else match["word"])
        for match in TERM.finditer(text)
    ][:MOST_WORDS]
    return Search(tuple(_question(language, terms) for language in LANGUAGES))


def _question(language: str, terms: Iterable[tuple[bool, str]]) -> Question:
    folded = [(unwanted, tuple(fold(language, term))) for unwanted, term in terms]
    return Question(
        language,
        wanted=tuple(dict.fromkeys(term for unwanted, term in folded if term and not unwanted)),
        unwanted=tuple(dict.fromkeys(term for unwanted, term in folded if term and unwanted)),
    )


def _phrase(term: tuple[str, ...]) -> str:
    return "(" + " <-> ".join(f"'{word}'" for word in term) + ")"


def _stands(term: tuple[str, ...], words: list[str]) -> bool:
    size = len(term)
    return any(tuple(words[start : start + size]) == term for start in range(len(words) - size + 1))


def _single(terms: Iterable[tuple[str, ...]]) -> list[str]:
    return [term[0] for term in terms if len(term) == 1]
