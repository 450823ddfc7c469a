"""What a provider is: something that writes a reply to a conversation, as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from agents.replies import ConversationTurn, Reply
from tenants.registry import Registry


@dataclass(frozen=True)
class ReplyRequest:
    """What a provider is asked: plain values, so that nothing reads the database while a model writes."""

    agent_id: UUID
    agent_name: str
    system_prompt: str
    greeting: str
    tone: str
    model: str
    temperature: float
    max_tokens: int
    base_ids: tuple[UUID, ...]
    turns: Sequence[ConversationTurn]
    language: str


class ReplyProvider(Protocol):
    """Runs models of one kind."""

    def stream(self, request: ReplyRequest) -> Iterator[str | Reply]:
        """Yield the reply's text in pieces, then exactly one Reply whose text is the pieces joined.

        Called in a tenant's scope without an open transaction.
        """
        ...


providers: Registry[ReplyProvider] = Registry("provider")
