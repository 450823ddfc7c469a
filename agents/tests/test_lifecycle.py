"""What a new tenant and the demo tenant get."""

import pytest

from agents import lifecycle
from agents.models import AgentModel, AIModel, KnowledgeDocument
from agents.tests.support import ask
from tenants.models import TenantModel
from tenants.scope import in_tenant


@pytest.fixture
def shop(tenant: TenantModel) -> TenantModel:
    """A tenant with the demo's knowledge."""
    with in_tenant(tenant):
        lifecycle.make_demo_agents(tenant)
    return tenant


def test_a_new_tenant_gets_the_built_in_model_and_an_agent_once(neighbour: TenantModel) -> None:
    with in_tenant(neighbour):
        AgentModel.objects.all().delete()
        for _ in range(2):
            lifecycle.ensure_default_model(neighbour)
            lifecycle.ensure_default_agent(neighbour)
        assert AgentModel.objects.get().is_default
    assert AIModel.objects.get().provider == "builtin"


def test_the_demo_can_be_made_again(shop: TenantModel) -> None:
    with in_tenant(shop):
        before = KnowledgeDocument.objects.count()
        lifecycle.make_demo_agents(shop)
        assert KnowledgeDocument.objects.count() == before >= 50
        assert AgentModel.objects.get(is_default=True).name == "Lila"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("¿Cuál es el horario de atención?", "de lunes a viernes"),
        ("a que hora abren", "de lunes a viernes"),
        ("What are your opening hours?", "Monday to Friday"),
        ("Are you open on Sundays?", "closed"),
        ("cuanto cuesta el envio", "$9.000"),
        ("how much is shipping", "$9,000"),
        ("¿Dónde están ubicados?", "Calle de los Jazmines"),
        ("quiero devolver una planta", "15 días"),
        ("my plant arrived broken", "photo"),
        ("how do I reset my pasword", "link"),
        ("¿puedo pagar con tarjeta de credito?", "tarjeta"),
        ("se ponen amarillas las ojas", "agua"),
        ("which plants are safe for my cat", "areca"),
    ],
)
def test_the_demo_shop_knows_its_business(shop: TenantModel, question: str, words: str) -> None:
    reply = ask(shop, question)
    assert reply.kind == "answer"
    assert words in reply.text
    assert reply.citations


@pytest.mark.parametrize("question", ["¿Venden perros?", "Do you sell bicycles?", "¿Quién es el presidente?"])
def test_the_demo_shop_says_what_it_does_not_know(shop: TenantModel, question: str) -> None:
    assert ask(shop, question).kind == "unknown"
