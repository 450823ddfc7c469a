"""When the agent should stop (the tenant's `escalation_rules`); docs/escalation.md tells it to people.

Asked for a human, a word or an intent of the tenant's rules, one very negative message or several in a row, an agent
that does not know several times in a row.
"""

from collections.abc import Sequence
from typing import Any, Final

from agents.services.small_talk import small_talk
from agents.services.words import words
from chats.models import ChatModel, ContentChatModel, Sender
from chats.services.handover import hand_over
from tenants.scope import current_tenant_id
from tenants.services.config import setting
from tenants.services.escalation_rules import EscalationRules, rules_of

NEGATIVE: Final = "negative_messages"


def current_rules() -> EscalationRules:
    """Return the current tenant's rules."""
    return rules_of(setting(current_tenant_id(), "escalation_rules"))


def consider_words(message: ContentChatModel) -> bool:
    """Hand a person's message over when its words ask for it; return whether that was done."""
    if message.sender != Sender.USER or not message.chat.is_with_its_agent:
        return False
    reason = reason_in_words(message.content, current_rules())
    return bool(reason) and hand_over(message, reason=reason)


def reason_in_words(text: str, rules: EscalationRules) -> str:
    """Return why a text is for a person, or an empty string."""
    if rules.on_request and small_talk(text) == "human":
        return "requested"
    line = f" {' '.join(words(text))} "
    named = (f" {' '.join(words(keyword))} " for keyword in rules.keywords)
    return "rule" if any(phrase.strip() and phrase in line for phrase in named) else ""


def consider_analysis(message: ContentChatModel, results: dict[str, Any]) -> bool:
    """Hand over what the analysis says is for a person; return whether that was done.

    Counts the person's negative messages in a row in the chat's `agent_settings`.
    """
    chat, rules = message.chat, current_rules()
    sentiment, intent = results.get("sentiment"), results.get("intent")
    in_a_row = count_negative(chat, sentiment["sentiment"] == "negative") if sentiment else 0
    if not chat.is_with_its_agent:
        return False
    if intent and intent.get("name") in rules.intents:
        return hand_over(message, reason="rule")
    if not sentiment or sentiment["sentiment"] != "negative":
        return False
    is_enough = sentiment["score"] <= rules.very_negative or 0 < rules.negative_messages <= in_a_row
    return is_enough and hand_over(message, reason="negative_sentiment")


def count_negative(chat: ChatModel, is_negative: bool) -> int:  # noqa: FBT001 - what is counted, not an option
    """Return how many messages in a row were negative, with this one; stored when it changed."""
    had = int(chat.agent_settings.get(NEGATIVE, 0))
    now = had + 1 if is_negative else 0
    if now != had:
        chat.agent_settings = {**chat.agent_settings, NEGATIVE: now}
        ChatModel.objects.filter(pk=chat.pk).update(agent_settings=chat.agent_settings)
    return now


def is_unsure_too_often(kind: str, earlier: Sequence[ContentChatModel]) -> bool:
    """Tell whether a reply of this kind, after these messages (latest first), is one "I do not know" too many."""
    enough = current_rules().unsure_replies
    if kind != "unknown" or not enough:
        return False
    replies = (message for message in earlier if message.is_automatic)
    in_a_row = 1
    for reply in replies:
        if reply.metadata.get("kind") != "unknown":
            break
        in_a_row += 1
    return in_a_row >= enough
