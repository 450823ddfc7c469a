"""National ids of Spain, Mexico and the United States by their own rules; those of Colombia beside a word for them."""

import re
from typing import Final

from stdnum.es import dni, nie
from stdnum.mx import curp, rfc
from stdnum.us import itin, ssn

SPANISH: Final = re.compile(
    r"(?<![A-Za-z\d])(?:\d{1,2}\.?\d{3}\.?\d{3}[ \-]?[A-Za-z]|[XYZxyz][ \-]?\d{7}[ \-]?[A-Za-z])(?![A-Za-z\d])"
)
MEXICAN: Final = re.compile(
    r"(?<![A-Za-z\d])(?:[A-Za-z]{4}\d{6}[HMhmXx][A-Za-z]{5}[A-Za-z\d]\d"
    r"|[A-Za-zÑñ&]{4}[ \-]?\d{6}[ \-]?[A-Za-z\d]{3})(?![A-Za-z\d])"
)
AMERICAN: Final = re.compile(r"(?<![\d\-])\d{3}([ \-])\d{2}\1\d{4}(?![\d\-])")
NINE_DIGITS: Final = re.compile(r"(?<!\d)\d{3}[ .\-]?\d{2}[ .\-]?\d{4}(?!\d)")
SOCIAL: Final = re.compile(r"\b(?:ssn|itin|social\s+security|seguro\s+social)\b", re.IGNORECASE)
# A cédula has no check digit: the word must stand just before the number (decision 15).
COLOMBIAN: Final = re.compile(
    r"(?:\bc[eé]dula(?:\s+de\s+(?:ciudadan[ií]a|extranjer[ií]a))?|\bC\.?\s?C\.?|\bNIT)"
    r"(?:\s+(?:es|n[uú]mero|n[oº°]\.?|el|la|is|number))*\W{0,4}(?:\d{6,10}|\d{1,3}(?:[.,' ]\d{3}){1,3})(?!\d)",
    re.IGNORECASE,
)


def has_national_id(text: str) -> bool:
    """Tell whether a text holds a DNI, NIE, CURP, RFC, SSN, ITIN, or a cédula or NIT that is called so."""
    return (
        any(_is_spanish(found.group()) for found in SPANISH.finditer(text))
        or any(_is_mexican(found.group()) for found in MEXICAN.finditer(text))
        or any(_is_american(found.group()) for found in AMERICAN.finditer(text))
        or (SOCIAL.search(text) is not None and NINE_DIGITS.search(text) is not None)
        or COLOMBIAN.search(text) is not None
    )


def _is_spanish(written: str) -> bool:
    number = re.sub(r"[ .\-]", "", written).upper()
    return bool(nie.is_valid(number) if number[0] in "XYZ" else dni.is_valid(number.zfill(9)))


def _is_mexican(written: str) -> bool:
    number = re.sub(r"[ \-]", "", written).upper()
    # Many valid RFCs carry a check digit that the published rule does not give: the date in it must do.
    return bool(curp.is_valid(number) if len(number) == 18 else rfc.is_valid(number))


def _is_american(written: str) -> bool:
    number = written.replace(" ", "-")
    return bool(ssn.is_valid(number) or itin.is_valid(number))
