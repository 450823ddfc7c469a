"""Learning moods: from labelled text or from what the staff corrected, with figures before anything is switched on."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from analysis.linear import digest
from analysis.models import SentimentChatModel, SharedTrainedModel, TrainedKind, TrainedModel
from analysis.sentiment import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SENTIMENTS,
    Labelled,
    Mood,
    Scores,
    evaluate,
    make_analyzer,
    scored,
    train_sentiment,
)
from analysis.services.labelled_files import LabelledText
from analysis.services.trained import store
from analysis.services.training_data import corrected_sentiments
from chats.services.language import detect_language

LANGUAGES: Final = ("es", "en")
FOLDS: Final = 5
FEW: Final = 20_000
"""Up to so many texts each is read by weights that were learnt without it; of more, a fifth is."""
MOST_LEFT_AS_READ: Final = 5_000
SPELLINGS: Final = {
    NEGATIVE: ("negative", "negativo", "negativa", "neg", "-1"),
    NEUTRAL: ("neutral", "neutro", "neutra", "neu", "0"),
    POSITIVE: ("positive", "positivo", "positiva", "pos", "1", "+1"),
}
KNOWN: Final = {spelling: label for label, spellings in SPELLINGS.items() for spelling in spellings}
Watch = Callable[[Iterable[int]], Iterator[int]]
"""Wraps the steps of learning, to show progress."""


@dataclass(frozen=True)
class Learnt:
    """Weights of a language, and how texts that they had not seen were read by them and by the word lists."""

    language: str
    weights: bytes = field(repr=False)
    counts: dict[str, int]
    """Texts of each sentiment that were learnt from."""
    scores: Scores
    word_lists: Scores

    @property
    def version(self) -> str:
        """Return what tells these weights from others."""
        return digest(self.weights)

    @property
    def is_better(self) -> bool:
        """Tell whether the weights read the unseen texts at least as well as the word lists do."""
        return self.scores.macro_f1 >= self.word_lists.macro_f1

    def figures(self) -> dict[str, Any]:
        """Return the figures as they are stored and printed: shares × 100."""
        return {
            "examples": self.counts,
            "held_out": self.scores.texts,
            "macro_f1": round(self.scores.macro_f1 * 100, 1),
            "f1": {label: round(value * 100, 1) for label, value in self.scores.f1.items()},
            "accuracy": round(self.scores.accuracy * 100, 1),
            "confidence_off_by": round(self.scores.calibration_error * 100, 1),
            "word_lists_macro_f1": round(self.word_lists.macro_f1 * 100, 1),
        }


class NothingUnseenError(ValueError):
    """There is no text to measure on that was not learnt from."""


def read_sentiment(label: str) -> str | None:
    """Return the sentiment that a file's label means, in English or Spanish or as -1, 0, 1; None when it is none."""
    return KNOWN.get(label.strip().lower())


def by_language(rows: Iterable[LabelledText], language: str = "") -> tuple[dict[str, list[Labelled]], int]:
    """Return the texts of each language, each text once, and how many are in neither Spanish nor English.

    The language is the given one, else the row's own, else what the text tells. Of a text that is there twice, the
    last label holds.
    """
    found: dict[str, dict[str, str]] = {known: {} for known in LANGUAGES}
    others = 0
    for row in rows:
        spoken = language or row.language or detect_language(row.text)
        if spoken in found:
            found[spoken][row.text] = row.label
        else:
            others += 1
    return {
        known: [Labelled(text, label) for text, label in texts.items()] for known, texts in found.items() if texts
    }, others


def corrected_texts() -> Iterator[LabelledText]:
    """Yield what the current tenant's staff corrected, and what they left as it was in the same conversations.

    From the corrections alone one would learn that whatever the analysis says is wrong.
    """
    for row in corrected_sentiments():
        yield LabelledText(row.text, row.sentiment, _told(row.language))
    corrected = SentimentChatModel.objects.filter(corrected_at__isnull=False, chat=OuterRef("chat"))
    with transaction.atomic():
        left = SentimentChatModel.objects.filter(Exists(corrected), corrected_at__isnull=True).order_by("-message_id")
        rows = list(left.values_list("message__content", "sentiment", "language")[:MOST_LEFT_AS_READ])
    yield from (LabelledText(text, sentiment, _told(language)) for text, sentiment, language in rows)


def _told(language: str) -> str:
    return language if language in LANGUAGES else ""


def learn(
    examples: Sequence[Labelled], language: str, *, evaluation: Sequence[Labelled] | None = None, watch: Watch = iter
) -> Learnt:
    """Learn from texts of one language and read unseen ones: the given ones, else parts of the texts held out in turn.

    Texts that are learnt from are left out of the given ones; NothingUnseenError when none is left.
    Raises TooFewExamplesError where a sentiment has hardly any texts, at all or without a part.
    """
    steps = watch(range(1 if evaluation is not None else 1 + (FOLDS if len(examples) <= FEW else 1)))
    weights = b""
    moods: list[Mood] = []
    learnt = {example.text for example in examples}
    unseen = [example for example in evaluation or () if example.text not in learnt]
    if evaluation is not None and not unseen:
        raise NothingUnseenError(language)
    for step in steps:
        if step == 0:
            weights = train_sentiment(examples, language)
            continue
        rest, part = _parts(examples, step - 1)
        analyzer = make_analyzer("trained", {language: train_sentiment(rest, language)})
        moods += [analyzer.analyze(example.text, language) for example in part]
        unseen += part
    if evaluation is not None:
        scores = evaluate(make_analyzer("trained", {language: weights}), unseen, language)
    else:
        scores = scored(moods, [example.label for example in unseen])
    counts = {label: sum(example.label == label for example in examples) for label in SENTIMENTS}
    return Learnt(language, weights, counts, scores, evaluate(make_analyzer("lexical"), unseen, language))


def _parts(examples: Sequence[Labelled], fold: int) -> tuple[list[Labelled], list[Labelled]]:
    """Split off one of five parts in which each sentiment has its share; the same texts give the same parts."""
    ordered = sorted(
        examples, key=lambda example: (example.label, sha256(example.text.encode("utf-8", "replace")).hexdigest())
    )
    return (
        [example for at, example in enumerate(ordered) if at % FOLDS != fold],
        [example for at, example in enumerate(ordered) if at % FOLDS == fold],
    )


def keep(learnt: Learnt, *, activate: bool, shared: bool) -> TrainedModel | SharedTrainedModel:
    """Store what was learnt, with its figures, for the current tenant or (`shared`) for the installation."""
    return store(
        kind=TrainedKind.SENTIMENT, weights=learnt.weights, version=learnt.version, language=learnt.language,
        figures=learnt.figures(), activate=activate, shared=shared,
    )  # fmt: skip
