"""How a model says what kind of reply it gives: a mark, which is read here and never shown to the person.

The instructions ask for `[[answer 1, 3]]`, `[[unknown]]` or `[[human]]` before the reply. What models really write
is read with patience: other letters, bold, Spanish, a single bracket at the beginning, a mark at the end.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from agents.replies import ReplyKind

KINDS: Final[dict[str, ReplyKind]] = {
    "answer": "answer", "respuesta": "answer", "answered": "answer",
    "unknown": "unknown", "desconocido": "unknown", "unsure": "unknown", "no_answer": "unknown",
    "human": "human", "humano": "human", "persona": "human", "handover": "human",
    "greeting": "greeting", "saludo": "greeting",
    "thanks": "thanks", "gracias": "thanks",
    "goodbye": "goodbye", "despedida": "goodbye",
}  # fmt: skip
WORDS: Final = "|".join(sorted(KINDS, key=len, reverse=True))
LONGEST: Final = 60
DECORATION: Final = r"[*_`\"']{0,3}"
INSIDE: Final = rf"\s*(?P<word>{WORDS})\b(?P<numbers>[^\[\]\n]{{0,{LONGEST}}})"
MARK: Final = re.compile(rf"(?P<around>{DECORATION})\[\[{INSIDE}\]\](?P=around)[ \t]*\n{{0,2}}", re.I)
OPENING: Final = re.compile(
    rf"\s*(?P<around>{DECORATION})\[\s*(?P<word>{WORDS})\b(?P<numbers>[\s\d,;:#]{{0,{LONGEST}}})\](?P=around)\s*", re.I
)
# What may still become a mark, or is one whose surroundings have not all come: at the beginning, and at the end.
MAY_OPEN: Final = re.compile(
    rf"\s*(?:{DECORATION}|{DECORATION}\[\[?[^\[\]\n]{{0,{LONGEST + 15}}}\]{{0,2}}{DECORATION}\s*)"
)
MAY_FOLLOW: Final = re.compile(
    rf"(?:{DECORATION}\[(?:\[[^\[\]\n]{{0,{LONGEST + 15}}}(?:\](?:\]{DECORATION}\s*)?)?)?|{DECORATION})$"
)
NUMBER: Final = re.compile(r"\d{1,3}")


@dataclass
class MarkReader:
    """Takes a reply in pieces and gives it back without its marks; remembers what they said.

    `kind` is None while no mark came; `cited` are the numbers of the passages that the marks name, in order.
    """

    kind: ReplyKind | None = None
    cited: list[int] = field(default_factory=list)
    _held: str = ""
    _has_begun: bool = False

    def feed(self, piece: str) -> str:
        """Return what may be shown by now."""
        self._held += piece
        return self._release(is_last=False)

    def finish(self) -> str:
        """Return the rest."""
        return self._release(is_last=True).rstrip()

    def _release(self, *, is_last: bool) -> str:
        if not self._has_begun:
            if not is_last and MAY_OPEN.fullmatch(self._held):
                return ""
            opening = OPENING.match(self._held)
            self._held = self._note(opening) + self._held[opening.end() :] if opening else self._held.lstrip()
        end = len(self._held) if is_last else self._certain()
        shown, self._held = MARK.sub(self._note, self._held[:end]), self._held[end:]
        if not self._has_begun:
            shown = shown.lstrip()
        self._has_begun = self._has_begun or bool(shown)
        return shown

    def _certain(self) -> int:
        """Return how much of what is held is neither part of a mark nor white space before one."""
        follows = MAY_FOLLOW.search(self._held)
        return len(self._held[: follows.start() if follows else None].rstrip())

    def _note(self, mark: "re.Match[str]") -> str:
        self.kind = self.kind or KINDS[mark["word"].lower()]
        self.cited += [int(number) for number in NUMBER.findall(mark["numbers"]) if int(number) not in self.cited]
        return ""
