"""When the agent stops, who is told, and what they are told."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from chats.models import ChatModel, ChatStatus, ContentChatModel
from chats.services import lifecycle
from chats.services.handover import ask_for_person
from chats.services.messages import post_message
from chats.services.notices import handover_notice
from chats.services.pipeline import process_message
from chats.services.turns import answer_turn
from chats.signals.content_chat_emit import emit_message_signals
from chats.tests.test_turns import answering, ask, conversation, said
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings

pytestmark = pytest.mark.django_db(transaction=True)


def configure(tenant: TenantModel, **settings: Any) -> None:
    """Give the tenant settings."""
    tenant.settings = settings
    tenant.save()
    forget_settings()


def status_of(tenant: TenantModel, chat: ChatModel) -> str:
    """Return where the chat stands."""
    with in_tenant(tenant):
        return ChatModel.objects.get(pk=chat.pk).status


def analysed(tenant: TenantModel, message_id: int, **results: Any) -> None:
    """Let the analysis have found this."""
    with in_tenant(tenant):
        message = ContentChatModel.objects.select_related("chat__agent", "chat__tenant").get(pk=message_id)
        emit_message_signals(message, results)


def mood(sentiment: str, score: float) -> dict[str, Any]:
    """Return a sentiment."""
    return {"sentiment": sentiment, "score": score, "confidence": 1.0}


@pytest.mark.parametrize("wish", ["I want to talk to a human", "Quiero hablar con una persona, por favor"])
def test_who_asks_for_a_human_is_told_so_and_the_agent_stays_quiet(
    tenant: TenantModel, chat: ChatModel, wish: str
) -> None:
    message_id = ask(tenant, chat, wish)
    with tenant_scope(tenant):
        for _time in range(2):
            assert process_message(message_id) is None
    assert status_of(tenant, chat) == ChatStatus.WAITING
    told = conversation(tenant, chat)[1:]
    assert len(told) == 1
    assert "persona" in told[0][1] if "persona" in wish else "person" in told[0][1]
    with tenant_scope(tenant):
        assert process_message(ask(tenant, chat, "Anybody there?")) is None
    assert set(WorkItem.objects.filter(kind="turn").values_list("state", flat=True)) == {"done"}


def test_a_tenants_words_are_for_a_person_whatever_their_case_and_accents(tenant: TenantModel, chat: ChatModel) -> None:
    configure(tenant, escalation_rules={"keywords": ["reclamación formal"]})
    with tenant_scope(tenant):
        assert process_message(ask(tenant, chat, "Hay formal y reclamación"))
        assert process_message(ask(tenant, chat, "Voy a poner una RECLAMACION formal")) is None
    assert status_of(tenant, chat) == ChatStatus.WAITING


def test_one_very_negative_message_is_enough(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat, "This is the worst service ever")
    analysed(tenant, message_id, sentiment=mood("negative", -0.9))
    assert status_of(tenant, chat) == ChatStatus.WAITING
    assert "sorry" in conversation(tenant, chat)[-1][1]


def test_negative_messages_in_a_row_are_enough_and_a_better_one_begins_anew(
    tenant: TenantModel, chat: ChatModel
) -> None:
    configure(tenant, escalation_rules={"negative_messages": 2})
    for score, expected in [(-0.4, "active"), (0.1, "active"), (-0.4, "active"), (-0.4, "waiting")]:
        message_id = ask(tenant, chat, "well")
        analysed(tenant, message_id, sentiment=mood("negative" if score < 0 else "neutral", score))
        assert status_of(tenant, chat) == expected


def test_an_intent_of_the_rules_is_for_a_person(tenant: TenantModel, chat: ChatModel) -> None:
    configure(tenant, escalation_rules={"intents": ["cancel_contract"]})
    analysed(tenant, ask(tenant, chat, "cancel it"), intent={"name": "cancel_contract", "confidence": 0.9})
    assert status_of(tenant, chat) == ChatStatus.WAITING


def test_analysis_that_comes_after_the_answer_tells_the_person_too(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat, "this is terrible")
    with tenant_scope(tenant), answering("An answer", said("An answer")):
        answer_turn(message_id)
    analysed(tenant, message_id, sentiment=mood("negative", -0.95))
    assert status_of(tenant, chat) == ChatStatus.WAITING
    assert [sender for sender, _text in conversation(tenant, chat)] == ["user", "agent", "agent"]


def test_the_mood_sets_the_agents_tone(tenant: TenantModel, chat: ChatModel) -> None:
    analysed(tenant, ask(tenant, chat), sentiment=mood("negative", -0.3))
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert chat.agent_settings == {"tone": "empathetic", "response_style": "supportive", "negative_messages": 1}


def test_an_agent_that_is_unsure_twice_hands_over_and_says_so(tenant: TenantModel, chat: ChatModel) -> None:
    for _question in range(2):
        message_id = ask(tenant, chat, "What is the meaning of it?")
        with tenant_scope(tenant), answering("No idea", said("No idea", kind="unknown")):
            answer_turn(message_id)
    assert status_of(tenant, chat) == ChatStatus.WAITING
    first, second = (text for sender, text in conversation(tenant, chat) if sender == "agent")
    assert (first, "asked a person of our team" in second) == ("No idea", True)


def test_an_answer_between_two_unsure_ones_keeps_the_agent(tenant: TenantModel, chat: ChatModel) -> None:
    for kind in ("unknown", "answer", "unknown"):
        with tenant_scope(tenant), answering("x", said("x", kind=kind)):
            answer_turn(ask(tenant, chat))
    assert status_of(tenant, chat) == ChatStatus.ACTIVE


def test_two_machines_that_talk_without_end_are_stopped(tenant: TenantModel, chat: ChatModel) -> None:
    configure(tenant, reply_budget_per_hour=3)
    with tenant_scope(tenant), answering("beep", said("beep")):
        for _turn in range(5):
            answer_turn(ask(tenant, chat, "And what then?"))
    replies = [text for sender, text in conversation(tenant, chat) if sender == "agent"]
    assert replies[:3] == ["beep"] * 3
    assert len(replies) == 4
    assert "circles" in replies[3]
    assert status_of(tenant, chat) == ChatStatus.WAITING


def test_what_the_staff_write_takes_the_chat_over(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    message_id = ask(tenant, chat)

    def interrupted(**_question: Any) -> Any:
        yield "too "
        with in_tenant(tenant):
            post_message(chat_id=chat.chat_id, content="I have it", sender="staff", author=colleague)
        yield said("too late")

    with tenant_scope(tenant), patch("chats.services.turns.AgentService.stream_reply", lambda self, **q: interrupted()):
        answer_turn(message_id)
    assert conversation(tenant, chat) == [("user", "What is it?"), ("staff", "I have it")]
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert (chat.status, chat.assigned_to_id, chat.owner_version) == ("waiting", colleague.pk, 1)


def test_an_operator_who_is_no_member_writes_without_taking_the_chat(
    tenant: TenantModel, chat: ChatModel, operator: User
) -> None:
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="Hello", sender="staff", author=operator)
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert (chat.status, chat.assigned_to_id) == ("waiting", None)


def test_the_agent_answers_again_after_the_chat_was_given_back(
    tenant: TenantModel, chat: ChatModel, colleague: User
) -> None:
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="I have it", sender="staff", author=colleague)
        lifecycle.release(chat_id=chat.chat_id)
    with tenant_scope(tenant):
        assert process_message(ask(tenant, chat))


def test_who_asks_through_the_api_is_told_once(tenant: TenantModel, chat: ChatModel) -> None:
    for _time in range(2):
        with in_tenant(tenant):
            ask_for_person(chat_id=chat.chat_id, reason="requested")
    assert len(conversation(tenant, chat)) == 1


def test_outside_business_hours_the_person_learns_when_somebody_is_back(tenant: TenantModel) -> None:
    configure(tenant, business_hours={"monday": [["09:00", "18:00"]]})
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with in_tenant(tenant):
        spanish = handover_notice(tenant, reason="requested", language="es", now=sunday)
        english = handover_notice(tenant, reason="requested", language="en", now=sunday)
    assert "lunes 23 de noviembre, 09:00" in spanish.lower()
    assert "Monday 23 November, 09:00 (UTC)" in english
