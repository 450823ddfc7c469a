"""The Spanish lexical analyzer: our own word lists, and what stands around a word."""

from typing import Final

from analysis.sentiment.lexicon import Lexicon, lexicon, signs
from analysis.sentiment.tokens import Token, tokens

DENIALS: Final = frozenset(
    {"no", "nunca", "jamas", "tampoco", "ni", "sin", "nadie", "ningun", "ninguna", "ninguno", "nada", "apenas"}
)
DENIAL_REACH: Final = 4
"""A denial reaches this many words on: “no me ha gustado nada”."""
DENIED_GOOD, DENIED_BAD = -0.7, -0.4
"""“No es bueno” is bad; “no es malo” is hardly good."""
MORE: Final = """
muy muchisimo mucho mucha muchos muchas super mega hiper ultra tan tanto tanta demasiado demasiada re requete puro pura
totalmente absolutamente completamente realmente verdaderamente extremadamente increiblemente sumamente enteramente
terriblemente tremendamente profundamente especialmente que cuanto harto tremendo tremenda menudo menuda vaya puto puta
pinche maldito maldita bien bastante siempre todo toda sobremanera
"""
LESS: Final = """
poco algo medio casi apenas ligeramente relativamente parcialmente quizas quiza talvez supuestamente levemente
"""
EMPHASIS: Final = dict.fromkeys(MORE.split(), 1.3) | dict.fromkeys(LESS.split(), 0.6)
REACH: Final = 2
"""A stronger or weaker word stands at most this many words before what it changes."""
TURNS: Final = frozenset({"pero", "sino"})
BEFORE_TURN, AFTER_TURN = 0.5, 1.4
SHOUTED, LENGTHENED, EXCLAIMED, ASKED = 1.25, 1.15, 1.1, 0.8


class _Reading:
    """Goes through the tokens of one text once."""

    def __init__(self, found: list[Token], known: Lexicon) -> None:
        self.found, self.known = found, known
        words = [token for token in found if token.kind == "word"]
        self.shouts = any(token.is_shouted for token in words) and not all(
            token.is_shouted for token in words if len(token.text) > 2
        )
        self.weights: list[float] = []
        self.turned = 0

    def read(self) -> list[float]:
        position = 0
        while position < len(self.found):
            position += self._step(position)
        return [
            weight * (BEFORE_TURN if place < self.turned else AFTER_TURN) if self.turned else weight
            for place, weight in enumerate(self.weights)
        ]

    def _step(self, position: int) -> int:
        token = self.found[position]
        if token.kind in ("emoji", "emoticon"):
            self._add(signs().get(token.text, 0.0))
        elif token.kind == "word":
            if token.text in TURNS:
                self.turned = len(self.weights)
            else:
                length, weight = self._phrase(position)
                if length:
                    self._add(self._loudness(token) * weight)
                    return length
                self._add(self._word(position))
        return 1

    def _add(self, weight: float) -> None:
        if weight:
            self.weights.append(weight)

    def _phrase(self, position: int) -> tuple[int, float]:
        for rest, weight in self.known.phrases.get(self.found[position].text, ()):
            following = self.found[position + 1 : position + 1 + len(rest)]
            if len(following) == len(rest) and all(
                token.text.startswith(part[:-1]) if part.endswith("*") else token.text == part
                for token, part in zip(following, rest, strict=True)
            ):
                return 1 + len(rest), weight
        return 0, 0.0

    def _word(self, position: int) -> float:
        token = self.found[position]
        before = self._before(position)
        weight = self.known.plain.of(token.text)
        if any(word in DENIALS for word in before):
            denied = self.known.denied.of(token.text)
            if denied is not None:
                return denied * self._loudness(token)
            weight = (weight or 0.0) * (DENIED_GOOD if (weight or 0.0) > 0 else DENIED_BAD)
        if not weight:
            return 0.0
        for word in before[-REACH:]:
            weight *= EMPHASIS.get(word, 1.0)
        return weight * self._loudness(token)

    def _before(self, position: int) -> list[str]:
        words: list[str] = []
        for token in reversed(self.found[max(0, position - DENIAL_REACH) : position]):
            if token.kind != "word":
                break
            words.insert(0, token.text)
        return words

    def _loudness(self, token: Token) -> float:
        return (SHOUTED if self.shouts and token.is_shouted else 1.0) * (LENGTHENED if token.is_lengthened else 1.0)


def weigh(text: str) -> list[float]:
    """Return what each word, phrase and sign of a Spanish text weighs where it stands; empty when none is known."""
    found = tokens(text)
    weights = _Reading(found, lexicon("es")).read()
    marks = "".join(token.text for token in found if token.kind == "mark")
    factor = EXCLAIMED ** min(marks.count("!"), 3) * (ASKED if "?" in marks else 1.0)
    return [weight * factor for weight in weights]
