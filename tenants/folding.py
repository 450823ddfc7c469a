"""Words as the database folds them (agents.0002_text_search, decision 26), for texts that no SQL statement may hold.

What is sealed is indexed and highlighted here, so that its clear text never reaches the database's log.
"""

import re
import unicodedata
from dataclasses import dataclass
from threading import local
from typing import Final

from Stemmer import Stemmer  # type: ignore[import-not-found]  # compiled, without stubs

LANGUAGES: Final = ("es", "en", "")
STEMMERS: Final = {"es": "spanish", "en": "english"}
APOSTROPHE: Final = re.compile(r"['’](s\b)?")
THOUSANDS: Final = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
WORD: Final = re.compile(r"[^\W_]+")
MARKS: Final = re.compile("[\u0300-\u036f]")
# A word as it stands in the text, with the signs inside it that folding takes out.
SPAN: Final = re.compile(r"\d+(?:[.,]\d{3}(?!\d))+|[^\W_]+(?:['’\u0300-\u036f][^\W_]*)*")
# Letter for letter what the database has.
SPANISH_LETTERS: Final = str.maketrans("ñçàèìòùâêîôûëïäö", "ncaeiouaeiooueia")
SPANISH_WORDS: Final = (
    (re.compile(r"í(a|as|an|amos)\b"), r"i\1"),
    (re.compile(r"ion\b"), "ión"),
    (re.compile(r"\b([a-zíú]{2}[aeo])s\b"), r"\1"),
)
LONGEST_WORD: Final = 2046
_stemmers = local()


@dataclass(frozen=True)
class Span:
    """A word of a text: what it is folded to, and where it stands."""

    lexemes: tuple[str, ...]
    start: int
    end: int


def language_of(code: str) -> str:
    """Return the language that a text of a language (`es`, `en` or any other) is folded in: `es`, `en` or none."""
    return code if code in STEMMERS else ""


def fold(language: str, text: str) -> list[str]:
    """Return a text's words in order, each as charla_fold(language, text) has it."""
    cleaned = unicodedata.normalize("NFKC", text).lower()
    cleaned = " ".join(WORD.findall(THOUSANDS.sub("", APOSTROPHE.sub("", cleaned))))
    return [_stem(language, word) for word in _spelt(language, cleaned).split() if len(word.encode()) <= LONGEST_WORD]


def spans(language: str, text: str) -> list[Span]:
    """Return where each word of a text stands."""
    found = []
    for match in SPAN.finditer(text):
        if lexemes := tuple(fold(language, match.group())):
            found.append(Span(lexemes, *match.span()))
    return found


def _spelt(language: str, words: str) -> str:
    if language == "es":
        words = words.translate(SPANISH_LETTERS)
        for pattern, spelling in SPANISH_WORDS:
            words = pattern.sub(spelling, words)
        return words
    if language == "en":
        return MARKS.sub("", unicodedata.normalize("NFKD", words))
    return words


def _stem(language: str, word: str) -> str:
    """Stemmers are not safe between threads, so each thread has its own."""
    if language not in STEMMERS:
        return word
    stemmer = getattr(_stemmers, language, None)
    if stemmer is None:
        stemmer = Stemmer(STEMMERS[language])
        setattr(_stemmers, language, stemmer)
    return str(stemmer.stemWord(word))
