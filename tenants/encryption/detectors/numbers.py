"""Payment cards and bank accounts: numbers whose check digits say that they are."""

import re
from typing import Final

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

# Digits with at most one mark between two of them, as people group them.
RUN: Final = re.compile(r"(?<![\dA-Za-z])\d(?:[ .\-\u2013]?\d){11,}(?![\dA-Za-z])")
GROUP: Final = re.compile(r"\d+")
# The first digits that the networks have given out: Visa, Mastercard, American Express, Diners, Discover, JCB,
# UnionPay, Maestro; by the lengths of their numbers.
NETWORK: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|09|6\d|[89]\d)\d{11,16}|6(?:011|4[4-9]\d|5\d{2})\d{12,15}"
    r"|35\d{14,17}|(?:2131|1800)\d{11}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
SHORTEST_CARD, LONGEST_CARD = 12, 19
ACCOUNT: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z\d]){11,30}")
# ISO 13616: how long each country's IBAN is.
LENGTHS: Final = {
    land: length
    for length, lands in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK", 21: "CH CR HR LI LV", 22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST",
        26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for land in lands.split()
}  # fmt: skip


def has_card(text: str) -> bool:
    """Tell whether a text holds a payment card's number with a right check digit."""
    return any(_is_card(number) for run in RUN.finditer(text) for number in _windows(run.group()))


def _windows(run: str) -> list[str]:
    """Return the numbers that neighbouring groups of digits make: a date may follow a card."""
    groups = GROUP.findall(run)
    found = []
    for first in range(len(groups)):
        number = ""
        for group in groups[first:]:
            number += group
            if len(number) > LONGEST_CARD:
                break
            if len(number) >= SHORTEST_CARD:
                found.append(number)
    return found


def _is_card(number: str) -> bool:
    return bool(NETWORK.fullmatch(number)) and bool(luhn.is_valid(number))


def has_iban(text: str) -> bool:
    """Tell whether a text holds an IBAN: of a country's length, with right check digits."""
    for found in ACCOUNT.finditer(text):
        number = re.sub(r"[ \-]", "", found.group()).upper()
        length = LENGTHS.get(number[:2])
        if length and len(number) >= length and mod_97_10.is_valid(number[4:length] + number[:4]):
            return True
    return False
