"""What a provider is: something that writes a reply to a conversation, as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from agents.errors import Reason
from agents.replies import ConversationTurn, Reply
from tenants.registry import Registry


@dataclass(frozen=True)
class ModelUse:
    """A model as an agent uses it: how to reach it, and how it is to write.

    `remote_name` is the provider's name for the model. `max_tokens` is a reply's longest, `context_window` holds the
    conversation and the reply. `problem`: why it cannot be asked at all.
    """

    name: str
    remote_name: str = ""
    base_url: str = ""
    secret: str = field(default="", repr=False)
    temperature: float = 0.7
    max_tokens: int = 1024
    context_window: int = 8192
    problem: Reason | None = None


@dataclass(frozen=True)
class ReplyRequest:
    """What a provider is asked: plain values, so that nothing reads the database while a model writes."""

    agent_id: UUID
    agent_name: str
    system_prompt: str
    greeting: str
    tone: str
    model: ModelUse
    base_ids: tuple[UUID, ...]
    turns: Sequence[ConversationTurn]
    language: str


class ReplyProvider(Protocol):
    """Runs models of one kind."""

    def stream(self, request: ReplyRequest) -> Iterator[str | Reply]:
        """Yield the reply's text in pieces, then exactly one Reply whose text is the pieces joined.

        Called in a tenant's scope without an open transaction. Raises ProviderError when the model gives no reply.
        Closing the iterator ends the model's work.
        """
        ...


providers: Registry[ReplyProvider] = Registry("provider")
