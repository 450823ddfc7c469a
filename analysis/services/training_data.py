"""What there is to learn from in the current tenant: its intents' examples, and what its staff corrected."""

from collections.abc import Iterator, Sequence
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


def intent_examples(changed: Sequence[Intent] = ()) -> IntentExamples:
    """Return what the tenant's classifier is trained from; a text is there once for each intent.

    `changed` are intents as they are going to be, whatever is stored of them.
    """
    with transaction.atomic():
        stored = {intent.name: intent for intent in Intent.objects.order_by("name")}
        corrections = MessageIntent.objects.filter(corrected_at__isnull=False).order_by("message_id")
        told: list[tuple[Any, str]] = list(corrections.values_list("intent__name", "message__content"))
    found = [
        intent for intent in {**stored, **{intent.name: intent for intent in changed}}.values() if intent.is_active
    ]
    corrected: dict[str | None, list[str]] = {}
    for name, text in told:
        corrected.setdefault(name, []).append(text)
    texts = {
        intent.name: [*intent.examples, *corrected.get(intent.name, [])] for intent in found if not intent.is_outside
    }
    none = [example for intent in found if intent.is_outside for example in intent.examples] + corrected.get(None, [])
    return IntentExamples({name: _once(said) for name, said in texts.items() if said}, _once(none))


def _once(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))
