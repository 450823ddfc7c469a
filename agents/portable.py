"""Agents and what they know as records. Keys to providers stay: secrets leave no installation."""

from typing import Any, Final

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase, KnowledgeChunk, KnowledgeDocument
from tenants.lifecycle import portable_kinds
from tenants.portable.kinds import Group, Kind, Link

OF_THE_BASE: Final = Link("base", {"base": "name"}, required=True)


def keep_the_default(agents: list[Any]) -> None:
    """Let the tenant's default agent stay the one: an agent that comes is it only where there is none."""
    had = AgentModel.objects.filter(is_default=True).values_list("slug", flat=True).first()
    if had is not None:
        for agent in agents:
            agent.is_default = agent.slug == had


portable_kinds.add(
    "agents.base",
    Kind(
        name="base",
        group=Group.KNOWLEDGE,
        model=KnowledgeBase,
        columns=("id", "name", "description", "language", "schema_version", "created_at", "updated_at"),
        identity=("name",),
        unused=lambda bases: bases.filter(agents__isnull=True),
    ),
)
portable_kinds.add(
    "agents.document",
    Kind(
        name="document",
        group=Group.KNOWLEDGE,
        model=KnowledgeDocument,
        columns=(
            "id", "key", "title", "source", "source_hash", "content", "language", "metadata", "status", "error",
            "created_at", "updated_at",
        ),
        identity=("base", "key"),
        links=(OF_THE_BASE,),
        period="created_at",
        unused=lambda documents: documents.filter(base__agents__isnull=True),
    ),
)  # fmt: skip
portable_kinds.add(
    "agents.passage",
    Kind(
        name="passage",
        group=Group.KNOWLEDGE,
        model=KnowledgeChunk,
        columns=("position", "heading", "content", "language", "embedding_model", "embedding"),
        identity=("document", "position"),
        links=(OF_THE_BASE, Link("document", {"base": "base__name", "document": "key"}, required=True)),
        period="document__created_at",
        unused=lambda passages: passages.filter(base__agents__isnull=True),
    ),
)
portable_kinds.add(
    "agents.agent",
    Kind(
        name="agent",
        group=Group.AGENTS,
        model=AgentModel,
        columns=(
            "id", "slug", "name", "description", "system_prompt", "greeting", "language", "is_default", "is_active",
            "temperature", "max_tokens", "tone", "created_at", "updated_at",
        ),
        identity=("slug",),
        links=(Link("ai_model", {"ai_model": "name"}), Link("fallback_model", {"fallback_model": "name"})),
        period="created_at",
        prepare=keep_the_default,
        unused=lambda agents: agents.filter(chats__isnull=True),
    ),
)  # fmt: skip
portable_kinds.add(
    "agents.agent_base",
    Kind(
        name="agent_base",
        group=Group.AGENTS,
        model=AgentKnowledgeBase,
        columns=(),
        identity=("agent", "knowledge_base"),
        links=(
            Link("agent", {"agent": "slug"}, required=True),
            Link("knowledge_base", {"base": "name"}, required=True),
        ),
        loose=True,
        unused=lambda pairs: pairs.filter(agent__chats__isnull=True),
    ),
)
