"""Messages and analyzers for the tests of the analysis."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from analysis.sentiment import ANALYZERS, Mood
from analysis.services.analyzing import untrained
from chats.models import ChatModel, ContentChatModel
from chats.services.messages import post_message
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings

ANGRY = "This is the worst service ever, I am furious and want my money back!"
HAPPY = "Thank you so much, this is wonderful, I love it!"


def ask(tenant: TenantModel, chat: ChatModel, content: str, **draft: Any) -> ContentChatModel:
    """Let the chat's person write, and return the message with its chat."""
    with tenant_scope(tenant):
        message = post_message(chat_id=chat.chat_id, content=content, **draft).message
    with in_tenant(tenant):
        return ContentChatModel.objects.select_related("chat__agent", "chat__tenant").get(pk=message.pk)


def configure(tenant: TenantModel, **settings: Any) -> None:
    """Give the tenant settings."""
    tenant.settings = settings
    tenant.save()
    forget_settings()


@dataclass
class SlowAnalyzer:
    """An analyzer that says the same of everything, takes its time, and may fail."""

    failure: Exception | None = None
    name: str = "slow 1"
    is_fast: bool = False
    calls: int = 0

    def analyze(self, text: str, language: str) -> Mood:
        """Return a mood that only this analyzer finds."""
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        return Mood("positive", 0.42, 0.9, language, self.name)


@contextmanager
def slow_analyzer(tenant: TenantModel, analyzer: SlowAnalyzer) -> Iterator[None]:
    """Let the tenant's analyzer be this one."""
    configure(tenant, sentiment_analyzer="model")
    kept = dict(ANALYZERS.items())
    untrained.cache_clear()
    with ANALYZERS.lent(**{**kept, "model": lambda weights: analyzer}):
        yield
    untrained.cache_clear()
