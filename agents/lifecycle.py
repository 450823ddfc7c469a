"""What agents bring to a new tenant, and to the demo tenant: text of our own, in both languages."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.db import transaction

from agents.models import AgentKnowledgeBase, AgentModel, AIModel, KnowledgeBase, Provider
from agents.services.documents import Entry, store
from tenants.lifecycle import TrialOrder, demo_steps, init_steps, trial_steps
from tenants.models import Language, TenantModel

DEMO: Final = Path(__file__).parent / "demo"
DEMO_BASE: Final = "La Hoja Contenta"
DEMO_FILES: Final = (
    ("preguntas.csv", Language.SPANISH, ("tema", "pregunta", "respuesta")),
    ("questions.csv", Language.ENGLISH, ("topic", "question", "answer")),
)
DEMO_GREETING: Final = (
    "¡Hola! Soy Lila, de La Hoja Contenta 🌿 Pregúntame por envíos, pagos, horarios o el cuidado de tus plantas. "
    "(I speak English too.)"
)
CARE_GREETING: Final = "¡Hola! Soy Jacinto. Cuéntame qué le pasa a tu planta y la ponemos contenta."


@init_steps.register("agents.default_model")
def ensure_default_model(tenant: TenantModel) -> None:
    """Make the built-in model, which needs nothing from outside (decision 22)."""
    AIModel.objects.get_or_create(name="builtin", defaults={"provider": Provider.BUILTIN, "version": "1"})


@init_steps.register("agents.default_agent")
def ensure_default_agent(tenant: TenantModel) -> None:
    """Give a tenant an agent to begin with, unless it has one."""
    if not AgentModel.objects.exists():
        AgentModel.objects.create(name="Charla", language=tenant.default_language, is_default=True)


@demo_steps.register("agents.knowledge")
def make_demo_agents(tenant: TenantModel) -> None:
    """Make the demo shop: its knowledge and its two agents. Safe to run again."""
    ensure_default_model(tenant)
    base, _ = KnowledgeBase.objects.get_or_create(name=DEMO_BASE)
    for name, language, columns in DEMO_FILES:
        store(base, _entries(DEMO / name, language, columns))
    lila = _agent("Lila", greeting=DEMO_GREETING, description="La Hoja Contenta: tienda, pedidos y pagos.")
    jacinto = _agent("Jacinto", greeting=CARE_GREETING, description="El cuidado de las plantas.")
    for agent in (lila, jacinto):
        AgentKnowledgeBase.objects.get_or_create(agent=agent, knowledge_base=base)
    AgentModel.objects.filter(is_default=True).exclude(id=lila.id).update(is_default=False)
    AgentModel.objects.filter(id=lila.id).update(is_default=True)


@trial_steps.register("agents.agent")
def make_trial_agent(order: TrialOrder) -> Iterator[int]:
    """See to it that somebody is there who can have answered."""
    with transaction.atomic():
        ensure_default_model(order.tenant)
        ensure_default_agent(order.tenant)
    yield 0


def _agent(name: str, **fields: str) -> AgentModel:
    agent: AgentModel = AgentModel.objects.get_or_create(name=name, defaults=fields)[0]
    return agent


def _entries(path: Path, language: Language, columns: tuple[str, str, str]) -> list[Entry]:
    topic, question, answer = columns
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Entry(row[question], row[answer], path.name, language.value, {"topic": row[topic]})
            for row in csv.DictReader(file)
        ]
