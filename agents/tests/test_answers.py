"""What the built-in provider says: sourced answers, honest ignorance, small talk, both languages."""

from itertools import pairwise

import pytest

from agents.errors import NoModelError
from agents.models import AgentKnowledgeBase, AgentModel, AIModel, ModelPerformance
from agents.providers.builtin import pieces
from agents.replies import ConversationTurn, Reply
from agents.services.agent_service import AgentService
from agents.services.documents import Entry
from agents.services.small_talk import small_talk
from agents.tests.support import SHOP, ask, default_model, learn
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope


def test_an_answer_is_the_sources_own_and_says_where_it_comes_from(tenant: TenantModel) -> None:
    learn(tenant)
    reply = ask(tenant, "¿Cuál es el horario de atención?")
    assert (reply.kind, reply.text, reply.language) == ("answer", "Abrimos de lunes a viernes de 9:00 a 19:00.", "es")
    (citation,) = reply.citations
    assert (citation.title, citation.source) == ("¿Cuál es el horario de atención?", "tienda.csv")
    assert citation.excerpt == reply.text
    assert reply.confidence == 1.0
    assert (reply.model_used, reply.tokens_used) == ("builtin", 0)


def test_the_answer_is_in_the_language_of_the_question(tenant: TenantModel) -> None:
    learn(tenant)
    assert ask(tenant, "What are your opening hours?").text.startswith("We are open")
    assert ask(tenant, "cuánto cuesta el envío", language="en").text.startswith("El envío cuesta")


def test_knowledge_in_the_other_language_alone_is_given_with_a_word_about_it(tenant: TenantModel) -> None:
    learn(tenant, [Entry("¿Aceptan PayPal?", "Sí, también PayPal.", "a", "es")])
    reply = ask(tenant, "What about PayPal?", language="en")
    assert (reply.kind, reply.language) == ("answer", "en")
    assert reply.text == "I only found this in Spanish:\n\nSí, también PayPal."


@pytest.mark.parametrize(
    "question", ["¿Venden bicicletas eléctricas?", "¿Quién ganó el mundial?", "what is the capital of France?"]
)
def test_what_is_not_known_is_not_made_up(tenant: TenantModel, question: str) -> None:
    learn(tenant)
    reply = ask(tenant, question)
    assert (reply.kind, reply.citations, reply.confidence) == ("unknown", (), 0.0)
    assert "persona" in reply.text or "someone" in reply.text


def test_without_any_knowledge_it_says_that_it_does_not_know(tenant: TenantModel) -> None:
    assert ask(tenant, "¿Cuál es el horario de atención?").kind == "unknown"


def test_saying_yes_to_the_offer_asks_for_a_human(tenant: TenantModel) -> None:
    learn(tenant)
    assert ask(tenant, "¿Quién ganó el mundial?", "sí, por favor").kind == "human"
    assert ask(tenant, "hola", "sí, por favor").kind != "human"


def test_a_question_that_leans_on_the_one_before_is_understood(tenant: TenantModel) -> None:
    learn(tenant)
    reply = ask(tenant, "¿Las plantas tienen garantía?", "¿y el envío cuánto cuesta?")
    assert reply.text.startswith("El envío cuesta")
    assert ask(tenant, "¿Hacen envíos?", "¿y cuánto cuesta?").text.startswith("El envío cuesta")


def test_a_short_question_about_something_else_is_not_taken_for_the_former_one(tenant: TenantModel) -> None:
    learn(tenant, [*SHOP, Entry("Do you ship to the whole country?", "Yes, we deliver everywhere.", "shop.csv", "en")])
    assert ask(tenant, "What are your opening hours?", "Do you deliver?", language="en").text.startswith("Yes, we")
    assert ask(tenant, "¿Cuál es el horario de atención?", "¿Y la garantía?").text.startswith("Sí, treinta días")


def test_of_a_long_text_the_best_sentences_are_given_in_order(tenant: TenantModel) -> None:
    filler = "La tienda vende plantas de interior de muchas formas y colores. "
    text = f"{filler * 12}El abono se aplica cada quince días en primavera. En invierno no se abona. {filler * 12}"
    learn(tenant, [Entry("", text, "guia.txt", "es", key="guia")])
    reply = ask(tenant, "¿Cada cuánto se aplica el abono en primavera?")
    assert "El abono se aplica cada quince días en primavera. En invierno no se abona." in reply.text
    assert len(reply.text) <= 350


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Hola", "greeting"), ("buenas tardes", "greeting"), ("hi there!", "greeting"), ("¿Cómo estás?", "greeting"),
        ("Muchas gracias por la ayuda", "thanks"), ("thank you so much", "thanks"), ("ok perfecto", "thanks"),
        ("adiós", "goodbye"), ("hasta luego, gracias", "goodbye"), ("bye", "goodbye"),
        ("quiero hablar con una persona", "human"), ("¿Puedo hablar con alguien?", "human"), ("agente", "human"),
        ("I want to talk to a human", "human"), ("no quiero hablar con un robot", "human"),
        ("can I speak with a representative please", "human"),
        ("Hola, ¿hacen envíos?", None), ("¿Cuánto cuesta por persona?", None), ("", None),
        ("gracias a Dios llueve", None),
        ("I don't want to talk to a person", None), ("who is the agent of the house?", None),
    ],
)  # fmt: skip
def test_small_talk_is_told_from_questions(message: str, kind: str | None) -> None:
    assert small_talk(message) == kind


@pytest.mark.parametrize(
    ("message", "language"), [("Hello!", "en"), ("bye", "en"), ("¡Hola!", "es"), ("Gracias", "es")]
)
def test_one_word_of_manners_is_answered_in_its_language(tenant: TenantModel, message: str, language: str) -> None:
    with in_tenant(tenant):
        AgentModel.objects.update(greeting="")
    assert ask(tenant, message, language="es" if language == "en" else "en").language == language


def test_the_agents_own_greeting_opens_the_conversation(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        AgentModel.objects.update(greeting="¡Bienvenida!")
    assert ask(tenant, "hola").text == "¡Bienvenida!"
    assert ask(tenant, "hola", "hola").text == "¡Hola! Soy Aurora. ¿En qué te puedo ayudar?"


@pytest.mark.parametrize("text", ["", "una", "uno dos tres cuatro cinco seis", "  con\n\n espacio  y saltos\n- x\n"])
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_a_reply_streams_in_pieces_and_ends_with_the_whole(tenant: TenantModel) -> None:
    learn(tenant)
    model = default_model()
    with in_tenant(tenant):
        agent = AgentModel.objects.get()
    turns = [ConversationTurn("user", "¿Cuál es el horario de atención?")]
    with tenant_scope(tenant):
        *deltas, reply = AgentService.stream_reply(agent_id=agent.id, turns=turns, language="es")
    assert isinstance(reply, Reply)
    assert len(deltas) > 1
    assert "".join(str(delta) for delta in deltas) == reply.text
    figures = dict(ModelPerformance.objects.filter(model=model).values_list("metric_name", "sample_size"))
    assert figures == {"error_rate": 1, "first_piece_ms": 1, "latency_ms": 1}


def test_the_documents_signature_takes_history_in_any_usual_shape(tenant: TenantModel) -> None:
    learn(tenant)
    default_model()
    with in_tenant(tenant):
        agent = AgentModel.objects.get()
    history = [{"role": "user", "content": "¿Hacen envíos?"}, {"role": "assistant", "content": "Sí."}]
    with tenant_scope(tenant):
        answers = [
            AgentService.generate_response(agent.id, "¿y cuánto cuesta?", context)
            for context in (history, {"history": history, "language": "es"}, [ConversationTurn("user", "el envío")])
        ]
    assert all(one == other for one, other in pairwise(answers))
    assert answers[0].startswith("El envío cuesta")


def test_an_agent_answers_from_its_own_bases_alone(tenant: TenantModel) -> None:
    learn(tenant)
    own, _ = learn(tenant, [Entry("¿Hay talleres?", "Los sábados.", "b", "es")], name="talleres")
    with in_tenant(tenant):
        AgentKnowledgeBase.objects.create(agent=AgentModel.objects.get(), knowledge_base=own)
    assert ask(tenant, "¿hay talleres?").kind == "answer"
    assert ask(tenant, "¿Cuál es el horario de atención?").kind == "unknown"


def test_a_neighbours_agent_does_not_answer(tenant: TenantModel, neighbour: TenantModel) -> None:
    learn(neighbour)
    assert ask(tenant, "¿Cuál es el horario de atención?").kind == "unknown"
    with in_tenant(neighbour):
        theirs = AgentModel.objects.get()
    with tenant_scope(tenant), pytest.raises(AgentModel.DoesNotExist):
        AgentService.generate_response(theirs.id, "hola", None)


def test_a_default_model_that_is_switched_off_is_named(tenant: TenantModel) -> None:
    default_model()
    AIModel.objects.update(is_active=False)
    with in_tenant(tenant):
        agent = AgentModel.objects.get()
    with tenant_scope(tenant), pytest.raises(NoModelError, match="builtin"):
        AgentService.generate_response(agent.id, "hola", None)


def test_titles_that_may_be_meant_are_offered(tenant: TenantModel) -> None:
    learn(tenant)
    reply = ask(tenant, "¿el envío incluye empaque de regalo?")
    assert reply.kind == "unknown"
    assert "- ¿Cuánto cuesta el envío?" in reply.text


def test_below_a_heading_that_many_share_the_text_itself_answers(tenant: TenantModel) -> None:
    facts = (
        "El volcán mide 5321 metros.",
        "El lago tiene doce islas.",
        "La laguna nace del deshielo.",
        "El bosque es seco.",
    )
    learn(tenant, [Entry("Guía del parque", fact, "guia.txt", "es", key=fact) for fact in facts])
    assert ask(tenant, "¿cuántos metros mide ese volcán dormido?").text == facts[0]
