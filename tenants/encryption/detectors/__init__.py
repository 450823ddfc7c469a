"""Whether a text holds personal data: payment cards, IBANs, telephone numbers, e-mail addresses, national ids.

Each detector is sure of what has a check digit and asks for a word beside what has none (decision 15). Names and
postal addresses are nobody's here: `all` is the policy for texts that must not lie open whatever they say.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from tenants.encryption.detectors.national_ids import has_national_id
from tenants.encryption.detectors.numbers import has_card, has_iban
from tenants.encryption.detectors.telephones import has_telephone

FEWEST_DIGITS: Final = 6
DIGIT: Final = re.compile(r"\d")
# From the sign on: a look behind, then labels that each end in a dot, so that no text makes it slow.
EMAIL: Final = re.compile(r"(?<=[^\s@<>(),;:\"])@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def has_email(text: str) -> bool:
    """Tell whether a text holds an e-mail address."""
    return "@" in text and EMAIL.search(text) is not None


# Those that look for numbers, the cheapest and surest first.
WITH_NUMBERS: Final[dict[str, Callable[[str], bool]]] = {
    "card": has_card,
    "iban": has_iban,
    "national_id": has_national_id,
    "telephone": has_telephone,
}


def is_sensitive(text: str) -> bool:
    """Tell whether any detector finds personal data in a text."""
    return next(_found(text), None) is not None


def kinds_in(text: str) -> set[str]:
    """Return the kinds of personal data that a text holds: email, card, iban, national_id, telephone."""
    return set(_found(text))


def _found(text: str) -> Iterator[str]:
    read = text if text.isascii() else INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if has_email(read):
        yield "email"
    if sum(1 for _digit in DIGIT.finditer(read)) < FEWEST_DIGITS:
        return
    for kind, looks in WITH_NUMBERS.items():
        if looks(read):
            yield kind
