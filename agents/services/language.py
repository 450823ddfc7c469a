"""The language of a text, as far as the search is concerned: es, en, or neither."""

from functools import cache
from typing import Final

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from agents.models.knowledge import OTHER_LANGUAGE
from agents.services.words import FUNCTION_WORDS, words

CODES: Final = {Language.SPANISH: "es", Language.ENGLISH: "en"}
SAMPLE_LETTERS: Final = 1000
# In running Spanish and English a third of the words and more carry grammar. A longer text with hardly any of either
# language is written in neither (or is a table, which needs no stemmer).
ENOUGH_WORDS: Final = 12
# Words that open and close conversations, of which the detector makes nothing: it takes “Hello!” and “bye” for Spanish.
FEW_WORDS: Final = 4
SPANISH_MANNERS: Final = "hola holaa buenas buenos saludos tardes noches gracias adios chao chau si claro dale porfa"
ENGLISH_MANNERS: Final = "hello hi hey hiya howdy greetings thanks thank thx cheers bye goodbye yes yeah yep please"
SPOKEN: Final = {"es": frozenset(SPANISH_MANNERS.split()), "en": frozenset(ENGLISH_MANNERS.split())}
LEAST_SHARE: Final = 0.12


@cache
def _detector() -> LanguageDetector:
    # Low accuracy: trigrams alone tell two languages apart, at a tenth of the memory.
    return LanguageDetectorBuilder.from_languages(*CODES).with_low_accuracy_mode().build()


def _shares(sample: list[str]) -> dict[str, float]:
    return {
        language: sum(word in known for word in sample) / max(len(sample), 1)
        for language, known in FUNCTION_WORDS.items()
    }


def told_by_a_word(text: str) -> str:
    """Return the language of a short text in which a word of everyday manners tells it, or an empty string."""
    said = set(words(text[:SAMPLE_LETTERS]))
    if len(said) > FEW_WORDS:
        return ""
    told = [language for language, known in SPOKEN.items() if said & known]
    return told[0] if len(told) == 1 else ""


def guess_language(text: str) -> str:
    """Return `es` or `en` as the words of a text tell, or an empty string when they do not."""
    if told := told_by_a_word(text):
        return told
    sample = words(text[:SAMPLE_LETTERS])
    shares = _shares(sample)
    best = max(shares, key=lambda language: shares[language])
    if shares[best] >= 2 * min(shares.values()) and shares[best] >= LEAST_SHARE:
        return best
    if len(sample) >= ENOUGH_WORDS and shares[best] < LEAST_SHARE:
        return ""
    found = _detector().detect_language_of(text[:SAMPLE_LETTERS])
    return CODES[found] if found else ""


def text_language(text: str, otherwise: str = "") -> str:
    """Return the language that a text is indexed in: `es`, `en` or `simple`."""
    if len(words(text[:SAMPLE_LETTERS])) < ENOUGH_WORDS and otherwise:
        shares = _shares(words(text))
        return max(shares, key=lambda language: shares[language]) if max(shares.values()) >= 0.3 else otherwise
    return guess_language(text) or OTHER_LANGUAGE
