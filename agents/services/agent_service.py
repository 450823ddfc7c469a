"""The agent's side of a conversation: turns in, a reply out, whichever provider writes it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from agents.errors import NoModelError, ProviderError
from agents.models import AgentModel, AIModel, Provider
from agents.providers import ModelUse, ReplyRequest
from agents.replies import ConversationTurn, Reply
from agents.services.chain import FALLBACK_FROM, KNOWLEDGE_FROM, answer_alone, answer_by
from agents.services.configuration import configuration


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
        """Return an agent's whole reply; for those who cannot wait: what fails is not tried again, the next is asked.

        Raises NoAnswerError when the last of them has nothing either.
        """
        for attempt in (1, FALLBACK_FROM):
            try:
                return _whole(agent_id, turns, language, attempt)
            except ProviderError:
                continue
        return _whole(agent_id, turns, language, KNOWLEDGE_FROM)

    @staticmethod
    def stream_reply(
        *,
        agent_id: UUID,
        turns: Sequence[ConversationTurn],
        language: str = "",
        attempt: int = 1,
        tone: str = "",
        has_substitutes: bool = True,
    ) -> Iterator[str | Reply]:
        """Yield the reply's text in pieces, then exactly one Reply whose text is the pieces joined.

        `attempt` counts from 1 how often this turn is tried: it chooses who is asked (agents/services/chain.py). An
        empty `language` is the agent's own, else the tenant's; an empty `tone` the agent's own. Raises ProviderError
        for a failure that a later attempt may mend, NoAnswerError when nobody is left to ask, AgentModel.DoesNotExist
        for an agent that the tenant does not have, NoModelError without a model. Closing the iterator ends the work.
        Without substitutes the first model alone is asked, and every failure of it raised.
        """
        models, request = _prepare(agent_id, turns, language, attempt, tone)
        if not has_substitutes:
            yield from answer_alone(*models[0], request)
            return
        yield from answer_by(models, request)

    @staticmethod
    def is_quick(agent_id: UUID) -> bool:
        """Tell whether nobody outside is asked for the agent's replies, so that they come within milliseconds.

        An agent without a model is quick too: its turn fails at once, and is recorded there.
        """
        try:
            return configuration(agent_id, attempt=1).model.provider == Provider.BUILTIN
        except (AgentModel.DoesNotExist, NoModelError):
            return True


def _whole(agent_id: UUID, turns: Sequence[ConversationTurn], language: str, attempt: int) -> Reply:
    *_, last = AgentService.stream_reply(agent_id=agent_id, turns=turns, language=language, attempt=attempt)
    if not isinstance(last, Reply):
        raise TypeError("A provider's stream must end with a Reply.")
    return last


def _prepare(
    agent_id: UUID, turns: Sequence[ConversationTurn], language: str, attempt: int, tone: str
) -> tuple[tuple[tuple[AIModel, ModelUse], ...], ReplyRequest]:
    known = configuration(agent_id, attempt=attempt)
    agent = known.agent
    return known.models, ReplyRequest(
        agent_id=agent.id,
        agent_name=agent.name,
        system_prompt=agent.system_prompt,
        greeting=agent.greeting,
        tone=tone or agent.tone,
        model=ModelUse(known.model.name),
        base_ids=known.base_ids,
        turns=tuple(turns),
        language=language or agent.language or agent.tenant.default_language,
    )


def _context(context: Any) -> tuple[list[ConversationTurn], str]:
    language = ""
    if isinstance(context, Mapping):
        language, context = str(context.get("language") or ""), context.get("history")
    turns = [
        turn if isinstance(turn, ConversationTurn) else ConversationTurn(turn["role"], turn["content"])
        for turn in context or ()
    ]
    return turns, language
