"""The agent's side of a conversation: turns in, a reply out, whichever provider writes it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.models import AgentKnowledgeBase, AgentModel, AIModel, KnowledgeBase
from agents.providers import ReplyRequest, providers
from agents.replies import ConversationTurn, Reply
from agents.services.performance import Stopwatch, record_reply
from tenants.scope import current_tenant_id
from tenants.services.config import setting


class NoModelError(LookupError):
    """An agent has no model and the installation's default one is missing or switched off."""


class AgentService:
    """Answers as an agent. Runs in a tenant's scope, outside any transaction: its own are short."""

    @staticmethod
    def generate_response(agent_id: UUID, message: str, context: Any = None) -> str:
        """Return an agent's reply to a message as text.

        `context` is what was said before: ConversationTurns or mappings with `role` and `content`, oldest first; or a
        mapping with them under `history`, and the conversation's `language`.
        """
        history, language = _context(context)
        turns = [*history, ConversationTurn("user", message)]
        return AgentService.reply(agent_id=agent_id, turns=turns, language=language).text

    @staticmethod
    def reply(*, agent_id: UUID, turns: Sequence[ConversationTurn], language: str = "") -> Reply:
        """Return an agent's whole reply."""
        *_, last = AgentService.stream_reply(agent_id=agent_id, turns=turns, language=language)
        if not isinstance(last, Reply):
            raise TypeError("A provider's stream must end with a Reply.")
        return last

    @staticmethod
    def stream_reply(*, agent_id: UUID, turns: Sequence[ConversationTurn], language: str = "") -> Iterator[str | Reply]:
        """Yield the reply's text in pieces, then exactly one Reply whose text is the pieces joined.

        Raises AgentModel.DoesNotExist for an agent that the tenant does not have, NoModelError without a model. An
        empty `language` is the agent's own, else the tenant's.
        """
        model, request = _prepare(agent_id, turns, language)
        watch = Stopwatch()
        try:
            for piece in providers[model.provider].stream(request):
                watch.saw(piece)
                yield piece
        except Exception:  # whatever a provider raises counts as its failure, and stays the caller's to handle
            record_reply(model, watch)
            raise
        record_reply(model, watch)


def _prepare(agent_id: UUID, turns: Sequence[ConversationTurn], language: str) -> tuple[AIModel, ReplyRequest]:
    with transaction.atomic():
        agent = AgentModel.objects.select_related("ai_model", "tenant").get(id=agent_id)
        model = agent.ai_model or _default_model()
        bases = _bases(agent)
    return model, ReplyRequest(
        agent_id=agent.id,
        agent_name=agent.name,
        system_prompt=agent.system_prompt,
        greeting=agent.greeting,
        tone=agent.tone,
        model=model.name,
        temperature=agent.temperature if agent.temperature is not None else model.temperature,
        max_tokens=agent.max_tokens or model.max_tokens,
        base_ids=bases,
        turns=tuple(turns),
        language=language or agent.language or agent.tenant.default_language,
    )


def _default_model() -> AIModel:
    """Return the model of an agent that names none (decision 22)."""
    name = setting(current_tenant_id(), "default_model")
    model = AIModel.objects.filter(name=name, is_active=True).first()
    if model is None:
        raise NoModelError(f"The default model “{name}” does not exist or is switched off.")
    return model


def _bases(agent: AgentModel) -> tuple[UUID, ...]:
    """Return the agent's bases; an agent without any of its own answers from all of the tenant's."""
    own = AgentKnowledgeBase.objects.filter(agent=agent).order_by("id").values_list("knowledge_base_id", flat=True)
    return tuple(own) or tuple(KnowledgeBase.objects.order_by("id").values_list("id", flat=True))


def _context(context: Any) -> tuple[list[ConversationTurn], str]:
    language = ""
    if isinstance(context, Mapping):
        language, context = str(context.get("language") or ""), context.get("history")
    turns = [
        turn if isinstance(turn, ConversationTurn) else ConversationTurn(turn["role"], turn["content"])
        for turn in context or ()
    ]
    return turns, language
