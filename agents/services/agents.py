"""Writing agents: their bases, who is the default one, and what is told of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase
from agents.services.configuration import forget_configurations
from audit.services import AuditService
from tenants.models import User


def save_agent(
    agent: AgentModel, fields: dict[str, Any], *, base_ids: Sequence[UUID] | None, actor: User | None
) -> AgentModel:
    """Store an agent with what changed of it; one that becomes the default takes the place of the one before.

    `base_ids` are the bases that it answers from, None: as they are. Needs a tenant's scope and a transaction.
    """
    created = agent._state.adding
    if fields.get("is_default"):
        AgentModel.objects.filter(is_default=True).exclude(pk=agent.pk).update(is_default=False)
    for name, value in fields.items():
        setattr(agent, name, value)
    agent.save()
    if base_ids is not None:
        _set_bases(agent, base_ids)
    forget_configurations()
    agent.__dict__.pop("_prefetched_objects_cache", None)
    audit("agent_created" if created else "agent_updated", "agent", agent, actor, sorted(fields))
    return agent


def delete_agent(agent: AgentModel, *, actor: User | None) -> None:
    """Delete an agent; raises ProtectedError while conversations name it: retire it with is_active=False instead."""
    pk = agent.pk
    agent.delete()
    agent.pk = pk
    audit("agent_deleted", "agent", agent, actor)


def audit(
    action: str, kind: str, thing: AgentModel | KnowledgeBase, actor: User | None, fields: Sequence[str] = ()
) -> None:
    """Write what was done to an agent or a base to the audit log."""
    details = {"fields": list(fields)} if fields else {}
    AuditService.log_event(action, actor, thing.tenant_id, kind, str(thing.pk), details)


def _set_bases(agent: AgentModel, ids: Sequence[UUID]) -> None:
    links = AgentKnowledgeBase.objects.filter(agent=agent)
    links.exclude(knowledge_base_id__in=ids).delete()
    known = set(links.values_list("knowledge_base_id", flat=True))
    for id_ in dict.fromkeys(ids):
        if id_ not in known:
            AgentKnowledgeBase.objects.create(agent=agent, knowledge_base_id=id_)
