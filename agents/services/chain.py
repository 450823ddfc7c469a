"""Who answers at which attempt: the agent's model twice, then its fallback model, then what the knowledge itself says.

Source: architecture.md ("Failure of a model"). Within an attempt, a model that can never answer hands on to the next at
once; one that may answer later ends the attempt, and the turn's work row tries again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import structlog

from agents.errors import NoAnswerError, ProviderError
from agents.models import AIModel, Provider
from agents.providers import ModelUse, ReplyRequest, providers
from agents.replies import Reply
from agents.services.performance import Stopwatch, record_reply
from metrics.services import MetricsService

FALLBACK_FROM: Final = 3
KNOWLEDGE_FROM: Final = 4
# A provider that wants to be left alone for longer is passed over: a person waits for the answer.
PATIENCE_SECONDS: Final = 30
PROBLEMS: Final = {
    "switched_off": "the model is switched off.",
    "no_key": "the tenant has no key for its provider and address.",
    "sealed": "the tenant's key cannot be opened.",
}
logger = structlog.get_logger(__name__)


def models_to_ask(model: AIModel, fallback: AIModel | None, attempt: int) -> tuple[AIModel, ...]:
    """Return the models to ask at an attempt (the first is 1), best first; the knowledge comes after all of them."""
    if model.provider == Provider.BUILTIN:
        return (model,)
    if attempt >= KNOWLEDGE_FROM:
        return ()
    second = (fallback,) if fallback else ()
    if attempt >= FALLBACK_FROM:
        return second or (model,)
    return (model, *second)


def answer_by(models: Sequence[tuple[AIModel, ModelUse]], request: ReplyRequest) -> Iterator[str | Reply]:
    """Yield the reply of the first model that gives one, else of the knowledge: pieces, then the Reply.

    Raises ProviderError when a model may answer later, NoAnswerError when nothing is left to ask.
    """
    for model, use in models:
        watch = Stopwatch()
        try:
            yield from _watched(model, replace(request, model=use), watch)
        except ProviderError as error:
            MetricsService().increment_counter("model_failures", labels={"provider": model.provider})
            logger.warning("model_failed", model=model.name, error=str(error), is_permanent=error.is_permanent)
            if watch.first is not None or not (error.is_permanent or (error.retry_after or 0) > PATIENCE_SECONDS):
                raise
        else:
            return
    yield from _from_knowledge(request)


def answer_alone(model: AIModel, use: ModelUse, request: ReplyRequest) -> Iterator[str | Reply]:
    """Yield the reply of one model; raise ProviderError whatever it is that keeps it from answering."""
    yield from _watched(model, replace(request, model=use), Stopwatch())


def _watched(model: AIModel, request: ReplyRequest, watch: Stopwatch) -> Iterator[str | Reply]:
    """Yield a model's reply and record how it did; a reply that nobody waits for any more is not its failure."""
    if request.model.problem:
        raise unusable(request.model)
    try:
        for piece in providers[model.provider].stream(request):
            if piece:
                watch.saw(piece)
            yield piece
    except Exception:  # whatever a provider raises counts as its failure, and stays the caller's to handle
        record_reply(model, watch)
        raise
    record_reply(model, watch)


def unusable(use: ModelUse) -> ProviderError:
    """Return the error of a model that cannot even be asked."""
    return ProviderError(
        f"{use.name}: {PROBLEMS[use.problem or '']}", reason=use.problem or "rejected", is_permanent=True
    )


def _from_knowledge(request: ReplyRequest) -> Iterator[str | Reply]:
    """Yield what the knowledge says; that it does not know is no answer here: a person has to be told."""
    said = list(providers[Provider.BUILTIN].stream(replace(request, model=ModelUse(Provider.BUILTIN.value))))
    reply = said[-1]
    if isinstance(reply, Reply) and reply.kind == "unknown":
        raise NoAnswerError("No model answered, and the knowledge does not hold the answer.")
    yield from said
