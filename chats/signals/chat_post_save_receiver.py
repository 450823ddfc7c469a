"""Receivers of a stored chat (chats-signals.md). The module keeps its function's documented name."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_noop

from agents.models import AgentModel
from audit.services import AuditService
from chats.events import chat_updated
from chats.models import ChatModel
from chats.realtime.publish import publish_state
from chats.services.debouncing import forget_burst
from chats.signals.monitoring import monitor_signal
from chats.signals.muting import are_muted
from metrics.services import MetricsService
from notifications.services import NotificationService
from notifications.services.events import record_event
from tenants.commits import call_after_commit

NEW_CHAT = gettext_noop("Somebody has begun a new conversation.")
INITIAL_SETTINGS = {"auto_save": True, "sentiment_analysis": True, "notifications": True, "auto_response": True}


@receiver(post_save, sender=ChatModel, dispatch_uid="chats.chat_post_save")
@monitor_signal
def chat_post_save_receiver(
    sender: Any, instance: ChatModel, *, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    """Set a new chat up and tell of it; or act on what changed."""
    if raw or are_muted():
        return
    if created:
        initialize_chat_settings(instance)
        notify_chat_created(instance)
        record_chat_metrics(instance)
    else:
        process_chat_update(instance)


def initialize_chat_settings(chat: ChatModel) -> None:
    """Give the chat its default agent and settings: on the instance, and by one UPDATE (decision 19)."""
    if chat.agent is None:
        chat.agent = AgentModel.objects.filter(is_default=True, is_active=True).first()
    chat.settings = initial_settings(chat)
    ChatModel.objects.filter(pk=chat.pk).update(agent=chat.agent, settings=chat.settings)


def initial_settings(chat: ChatModel) -> dict[str, Any]:
    """Return the settings that a chat with this agent begins with; those that it brings stand over them."""
    return {**INITIAL_SETTINGS, **_agent_settings(chat), **chat.settings}


def notify_chat_created(chat: ChatModel) -> None:
    """Write the event and the audit row of a new chat, and tell the tenant's administrator."""
    record_event("chat.created", object_type="chat", object_id=chat.chat_id)
    AuditService().log_event(
        action="chat_created",
        user=None,
        tenant=chat.tenant_id,
        object_type="chat",
        object_id=str(chat.chat_id),
        details={"agent": chat.agent.name if chat.agent else None},
    )
    if chat.settings.get("notifications", True):
        NotificationService.send_notification(
            recipient=chat.tenant.admin,
            message=NEW_CHAT,
            notification_type="chat_created",
            data={"chat_id": str(chat.chat_id)},
            dedupe_key=f"chat_created:{chat.chat_id}",
        )


def record_chat_metrics(chat: ChatModel) -> None:
    """Count the new chat; how many are active is computed at scrape (decision 19)."""
    MetricsService().increment_counter("chats_created", labels={"channel": str(chat.channel)})


def process_chat_update(chat: ChatModel) -> None:
    """Act on a change of state or agent, and show the chat's sockets what it is now."""
    changed = {name for name in ("status", "is_active", "agent_id") if chat.tracker.has_changed(name)}
    if not changed:
        return
    if "is_active" in changed:
        (chat_activated if chat.is_active else chat_deactivated)(chat)
    if "agent_id" in changed:
        update_agent_settings(chat)
    record_event("chat.updated", object_type="chat", object_id=chat.chat_id, data={"changed": sorted(changed)})
    frame = chat_updated(chat)
    call_after_commit(publish_state, chat, frame)


def chat_activated(chat: ChatModel) -> None:
    """Count a conversation that goes on after it had ended."""
    MetricsService().increment_counter("chats_reopened", labels={"channel": str(chat.channel)})


def chat_deactivated(chat: ChatModel) -> None:
    """Count a conversation that ended; nothing waits for the rest of what its person writes any more."""
    MetricsService().increment_counter("chats_closed", labels={"channel": str(chat.channel), "to": str(chat.status)})
    forget_burst(chat.contact_id)


def update_agent_settings(chat: ChatModel) -> None:
    """Bring the new agent's settings into the chat."""
    chat.settings = {**chat.settings, **_agent_settings(chat)}
    ChatModel.objects.filter(pk=chat.pk).update(settings=chat.settings)


def _agent_settings(chat: ChatModel) -> dict[str, Any]:
    if chat.agent is None:
        return {}
    return {
        "temperature": chat.agent.temperature,
        "max_tokens": chat.agent.max_tokens,
        "model_provider": chat.agent.model_provider,
    }
