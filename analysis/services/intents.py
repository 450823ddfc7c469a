"""A tenant's intents: changed by its staff, and learnt anew soon after each change."""

from typing import Any

from django.db import transaction

from analysis.models import Intent, TrainedKind, TrainedModel
from analysis.services.retraining import order_training
from audit.services import AuditService
from tenants.models import User
from tenants.scope import current_tenant_id


def save_intent(intent: Intent, values: dict[str, Any], *, by: User | None) -> Intent:
    """Store an intent with these values, and have the classifier learnt anew."""
    with transaction.atomic():
        is_new = intent._state.adding
        for name, value in values.items():
            setattr(intent, name, value)
        intent.save()
        log_change("intent_added" if is_new else "intent_changed", intent, by, sorted(values))
        order_training()
        return intent


def delete_intent(intent: Intent, *, by: User | None) -> None:
    """Delete an intent; the messages that had it have none from then on."""
    with transaction.atomic():
        log_change("intent_deleted", intent, by, [])
        intent.delete()
        order_training()


def log_change(action: str, intent: Intent, by: User | None, changed: list[str]) -> None:
    """Write to the audit log who added, changed or deleted an intent, in the caller's transaction."""
    AuditService().log_event(
        action=action,
        user=by,
        tenant=current_tenant_id(),
        object_type="intent",
        object_id=str(intent.pk),
        details={"intent": intent.name, "changed": changed},
    )


def classifier_in_use() -> TrainedModel | None:
    """Return the current tenant's classifier without its weights, or None."""
    return TrainedModel.objects.filter(kind=TrainedKind.INTENTS, is_active=True).defer("weights").first()
