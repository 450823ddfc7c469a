"""The words that a person sees, in the language of the terminal; Django's catalogues without Django."""

import gettext as catalogues
import os
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).resolve().parents[1] / "locale"
# The first that is set counts: Charla's own setting, then those of the terminal, in the system's order.
VARIABLES = ("LANGUAGE_CODE", "LC_ALL", "LC_MESSAGES", "LANG")


def gettext(text: str) -> str:
    """Return a text in the language of the environment; in English when there is no other."""
    chosen = next((value for name in VARIABLES if (value := os.environ.get(name))), "en")
    return _catalogue(chosen[:2]).gettext(text)


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    return catalogues.translation("django", LOCALES, languages=[language], fallback=True)
