"""What a conversation is about, in a few words: the words and pairs of words that people use most, as they write them.

A word counts for more when it comes back, and when the replies take it up: what both speak of is the matter, while
verbs and asides are said once, by one side.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agents.services.small_talk import small_talk
from agents.services.words import FUNCTION_WORDS, POLITE_WORDS, plain, sentences

MOST_TOPICS: Final = 3
SHORTEST, LONGEST_WORD = 3, 40
LONGEST_RUN: Final = 2
TAKEN_UP: Final = 1.0
FIRST_SAID: Final = 0.3
_TOKEN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_ASIDES: Final = """
todavia aun ya nunca siempre ahora hoy ayer manana vez veces uno una dos tres hace hacer poner pone ponen tengo
tiene puedo puede quiere paso pasa llevo sigo sigue still yet already never always now today yesterday tomorrow
once twice one two three got get make made put keep keeps went going trying tried would could using
"""
_EMPTY: Final = FUNCTION_WORDS["es"] | FUNCTION_WORDS["en"] | POLITE_WORDS | frozenset(_ASIDES.split())
_PLURAL: Final = re.compile(r"(?<=[aeiou])s$|(?<=[dlnrz])es$|(?<=[b-df-hj-np-rtv-z])s$")


@dataclass(frozen=True)
class _Run:
    """Words in a row that mean something, as they are written and as they are compared."""

    written: tuple[str, ...]
    keys: tuple[str, ...]


def topics(texts: Sequence[str], replies: Sequence[str] = (), *, most: int = MOST_TOPICS) -> list[str]:
    """Return what the texts are about, the weightiest first, in small letters; nothing of mere courtesies."""
    runs = [run for text in texts for run in _runs(text)]
    uses = Counter(key for run in runs for key in run.keys)
    answered = {key for text in replies for run in _runs(text) for key in run.keys}
    first = {key: at for at, key in reversed(list(enumerate(key for run in runs for key in run.keys)))}

    def weight(key: str) -> float:
        told = math.log1p(uses[key]) * (1 + TAKEN_UP * (key in answered))
        return told * (1 + FIRST_SAID / (1 + first[key]))

    phrases = Counter(part for run in runs for part in _parts(run))
    scores = {
        part: sum(map(weight, part.keys)) / math.sqrt(len(part.keys)) * (1 + math.log(count))
        for part, count in phrases.items()
        if len(part.keys) == 1 or count > 1 or answered.issuperset(part.keys)
    }
    chosen: list[_Run] = []
    for part in sorted(scores, key=lambda part: (-scores[part], first[part.keys[0]], part.written)):
        if not any(set(part.keys) & set(other.keys) for other in chosen):
            chosen.append(part)
        if len(chosen) == most:
            break
    return [" ".join(part.written) for part in chosen]


def _runs(text: str) -> Iterator[_Run]:
    for sentence in sentences(text):
        if small_talk(sentence):
            continue
        written: list[str] = []
        for token in [*_TOKEN.findall(sentence.lower()), "."]:
            key = plain(token)
            if SHORTEST <= len(key) <= LONGEST_WORD and key.isalpha() and key not in _EMPTY:
                written.append(token)
            elif written:
                yield _Run(tuple(written), tuple(_PLURAL.sub("", plain(word)) for word in written))
                written = []


def _parts(run: _Run) -> Iterator[_Run]:
    for length in range(1, LONGEST_RUN + 1):
        for at in range(len(run.keys) - length + 1):
            yield _Run(run.written[at : at + length], run.keys[at : at + length])
