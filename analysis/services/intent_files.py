"""Files of examples for a tenant's intents: what they would add to what is there, and adding it."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from analysis.models import Intent
from analysis.services.intents import log_change
from analysis.services.labelled_files import LabelledText
from analysis.services.training_data import IntentExamples, intent_examples

LONGEST_NAME: Final = 100
NONE_NAME: Final = "none"
NONE_SPELLINGS: Final = frozenset(
    (NONE_NAME, "none of them", "out of scope", "out_of_scope", "oos", "ninguna", "ninguno", "ninguna de ellas")
)


class BadExamplesError(ValueError):
    """A file's examples cannot be an intent's; `problems` tells why, an intent each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def with_examples(rows: Sequence[LabelledText]) -> IntentExamples:
    """Return what there is to learn from once a file's examples are the tenant's; nothing is stored yet.

    Raises BadExamplesError when an intent cannot have them.
    """
    with transaction.atomic():
        return intent_examples(_merged(rows, _intents()))


def add_examples(rows: Sequence[LabelledText]) -> int:
    """Give the tenant's intents a file's examples, make those that are missing; return how many intents changed."""
    with transaction.atomic():
        changed = _merged(rows, _intents(lock=True))
        for intent in changed:
            is_new = intent._state.adding
            intent.save()
            log_change("intent_added" if is_new else "intent_changed", intent, None, ["examples"])
    return len(changed)


def intents_named(rows: Sequence[LabelledText]) -> list[tuple[str, str | None]]:
    """Return texts with their intents as the tenant names them; None: none of them."""
    with transaction.atomic():
        known = _intents()
    found = [(row.text, _of(known, row.label) or _new(row.label)) for row in rows]
    return [(text, None if intent.is_outside else intent.name) for text, intent in found]


def read_label(label: str) -> str | None:
    """Return a file's label; None for one that cannot be an intent's name."""
    name = " ".join(label.split())
    return name if len(name) <= LONGEST_NAME else None


def _intents(*, lock: bool = False) -> dict[str, Intent]:
    rows = Intent.objects.select_for_update() if lock else Intent.objects.all()
    return {intent.name.casefold(): intent for intent in rows.order_by("name")}


def _of(known: Mapping[str, Intent], label: str) -> Intent | None:
    """Return the intent of a label, whatever its letters' case; for “none of them” the one that stands for it."""
    found = known.get(label.casefold())
    if found is None and label.casefold() in NONE_SPELLINGS:
        found = next((intent for intent in known.values() if intent.is_outside), None)
    return found


def _new(label: str) -> Intent:
    is_outside = label.casefold() in NONE_SPELLINGS
    return Intent(name=NONE_NAME if is_outside else label, is_outside=is_outside)


def _merged(rows: Sequence[LabelledText], known: dict[str, Intent]) -> list[Intent]:
    """Return the intents that a file gives examples that they had not, with these examples; in use, all of them."""
    changed: dict[str, Intent] = {}
    for row in rows:
        intent = _of(known, row.label)
        if intent is None:
            intent = _new(row.label)
            known[intent.name.casefold()] = intent
        if row.text not in (had := set(intent.examples)) or not intent.is_active:
            changed[intent.name] = intent
            intent.is_active = True
            if row.text not in had:
                intent.examples.append(row.text)
    problems = [problem for intent in changed.values() if (problem := _problem(intent))]
    if problems:
        raise BadExamplesError(problems)
    return list(changed.values())


def _problem(intent: Intent) -> str:
    try:
        intent.clean_fields()
    except ValidationError as error:
        return f"{intent.name}: {' '.join(error.messages)}"
    return ""
