"""A message's words, emoji, emoticons and punctuation, as the lexical analyzers read them."""

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

READ_LETTERS: Final = 4000
"""Of a longer text the beginning is read: a pasted log has no mood, and the time for a message stays bounded."""
ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
MARKS: Final = re.compile("[\u0300-\u0302\u0304-\u036f]")  # the tilde of ñ (U+0303) stays
EMOTICON: Final = (
    r"(?:[<>]?[:;=8xX][\-o*']?[)\](\[dDpP/\\|}{@3c*$S]+|[(\[)\]dD][\-o*']?[:;=8]|<3+|</3|\^_*\^|[-T;][._]+[-T;])"
)
TOKEN: Final = re.compile(
    rf"""
    (?P<skip> (?:https?://|www\.)\S+ | [@＠]\w+ | &\w+; )
  | (?P<emoticon> (?<!\w){EMOTICON}(?!\w) )
  | (?P<emoji> [\u2600-\u27BF\U0001F000-\U0001FAFF\u2764\u263A] )
  | (?P<word> [^\W\d_]+(?:['’][^\W\d_]+)* | \d+/\d+ | \d+ )
  | (?P<mark> [!¡?¿]+ | \.{{2,}} | [.,;:…\n()"“”] )
    """,
    re.VERBOSE,
)
LENGTHENED: Final = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a text: `kind` is word, emoji, emoticon or mark."""

    kind: str
    text: str
    """A word in lower case without acute accents, its lengthened letters single."""
    is_shouted: bool = False
    is_lengthened: bool = False


def fold(word: str) -> str:
    """Return a word in lower case and without accents; ñ stays."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFC", MARKS.sub("", unicodedata.normalize("NFD", lowered)))


def repaired(text: str) -> str:
    """Return the beginning of a text, entities and escapes (`&amp;`, `\\u2019`) turned into what they mean."""
    text = text[:READ_LETTERS]
    if "&" in text:
        text = html.unescape(text)
    if "\\u" in text:
        text = ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return text


def tokens(text: str) -> list[Token]:
    """Return a text's tokens in order, addresses and mentions left out."""
    found = []
    for match in TOKEN.finditer(repaired(text)):
        kind, piece = match.lastgroup or "", match[0]
        if kind == "word":
            found.append(_word(piece))
        elif kind != "skip":
            found.append(Token(kind, piece))
    return found


def _word(piece: str) -> Token:
    folded = fold(piece)
    short = LENGTHENED.sub(r"\1", folded)
    return Token("word", short, len(piece) > 2 and piece.isupper(), short != folded)
