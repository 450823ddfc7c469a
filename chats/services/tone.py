"""How the agent should sound after what a person wrote (chats-signals.md, `adjust_agent_behavior`; decision 23)."""

from typing import Any, Final

from chats.models import ChatModel

TONES: Final = {
    "negative": {"tone": "empathetic", "response_style": "supportive"},
    "positive": {"tone": "friendly", "response_style": "enthusiastic"},
}


def adjust_agent_behavior(chat: ChatModel, sentiment: dict[str, Any]) -> None:
    """Keep in the chat how its agent should sound from now on; a neutral message changes nothing."""
    wanted = {**chat.agent_settings, **TONES.get(str(sentiment["sentiment"]), {})}
    if wanted != chat.agent_settings:
        chat.agent_settings = wanted
        ChatModel.objects.filter(pk=chat.pk).update(agent_settings=wanted)
