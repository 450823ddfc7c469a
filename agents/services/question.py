"""A question as the search sees it: its words with how rare they are, misspelt ones led to words that exist."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection
from rapidfuzz.distance import OSA

from agents.services.synonyms import synonyms
from agents.services.words import POLITE_WORDS, is_function_word, words

LONGEST_QUESTION: Final = 1000
MOST_WORDS: Final = 48
FUNCTION_WORD_WEIGHT: Final = 0.5
SYNONYM: Final = 0.5
SHORTEST_MISSPELT: Final = 4
NEIGHBOURS_READ: Final = 4000
NEIGHBOURS_KEPT: Final = 3
# First letters that hands and ears mix up; an h is left out or put in.
MIXED_UP: Final = ("bv", "cksqz", "gj", "iy", "mn", "ah", "eh", "ih", "oh", "uh", "ly", "xs")

READ_WORDS: Final = """
WITH languages AS (
    SELECT language, sum(chunks) AS chunks, sum(heading_words) AS headings, sum(content_words) AS contents
    FROM agents_knowledgestatistics WHERE base_id = ANY (%(bases)s) GROUP BY language HAVING sum(chunks) > 0
)
SELECT language, chunks, headings, contents, word.lexeme, word.positions,
       (SELECT coalesce(sum(frequency), 0) FROM agents_knowledgeterm AS term WHERE term.base_id = ANY (%(bases)s)
            AND term.language = languages.language AND term.lexeme = word.lexeme)
FROM languages LEFT JOIN LATERAL unnest(charla_fold(language, %(text)s)) AS word ON true
"""
READ_FREQUENCIES: Final = """
SELECT lexeme, sum(frequency) FROM agents_knowledgeterm
WHERE base_id = ANY (%s) AND language = %s AND lexeme = ANY (%s) GROUP BY lexeme
"""
READ_NEIGHBOURS: Final = """
SELECT lexeme, sum(frequency) AS frequency FROM agents_knowledgeterm
JOIN unnest(%(firsts)s::text[]) AS letter (first) ON lexeme >= first AND lexeme < chr(ascii(first) + 1)
WHERE base_id = ANY (%(bases)s) AND language = %(language)s AND length(lexeme) BETWEEN %(shortest)s AND %(longest)s
GROUP BY lexeme ORDER BY frequency DESC LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Spelling:
    """A word of the vocabulary that a word of the question stands for, and how surely (1: it is that word)."""

    lexeme: str
    frequency: int
    likeness: float = 1.0


@dataclass(frozen=True)
class Term:
    """A word of the question."""

    surface: str
    weight: float
    """How much it tells: its inverse document frequency, half of it for a function word."""
    is_content: bool
    """Whether it tells what the question is about: neither grammar nor politeness."""
    spellings: tuple[Spelling, ...]


@dataclass(frozen=True)
class Question:
    """A question in one of the languages that the bases are written in."""

    language: str
    chunks: int
    average_heading: float
    average_content: float
    terms: tuple[Term, ...] = ()
    order: tuple[int, ...] = field(default=())
    """Indexes into `terms` in the order in which the words were said, repetitions included."""

    @property
    def mass(self) -> float:
        """Return the weight of all the words, each once."""
        return sum(term.weight for term in self.terms)


def read_question(text: str, bases: Sequence[UUID], spoken: str = "") -> list[Question]:
    """Return the question once for each language that the bases hold; needs a tenant's scope and a transaction.

    `spoken` is the question's own language: its grammar is none of what a passage of the other language has to tell.
    """
    text = text.replace("\x00", " ")[:LONGEST_QUESTION]
    surfaces = words(text)
    found: dict[str, tuple[tuple[int, int, int], dict[str, tuple[list[int], int]]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(READ_WORDS, {"bases": list(bases), "text": text})
        for language, chunks, headings, contents, lexeme, positions, frequency in cursor.fetchall():
            lexemes = found.setdefault(language, ((int(chunks), int(headings), int(contents)), {}))[1]
            if lexeme is not None:
                lexemes[lexeme] = (positions, int(frequency))
    return [_question((language, spoken), *figures, surfaces, bases) for language, figures in found.items()]


def rarity(chunks: int, frequency: int) -> float:
    """Return the inverse document frequency of BM25, never below zero."""
    return math.log(1 + (chunks - min(frequency, chunks) + 0.5) / (frequency + 0.5))


def _question(
    languages: tuple[str, str],
    figures: tuple[int, int, int],
    lexemes: dict[str, tuple[list[int], int]],
    surfaces: list[str],
    bases: Sequence[UUID],
) -> Question:
    language, (chunks, headings, contents) = languages[0], figures
    said = sorted((position, lexeme) for lexeme, (positions, _) in lexemes.items() for position in positions)
    known = list(dict.fromkeys(lexeme for _, lexeme in said))[:MOST_WORDS]
    meant = _synonyms(known, language, bases)
    terms = []
    for lexeme in known:
        positions, frequency = lexemes[lexeme]
        surface = surfaces[positions[0] - 1] if positions[0] <= len(surfaces) else lexeme
        grammar = any(is_function_word(surface, known_language) for known_language in languages)
        spellings: tuple[Spelling, ...] = (Spelling(lexeme, frequency), *meant.get(lexeme, ()))
        if not frequency and not grammar and len(spellings) == 1:
            spellings = _neighbours(lexeme, language, bases)
        weight = rarity(chunks, frequency or max((spelling.frequency for spelling in spellings), default=0))
        weight *= FUNCTION_WORD_WEIGHT if grammar else 1.0
        terms.append(Term(surface, weight, not grammar and surface not in POLITE_WORDS, spellings))
    index = {lexeme: number for number, lexeme in enumerate(known)}
    order = tuple(index[lexeme] for _, lexeme in said if lexeme in index)
    return Question(language, chunks, headings / chunks, contents / chunks, tuple(terms), order)


def _synonyms(lexemes: Sequence[str], language: str, bases: Sequence[UUID]) -> dict[str, list[Spelling]]:
    """Return for each word those of the vocabulary that say the same."""
    others = {lexeme: group for lexeme in lexemes if (group := synonyms(language).get(lexeme))}
    if not others:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(READ_FREQUENCIES, [list(bases), language, sorted(set().union(*others.values()))])
        frequencies = {lexeme: int(frequency) for lexeme, frequency in cursor.fetchall()}
    return {
        lexeme: [Spelling(other, frequencies[other], SYNONYM) for other in sorted(group) if other in frequencies]
        for lexeme, group in others.items()
    }


def _neighbours(lexeme: str, language: str, bases: Sequence[UUID]) -> tuple[Spelling, ...]:
    """Return words of the vocabulary that a word which stands nowhere may have meant, likeliest first."""
    if len(lexeme) < SHORTEST_MISSPELT or any(letter.isdigit() for letter in lexeme):
        return ()
    firsts = {lexeme[0], lexeme[1], *(letter for group in MIXED_UP if lexeme[0] in group for letter in group)}
    parameters: dict[str, Any] = {
        "bases": list(bases), "language": language, "firsts": sorted(firsts), "shortest": len(lexeme) - 2,
        "longest": len(lexeme) + 3, "limit": NEIGHBOURS_READ,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(READ_NEIGHBOURS, parameters)
        likely = [(_likeness(lexeme, word), word, int(frequency)) for word, frequency in cursor.fetchall()]
    return tuple(
        Spelling(word, frequency, likeness)
        for likeness, word, frequency in _best(item for item in likely if item[0] > 0)
    )


def _best(items: Iterable[tuple[float, str, int]]) -> list[tuple[float, str, int]]:
    ranked = sorted(items, key=lambda item: (-item[0], -item[2], item[1]))
    return [item for item in ranked if item[0] >= ranked[0][0] - 0.1][:NEIGHBOURS_KEPT]


def _likeness(misspelt: str, word: str) -> float:
    """Return how likely one word was meant by another: 0 (not at all) to 0.9.

    One slip in four letters, two from eight on (a swap of neighbours is one slip); or one is the beginning of the
    other, as words of one family are in both languages (factur-a, factur-ación).
    """
    shorter, longer = sorted((len(misspelt), len(word)))
    if shorter >= SHORTEST_MISSPELT and longer - shorter <= 3 and misspelt[:shorter] == word[:shorter]:
        return 0.9 - 0.1 * (longer - shorter)
    allowed = 1 if shorter < 8 else 2
    slips = OSA.distance(misspelt, word, score_cutoff=allowed)
    return 0.9 - 0.8 * slips / longer if slips <= allowed and shorter >= SHORTEST_MISSPELT else 0.0
