"""Telephone numbers: international ones of any country, national ones of ES, CO, MX and US, others beside a word."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

REGIONS: Final = ("ES", "CO", "MX", "US")
CANDIDATE: Final = re.compile(
    r"(?<![\w.,/\-])(?:\+|00)?[ ]?\(?\d(?:[ .\-/()\u2013]{0,2}\d){6,16}(?![\w%€$]|[.,:/\-]\d)"
    r"(?:\s?(?:x|ext\.?)\s?\d{1,6})?",
    re.IGNORECASE,
)
BESIDE: Final = re.compile(
    r"\b(?:phones?|mobile|cell(?:phone)?|tel(?:[eé]fonos?|ephones?|f|fno)?|m[oó]vil|celular|fax|whats?app|call(?:ing)?"
    r"|ll[aá]m(?:a|e|ame|eme|en|ar|arme)|marc(?:a|ar|que)|n[uú]mero\s+de\s+contacto|contact\s+number|sms)\b",
    re.IGNORECASE,
)
DATE: Final = re.compile(
    r"\(?(?:\d{1,2}[.\-/ ]\d{1,2}[.\-/ ]\d{4}|(?:19|20)\d{2}[.\-/ ]\d{1,2}[.\-/ ]\d{1,2})(?:\D+\d{1,2})*"
)
# The 0 that most countries dial first, and digits in groups: nobody writes another number so.
TRUNK: Final = re.compile(r"\(?0[1-9]\d{0,3}\)?(?:[ .\-/\u2013]{1,2}\d{2,4}){2,4}")
NEAR: Final = 40


def has_telephone(text: str) -> bool:
    """Tell whether a text holds a telephone number."""
    return any(_is_telephone(found, text) for found in CANDIDATE.finditer(text))


def _is_telephone(found: "re.Match[str]", text: str) -> bool:
    written = found.group().strip()
    if DATE.fullmatch(written):
        return False
    if _is_valid(written) or TRUNK.fullmatch(written):
        return True
    before = text[max(0, found.start() - NEAR) : found.start()]
    return BESIDE.search(before) is not None


@lru_cache(maxsize=2_000)
def _is_valid(written: str) -> bool:
    if written.startswith("00"):
        written = f"+{written[2:].strip()}"
    return any(_is_valid_in(written, region) for region in ((None,) if written.startswith("+") else REGIONS))


def _is_valid_in(written: str, region: str | None) -> bool:
    # Whoever writes a plus means a telephone: a possible number does. Without it, digits must be some number there is.
    is_one = phonenumbers.is_valid_number if region else phonenumbers.is_possible_number
    try:
        return bool(is_one(phonenumbers.parse(written, region)))
    except phonenumbers.NumberParseException:
        return False
