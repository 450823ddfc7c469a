"""The language of a message: Spanish, English, or not to be told from so few words."""

from functools import cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from agents.services.language import told_by_a_word

CODES = {Language.SPANISH: "es", Language.ENGLISH: "en"}
LONGEST_SAMPLE = 500
SHORT = 40


@cache
def _detector() -> LanguageDetector:
    # The full models cost 97 MB in each process; the trigrams alone decide between two languages well enough.
    return (
        LanguageDetectorBuilder.from_languages(*CODES).with_low_accuracy_mode().with_preloaded_language_models().build()
    )


def detect_language(text: str) -> str:
    """Return `es` or `en`, or an empty string when the text does not tell."""
    if len(text) <= SHORT and (told := told_by_a_word(text)):
        return told
    found = _detector().detect_language_of(text[:LONGEST_SAMPLE])
    return CODES[found] if found else ""
