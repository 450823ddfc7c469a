"""What a message asks for, by the tenant's own classifier where it has one."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from analysis.intents import IntentClassifier
from analysis.linear import ModelFormatError
from analysis.models import TrainedKind
from analysis.services.storing import Guessed
from analysis.services.trained import all_in_use, loaded
from tenants.scope import current_tenant_id
from tenants.services.config import setting

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Loaded:
    """A classifier in this process; None where its weights are another version's."""

    classifier: IntentClassifier | None


def guess_intent(text: str) -> Guessed | None:
    """Return what a text asks for in the current tenant; None where nothing was trained."""
    models = all_in_use(TrainedKind.INTENTS)
    if not models:
        return None
    found = loaded(models, _load)
    if found is None or found.classifier is None:
        return None
    (used,) = models.values()
    guess = found.classifier.classify(text, least=setting(current_tenant_id(), "intent_threshold"))
    return Guessed(guess.name, guess.confidence, used.version)


def _load(weights: Mapping[str, bytes]) -> Loaded:
    (data,) = weights.values()
    try:
        return Loaded(IntentClassifier.from_bytes(data))
    except ModelFormatError as error:
        logger.error("trained_model_unreadable", kind=TrainedKind.INTENTS.value, error=str(error))
        return Loaded(None)
