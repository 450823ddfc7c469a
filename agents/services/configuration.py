"""What an agent answers with: its models with their keys, its knowledge; read once for the turns of a few seconds."""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from uuid import UUID

from cachetools import TTLCache, cached
from django.db import transaction

from agents.models import AgentKnowledgeBase, AgentModel, AIModel, KnowledgeBase
from agents.providers import ModelUse
from agents.services.chain import models_to_ask
from agents.services.model_use import default_model, use_of
from tenants.scope import current_tenant_id

FRESH_SECONDS: Final = 5
_known: TTLCache[Any, Any] = TTLCache(maxsize=1_000, ttl=FRESH_SECONDS)


@dataclass(frozen=True)
class Configuration:
    """An agent with its tenant and model, whom a turn asks one after the other, and the bases that it answers from."""

    agent: AgentModel
    model: AIModel
    models: tuple[tuple[AIModel, ModelUse], ...]
    base_ids: tuple[UUID, ...]


def configuration(agent_id: UUID, *, attempt: int) -> Configuration:
    """Return what the current tenant's agent answers with at an attempt of a turn; up to five seconds old.

    Raises AgentModel.DoesNotExist for an agent that the tenant does not have, NoModelError without a model.
    """
    return _read(current_tenant_id(), agent_id, attempt)


def forget_configurations() -> None:
    """Read anew at the next turn: after a change in this process, and between tests."""
    _known.clear()


@cached(_known, lock=Lock())
def _read(tenant_id: UUID, agent_id: UUID, attempt: int) -> Configuration:
    with transaction.atomic():
        agent = AgentModel.objects.select_related("ai_model", "fallback_model", "tenant").get(id=agent_id)
        model = agent.ai_model or default_model()
        asked = models_to_ask(model, agent.fallback_model, attempt)
        uses = (use_of(each, temperature=agent.temperature, max_tokens=agent.max_tokens) for each in asked)
        return Configuration(agent, model, tuple(zip(asked, uses, strict=True)), _bases(agent))


def _bases(agent: AgentModel) -> tuple[UUID, ...]:
    """Return the agent's bases; an agent without any of its own answers from all of the tenant's."""
    own = AgentKnowledgeBase.objects.filter(agent=agent).order_by("id").values_list("knowledge_base_id", flat=True)
    return tuple(own) or tuple(KnowledgeBase.objects.order_by("id").values_list("id", flat=True))
