"""Which base an import goes to, and who answers from it."""

from typing import Final

from django.db import transaction

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase
from tenants.fields import uuid7

FALLBACK_NAME: Final = "general"


def base_for_import(name: str = "", *, dry_run: bool = False) -> tuple[KnowledgeBase, bool]:
    """Return the base to import into and whether it was made just now (decision 37); needs a tenant's scope.

    The named one, else the oldest of the default agent, else one named `general`. A base that is made here is given to
    the default agent, so that what is imported is answered from. A rehearsal gets one that is nowhere stored.
    ValidationError for a name that is too long.
    """
    with transaction.atomic():
        agent = AgentModel.objects.filter(is_default=True).first()
        if not name and agent:
            own = AgentKnowledgeBase.objects.filter(agent=agent).order_by("id").select_related("knowledge_base").first()
            if own:
                return own.knowledge_base, False
        KnowledgeBase._meta.get_field("name").clean(name or FALLBACK_NAME, None)
        if dry_run:
            known = KnowledgeBase.objects.filter(name=name or FALLBACK_NAME).first()
            return known or KnowledgeBase(id=uuid7(), name=name or FALLBACK_NAME), known is None
        base, created = KnowledgeBase.objects.get_or_create(name=name or FALLBACK_NAME)
        if created and agent:
            AgentKnowledgeBase.objects.get_or_create(agent=agent, knowledge_base=base)
        return base, created
