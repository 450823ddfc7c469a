"""Trying an agent out: its own model, once, and in words why it does not answer."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from agents.errors import NoAnswerError, NoModelError, ProviderError
from agents.replies import ConversationTurn, Reply
from agents.services.agent_service import AgentService
from agents.services.configuration import forget_configurations


@dataclass(frozen=True)
class Trial:
    """What came of it: the answer with who gave it, or the reason that there is none."""

    text: str
    is_answer: bool


def try_agent(agent_id: UUID, question: str) -> Trial:
    """Ask an agent's own model a question; a failure is told, nobody else is asked. Runs in a tenant's scope."""
    forget_configurations()  # who tries has just changed something
    language = (get_language() or "")[:2]
    turns = [ConversationTurn("user", question)]
    try:
        *_pieces, reply = AgentService.stream_reply(
            agent_id=agent_id, turns=turns, language=language, has_substitutes=False
        )
    except (ProviderError, NoAnswerError, NoModelError) as error:
        return Trial(_("No answer: %(reason)s") % {"reason": error}, is_answer=False)
    if not isinstance(reply, Reply):
        raise TypeError("A provider's stream must end with a Reply.")
    values = {"model": reply.model_used, "tokens": reply.tokens_used, "text": reply.text}
    return Trial(_("%(model)s (%(tokens)s tokens): %(text)s") % values, is_answer=True)
