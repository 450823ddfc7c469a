"""What there is to learn from in the current tenant: its intents' examples, and what its staff corrected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from analysis.models import Intent, MessageIntent, SentimentChatModel

BATCH: Final = 1_000


@dataclass(frozen=True)
class LabelledMood:
    """A text whose sentiment a person of the staff has told."""

    text: str
    language: str
    sentiment: str


@dataclass(frozen=True)
class IntentExamples:
    """The texts of each intent in use, and those that a person found to be none of them."""

    by_intent: dict[str, list[str]]
    none_of_them: list[str]


def corrected_sentiments() -> Iterator[LabelledMood]:
    """Yield the corrected messages in the order of their ids, in keyed batches of short transactions."""
    last = 0
    while True:
        with transaction.atomic():
            rows = SentimentChatModel.objects.filter(corrected_at__isnull=False, message_id__gt=last)
            page = list(
                rows.order_by("message_id").values_list("message_id", "message__content", "language", "sentiment")[
                    :BATCH
                ]
            )
        for _message_id, text, language, sentiment in page:
            yield LabelledMood(text, language, sentiment)
        if len(page) < BATCH:
            return
        last = page[-1][0]


def intent_examples() -> IntentExamples:
    """Return what the tenant's classifier is trained from; a text is there once for each intent."""
    with transaction.atomic():
        intents = dict(Intent.objects.filter(is_active=True).order_by("name").values_list("name", "examples"))
        corrections = MessageIntent.objects.filter(corrected_at__isnull=False).order_by("message_id")
        told: list[tuple[Any, str]] = list(corrections.values_list("intent__name", "message__content"))
    texts = {name: [*examples, *(text for known, text in told if known == name)] for name, examples in intents.items()}
    none = [text for name, text in told if name is None]
    return IntentExamples({name: _once(said) for name, said in texts.items() if said}, _once(none))


def _once(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))
