"""What an agent says of a file that it cannot open: that it cannot, and never what is in it."""

from uuid import uuid4

import pytest

from agents.models import AgentModel
from agents.providers import ModelUse, ReplyRequest
from agents.providers.prompt import build_prompt
from agents.replies import ConversationTurn, Reply
from agents.services.agent_service import AgentService
from agents.tests.support import default_model, learn
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

HOURS = "Abrimos de lunes a viernes de 9:00 a 19:00."
PICTURE = ConversationTurn("user", "", "image")


def person(text: str, attached: str = "") -> ConversationTurn:
    return ConversationTurn("user", text, attached)


def replied(tenant: TenantModel, *turns: ConversationTurn, language: str = "es") -> Reply:
    """Let the tenant's agent answer these turns."""
    default_model()
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
    with tenant_scope(tenant):
        return AgentService.reply(agent_id=agent.id, turns=turns, language=language)


@pytest.mark.parametrize(("kind", "word"), [("image", "imagen"), ("audio", "grabación"), ("file", "archivo")])
def test_a_file_without_words_is_answered_honestly(tenant: TenantModel, kind: str, word: str) -> None:
    learn(tenant)
    reply = replied(tenant, person("", kind))
    assert (reply.kind, reply.citations, reply.confidence) == ("unknown", (), 0.0)
    assert f"Recibí tu {word}, pero no puedo" in reply.text
    assert "I can’t" in replied(tenant, person("", kind), language="en").text


def test_an_older_question_is_not_answered_a_second_time(tenant: TenantModel) -> None:
    learn(tenant)
    turns = (person("¿Cuál es el horario de atención?"), ConversationTurn("assistant", HOURS), PICTURE)
    assert replied(tenant, *turns).text.startswith("Recibí tu imagen")


@pytest.mark.parametrize("is_before", [True, False])
def test_a_question_beside_a_file_is_answered(tenant: TenantModel, is_before: bool) -> None:
    learn(tenant)
    question = person("¿Cuál es el horario de atención?")
    assert replied(tenant, *((PICTURE, question) if is_before else (question, PICTURE))).text == HOURS


def test_what_is_not_known_about_a_file_is_said_of_the_file(tenant: TenantModel) -> None:
    learn(tenant)
    reply = replied(tenant, person("¿Qué bicicleta eléctrica sale en la foto?", "image"))
    assert (reply.kind, "no puedo ver" in reply.text) == ("unknown", True)


def test_yes_to_the_person_that_was_offered_brings_one(tenant: TenantModel) -> None:
    learn(tenant)
    offer = replied(tenant, PICTURE).text
    assert replied(tenant, PICTURE, ConversationTurn("assistant", offer), person("sí, por favor")).kind == "human"


def test_a_model_is_told_that_something_came_which_it_cannot_open() -> None:
    asked = (person("¿Cuál es el horario?"), ConversationTurn("assistant", HOURS), PICTURE)
    use = ModelUse("our model", "remote-1", "http://127.0.0.1", "", 0.3, 200, 8000)
    prompt = build_prompt(ReplyRequest(uuid4(), "Aurora", "", "", "", use, (), asked, "es"), [])
    assert [turn.role for turn in prompt.turns] == ["user", "assistant", "user"]
    assert "[A picture came with this message. You cannot see it.]" in prompt.turns[-1].content
    assert "you cannot open that: say so" in prompt.instructions
