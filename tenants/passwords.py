"""Rules for passwords beside Django's own (OWASP ASVS 5, 6.2): nothing about which characters, all about guessing."""

import hashlib
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext as _

from tenants.models import User
from tenants.services.credentials import memberships_of

FEWEST_CHARACTERS: Final = 5
FEWEST_LETTERS_LEFT: Final = 6
SHORTEST_WORD: Final = 4
ROWS: Final = ("1234567890123456789", "qwertyuiop", "asdfghjklñ", "zxcvbnm", "abcdefghijklmnñopqrstuvwxyz", "uvwxyzabc")
NEIGHBOURS: Final = {pair for row in ROWS for way in (row, row[::-1]) for pair in pairwise(way)} | {
    ("n", "o"),
    ("o", "n"),
}
MOST_NEIGHBOURS: Final = 0.75
OWN_WORDS: Final = ("charla",)
LINE: Final = re.compile(rb"[0-9A-F]{40}(:\d+)?")
DIGEST: Final = 40


class GuessableValidator:
    """Refuses what is made of this place's own words, or of the same few characters."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password that somebody who knows the place tries first."""
        if len(set(password.lower())) < FEWEST_CHARACTERS:
            raise ValidationError(_("This password repeats the same few characters."), code="password_too_common")
        if _runs_along(password.lower()):
            raise ValidationError(_("This password runs along the keyboard."), code="password_too_common")
        left = password.lower()
        for word in sorted(_words_around(user), key=len, reverse=True):
            left = left.replace(word, " ")
        is_shorter = left != password.lower()
        if is_shorter and sum(letter.isalpha() for letter in left) < FEWEST_LETTERS_LEFT:
            raise ValidationError(
                _("This password is made of words that anybody here would try first."), code="password_too_common"
            )

    def get_help_text(self) -> str:
        """Say what is wanted."""
        return _("Your password can’t be made of the names of this place, or of the same few characters.")


class BreachedPasswordValidator:
    """Refuses passwords from published breaches, out of the operator's own copy of “Pwned Passwords”.

    `path`: a file of lines `SHA1:count` in the order of the hashes, as its downloader writes it. Nothing is sent
    anywhere.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        if not _is_list(self.path):
            raise ImproperlyConfigured(f"PASSWORD_BREACHES_FILE names {path}, which has no lines SHA1:count.")

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password in the list."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        if _holds(self.path, digest):
            raise ValidationError(_("This password is in a published breach."), code="password_breached")

    def get_help_text(self) -> str:
        """Say what is wanted."""
        return _("Your password can’t be one that was published in a breach.")


def _runs_along(password: str) -> bool:
    """Tell whether most of its characters are neighbours on a keyboard or in the alphabet."""
    steps = list(pairwise(password))
    return sum(step in NEIGHBOURS for step in steps) > MOST_NEIGHBOURS * len(steps)


def _words_around(user: User | None) -> set[str]:
    names = (
        " ".join(name for _id, name, _role in memberships_of(user.pk))
        if user is not None and not user._state.adding
        else ""
    )
    email = getattr(user, "email", "") or ""
    return {word for word in re.split(r"[\W_]+", f"{names} {email}".lower()) if len(word) >= SHORTEST_WORD} | {
        *OWN_WORDS
    }


@lru_cache(maxsize=4)
def _is_list(path: Path) -> bool:
    try:
        with path.open("rb") as lines:
            return LINE.fullmatch(lines.readline().strip()) is not None
    except OSError as error:
        raise ImproperlyConfigured(f"PASSWORD_BREACHES_FILE cannot be read: {error}.") from error


def _holds(path: Path, digest: bytes) -> bool:
    """Search a sorted file of lines by halves; some thirty reads for the whole list of a billion."""
    with path.open("rb") as lines:
        low, high = 0, path.stat().st_size
        while low < high:
            middle = (low + high) // 2
            found = _line_at(lines, middle)
            if not found or found >= digest:
                high = middle
            else:
                low = middle + 1
        return _line_at(lines, low) == digest


def _line_at(lines: Any, place: int) -> bytes:
    """Return the hash of the first line that begins at a place or after it; b"" behind the last."""
    lines.seek(max(0, place - 1))
    if place > 0:
        lines.readline()
    return bytes(lines.readline()[:DIGEST]).upper()
