"""Word lists: what words, stems, phrases and emoji weigh, read from the files beside this module."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "words"
SHORTEST_STEM: Final = 2
DENIED: Final = "no >"


@dataclass
class Weights:
    """Weights by whole word and by stem."""

    words: dict[str, float] = field(default_factory=dict)
    stems: dict[str, float] = field(default_factory=dict)

    def add(self, entry: str, weight: float) -> None:
        """Add a word, or a stem when it ends in a star."""
        if entry.endswith("*"):
            self.stems[entry[:-1]] = weight
        else:
            self.words[entry] = weight

    def of(self, word: str) -> float | None:
        """Return what a word weighs: its own weight, else that of its longest stem; None when it is not known."""
        if word in self.words:
            return self.words[word]
        for end in range(len(word), SHORTEST_STEM, -1):
            if (weight := self.stems.get(word[:end])) is not None:
                return weight
        return None


@dataclass
class Lexicon:
    """A language's words, its phrases by their first word (longest first), and what words weigh when denied."""

    plain: Weights = field(default_factory=Weights)
    denied: Weights = field(default_factory=Weights)
    phrases: dict[str, list[tuple[tuple[str, ...], float]]] = field(default_factory=lambda: defaultdict(list))


def _lines(path: Path) -> Iterator[tuple[str, float, list[str]]]:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            head, _colon, entries = line.partition(": ")
            yield (DENIED if head.startswith(DENIED) else "", float(head.removeprefix(DENIED)), entries.split())


@cache
def lexicon(name: str) -> Lexicon:
    """Return the word list of a language; it is read once a process."""
    found = Lexicon()
    for kind, weight, entries in _lines(FOLDER / f"{name}.txt"):
        for entry in entries:
            if "_" in entry:
                first, *rest = entry.split("_")
                found.phrases[first].append((tuple(rest), weight))
            else:
                (found.denied if kind == DENIED else found.plain).add(entry, weight)
    for phrases in found.phrases.values():
        phrases.sort(key=lambda phrase: -len(phrase[0]))
    return found


@cache
def signs() -> dict[str, float]:
    """Return what emoji and emoticons weigh, in any language."""
    return {sign: weight for _kind, weight, entries in _lines(FOLDER / "signs.txt") for sign in entries}
