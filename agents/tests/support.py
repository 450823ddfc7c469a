"""What the tests of agents share: a tenant's knowledge from a few lines."""

from collections.abc import Iterable

from agents.models import AgentModel, AIModel, KnowledgeBase, Provider
from agents.replies import ConversationTurn, Reply
from agents.services.agent_service import AgentService
from agents.services.documents import Entry, Stored, store
from agents.services.retrieval import Passage, search
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

SHOP = [
    Entry("¿Cuál es el horario de atención?", "Abrimos de lunes a viernes de 9:00 a 19:00.", "tienda.csv", "es"),
    Entry("¿Cuánto cuesta el envío?", "El envío cuesta $9.000 en la ciudad.", "tienda.csv", "es"),
    Entry("¿Cómo cambio mi contraseña?", "Toca «Olvidé mi contraseña» y sigue el enlace.", "tienda.csv", "es"),
    Entry("¿Las plantas tienen garantía?", "Sí, treinta días de vida.", "tienda.csv", "es"),
    Entry("¿Puedo devolver una planta?", "Tienes quince días para devoluciones.", "tienda.csv", "es"),
    Entry("What are your opening hours?", "We are open Monday to Friday from 9 am to 7 pm.", "shop.csv", "en"),
    Entry("How much is shipping?", "Shipping costs $9,000 in the city.", "shop.csv", "en"),
    Entry("Do plants have a guarantee?", "Yes, thirty days of life.", "shop.csv", "en"),
]


def learn(tenant: TenantModel, entries: Iterable[Entry] = SHOP, name: str = "shop") -> tuple[KnowledgeBase, Stored]:
    """Store entries in a base of a tenant."""
    with in_tenant(tenant):
        base, _ = KnowledgeBase.objects.get_or_create(name=name)
        return base, store(base, list(entries))


def find(tenant: TenantModel, query: str, **options: object) -> list[Passage]:
    """Search in a tenant."""
    with in_tenant(tenant):
        return search(query=query, **options)  # type: ignore[arg-type]


def default_model() -> AIModel:
    """Store the built-in model."""
    return AIModel.objects.get_or_create(name="builtin", defaults={"provider": Provider.BUILTIN})[0]


def ask(tenant: TenantModel, *messages: str, language: str = "es") -> Reply:
    """Have a conversation with the tenant's default agent and return its last reply."""
    default_model()
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
    turns: list[ConversationTurn] = []
    for message in messages:
        turns.append(ConversationTurn("user", message))
        with tenant_scope(tenant):
            reply = AgentService.reply(agent_id=agent.id, turns=turns, language=language)
        turns.append(ConversationTurn("assistant", reply.text))
    return reply
