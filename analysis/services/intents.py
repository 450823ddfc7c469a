"""A tenant's intents: changed by its staff, and learnt anew soon after each change."""

import time
from typing import Any, Final

from django.db import transaction

from analysis.intents import NoExamplesError, train_intents
from analysis.models import Intent, TrainedKind, TrainedModel
from analysis.services.jobs import JOBS, Effect, Job, order
from analysis.services.trained import store, take_out_of_use
from analysis.services.training_data import IntentExamples, intent_examples
from audit.services import AuditService
from tenants.models import User
from tenants.scope import current_tenant_id

INTENTS_JOB: Final = "intents"
# Whoever edits does so in a row: what changes within so many seconds is learnt at once, a moment after their end.
TOGETHER_SECONDS: Final = 15
MARGIN_SECONDS: Final = 3


def save_intent(intent: Intent, values: dict[str, Any], *, by: User | None) -> Intent:
    """Store an intent with these values, and have the classifier learnt anew."""
    with transaction.atomic():
        is_new = intent._state.adding
        for name, value in values.items():
            setattr(intent, name, value)
        intent.save()
        _log("intent_added" if is_new else "intent_changed", intent, by, sorted(values))
        order_training()
        return intent


def delete_intent(intent: Intent, *, by: User | None) -> None:
    """Delete an intent; the messages that had it have none from then on."""
    with transaction.atomic():
        _log("intent_deleted", intent, by, [])
        intent.delete()
        order_training()


def _log(action: str, intent: Intent, by: User | None, changed: list[str]) -> None:
    AuditService().log_event(
        action=action,
        user=by,
        tenant=current_tenant_id(),
        object_type="intent",
        object_id=str(intent.pk),
        details={"intent": intent.name, "changed": changed},
    )


def order_training() -> None:
    """Have the current tenant's classifier learnt anew, in the caller's transaction; once for changes in a row."""
    now = time.time()
    slot = int(now // TOGETHER_SECONDS)
    order(INTENTS_JOB, slot, delay=(slot + 1) * TOGETHER_SECONDS - now + MARGIN_SECONDS)


def learn(about: str = "") -> Effect:
    """Train the current tenant's classifier, outside any transaction; the effect puts it in use."""
    examples = intent_examples()
    began = time.monotonic()
    try:
        classifier = train_intents(examples.by_intent, examples.none_of_them)
    except NoExamplesError:
        return lambda: take_out_of_use(TrainedKind.INTENTS)
    figures = {**counts_of(examples), "seconds": round(time.monotonic() - began, 2)}
    weights, version = classifier.to_bytes(), classifier.version

    def use() -> None:
        store(kind=TrainedKind.INTENTS, weights=weights, version=version, figures=figures)

    return use


def counts_of(examples: IntentExamples) -> dict[str, int]:
    """Return how much there is to learn from."""
    return {
        "intents": len(examples.by_intent),
        "examples": sum(map(len, examples.by_intent.values())),
        "none_of_them": len(examples.none_of_them),
    }


def classifier_in_use() -> TrainedModel | None:
    """Return the current tenant's classifier without its weights, or None."""
    return TrainedModel.objects.filter(kind=TrainedKind.INTENTS, is_active=True).defer("weights").first()


JOBS.add(INTENTS_JOB, Job(run=learn))
