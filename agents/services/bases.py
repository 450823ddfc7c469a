"""Which base an import goes to, and who answers from it."""

from typing import Final

from django.db import transaction

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase

FALLBACK_NAME: Final = "general"


def base_for_import(name: str = "") -> tuple[KnowledgeBase, bool]:
    """Return the base to import into and whether it was made just now (decision 37); needs a tenant's scope.

    The named one, else the oldest of the default agent, else one named `general`. A base that is made here is given to
    the default agent, so that what is imported is answered from.
    """
    with transaction.atomic():
        agent = AgentModel.objects.filter(is_default=True).first()
        if not name and agent:
            own = AgentKnowledgeBase.objects.filter(agent=agent).order_by("id").select_related("knowledge_base").first()
            if own:
                return own.knowledge_base, False
        base, created = KnowledgeBase.objects.get_or_create(name=name or FALLBACK_NAME)
        if created and agent:
            AgentKnowledgeBase.objects.get_or_create(agent=agent, knowledge_base=base)
        return base, created
