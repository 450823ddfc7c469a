"""One reply to a turn, however often its task runs (decisions 6, 8)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone

from agents.errors import NoAnswerError, ProviderError
from agents.models import AgentModel
from agents.replies import Reply
from chats.models import ChatModel, ChatStatus, ContentChatModel
from chats.services import lifecycle
from chats.services.messages import post_message
from chats.services.pipeline import message_processors, process_message
from chats.services.turns import answer_turn
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.work import claim

pytestmark = pytest.mark.django_db(transaction=True)


def ask(tenant: TenantModel, chat: ChatModel, content: str = "What is it?") -> int:
    """Post a question; return the message's id."""
    with in_tenant(tenant):
        return int(post_message(chat_id=chat.chat_id, content=content).message.pk)


def answering(*parts: Any) -> Any:
    """Let the agent say this."""

    def stream(self: Any, **question: Any) -> Iterator[Any]:
        yield from parts

    return patch("chats.services.turns.AgentService.stream_reply", stream)


def said(text: str, **fields: Any) -> Reply:
    """Return a reply."""
    defaults = {"citations": (), "model_used": "builtin", "tokens_used": 2, "kind": "answer", "confidence": 1.0}
    return Reply(text=text, language="en", **{**defaults, **fields})


def conversation(tenant: TenantModel, chat: ChatModel) -> list[tuple[str, str]]:
    """Return who said what."""
    with in_tenant(tenant):
        return list(chat.contents.values_list("sender", "content"))


def test_a_turn_is_answered_once(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with tenant_scope(tenant), answering("An ", "answer", said("An answer")):
        for _time in range(3):
            answer_turn(message_id)
    assert conversation(tenant, chat) == [("user", "What is it?"), ("agent", "An answer")]
    with in_tenant(tenant):
        reply = ContentChatModel.objects.get(sender="agent")
        chat.refresh_from_db()
    assert (reply.in_response_to_id, reply.is_automatic, chat.answered_sequence) == (message_id, True, 1)


def test_a_conversation_goes_on_when_the_worker_died_with_a_turn_that_was_answered_before(
    tenant: TenantModel, chat: ChatModel
) -> None:
    first, second = ask(tenant, chat, "One?"), ask(tenant, chat, "Two?")
    with tenant_scope(tenant), answering(said("Both.")):
        assert process_message(second) is not None  # another worker runs it, and claims the turn once it may
        answer_turn(first)
        assert claim(f"message:{second}") is not None  # and dies
        third = ask(tenant, chat, "Three?")
        with transaction.atomic():
            run_out = timezone.now() - timedelta(seconds=1)
            WorkItem.objects.filter(dedupe_key=f"message:{second}").update(lease_until=run_out)
        assert process_message(second) is None  # the sweeper rings for it
        assert process_message(third) is not None
        answer_turn(third)
    assert [sender for sender, _content in conversation(tenant, chat)] == ["user", "user", "agent", "user", "agent"]
    assert set(WorkItem.objects.filter(kind="turn").values_list("state", flat=True)) == {"done"}


def test_the_agent_knows_that_a_message_is_a_file(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with in_tenant(tenant):
        ContentChatModel.objects.filter(pk=message_id).update(content="", content_type="image")
    heard: list[Any] = []

    def stream(self: Any, **question: Any) -> Iterator[Any]:
        heard.extend(question["turns"])
        yield said("I cannot see it.", kind="unknown")

    with tenant_scope(tenant), patch("chats.services.turns.AgentService.stream_reply", stream):
        answer_turn(message_id)
    assert [(turn.role, turn.content, turn.attached) for turn in heard] == [("user", "", "image")]


def test_one_reply_covers_the_messages_that_came_before_it(tenant: TenantModel, chat: ChatModel) -> None:
    first, second = ask(tenant, chat, "one"), ask(tenant, chat, "two")
    with tenant_scope(tenant), answering("both", said("both")):
        assert answer_turn(first) == second
        answer_turn(second)
    assert [sender for sender, _text in conversation(tenant, chat)] == ["user", "user", "agent"]
    assert set(WorkItem.objects.values_list("state", flat=True)) == {"done"}


def test_a_person_who_takes_over_during_a_reply_is_not_talked_over(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)

    def stream(self: Any, **question: Any) -> Iterator[Any]:
        yield "too "
        with in_tenant(tenant):
            lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
        yield said("too late")

    with tenant_scope(tenant), patch("chats.services.turns.AgentService.stream_reply", stream):
        answer_turn(message_id)
    assert conversation(tenant, chat) == [("user", "What is it?")]
    assert WorkItem.objects.get().state == "done"


def test_a_long_reply_ends_as_soon_as_a_person_has_the_chat(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    ended_after = []

    def stream(self: Any, **question: Any) -> Iterator[Any]:
        try:
            for number in range(100):
                if number == 3:
                    with in_tenant(tenant):
                        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
                yield f"{number} "
        finally:
            ended_after.append(number)

    with (
        tenant_scope(tenant),
        patch("chats.services.turns.AgentService.stream_reply", stream),
        patch("chats.services.turns.LOOK_SECONDS", 0),
        patch("chats.services.turns.GATHER_SECONDS", 0),
    ):
        answer_turn(message_id)
    assert ended_after == [3]
    assert conversation(tenant, chat) == [("user", "What is it?")]


def test_asking_for_a_person_hands_over_with_the_reply(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat, "I want a human")
    with tenant_scope(tenant), answering(said("I have told the team.", kind="human")):
        answer_turn(message_id)
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert chat.status == ChatStatus.WAITING
    assert len(conversation(tenant, chat)) == 2


def test_a_chat_that_waits_for_a_person_is_not_answered(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
    message_id = ask(tenant, chat)
    with tenant_scope(tenant):
        assert process_message(message_id) is None
    assert WorkItem.objects.get().state == "done"


def test_a_turn_that_fails_is_tried_again_and_in_the_end_handed_over_honestly(
    tenant: TenantModel, chat: ChatModel
) -> None:
    message_id = ask(tenant, chat)

    def stream(self: Any, **question: Any) -> Iterator[Any]:
        raise ConnectionError("the model is away")

    with patch("chats.services.turns.AgentService.stream_reply", stream):
        for _attempt in range(6):
            WorkItem.objects.filter(state="ready").update(run_after="2020-01-01T00:00:00Z")
            with tenant_scope(tenant):
                answer_turn(message_id)
    item = WorkItem.objects.get()
    assert (item.state, item.attempts) == ("dead", 5)
    assert "the model is away" in item.last_error
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert chat.status == ChatStatus.WAITING
    replies = [text for sender, text in conversation(tenant, chat) if sender == "agent"]
    assert len(replies) == 1
    assert "person of our team" in replies[0]


def test_a_provider_that_asks_for_time_gets_it_a_minute_at_most(tenant: TenantModel, chat: ChatModel) -> None:
    waits = [3600.0, 20.0]

    def stream(self: Any, **question: Any) -> Iterator[Any]:
        raise ProviderError("too many requests", retry_after=waits.pop())

    for expected in (20, 60):
        message_id = ask(tenant, chat)
        with tenant_scope(tenant), patch("chats.services.turns.AgentService.stream_reply", stream):
            answer_turn(message_id)
        item = WorkItem.objects.get(dedupe_key=f"message:{message_id}")
        assert expected - 5 < (item.run_after - timezone.now()).total_seconds() <= expected


def test_each_attempt_is_told_to_the_agent_with_the_chats_tone(tenant: TenantModel, chat: ChatModel) -> None:
    asked: list[tuple[int, str]] = []

    def stream(self: Any, *, attempt: int, tone: str, **question: Any) -> Iterator[Any]:
        asked.append((attempt, tone))
        if attempt < 3:
            raise ProviderError("away")
        yield said("here")

    with in_tenant(tenant):
        ChatModel.objects.update(agent_settings={"tone": "empathetic"})
    message_id = ask(tenant, chat)
    with patch("chats.services.turns.AgentService.stream_reply", stream):
        for _attempt in range(4):
            WorkItem.objects.filter(state="ready").update(run_after="2020-01-01T00:00:00Z")
            with tenant_scope(tenant):
                answer_turn(message_id)
    assert asked == [(1, "empathetic"), (2, "empathetic"), (3, "empathetic")]


def test_when_nobody_can_answer_the_person_is_told_and_handed_over_at_once(
    tenant: TenantModel, chat: ChatModel
) -> None:
    def stream(self: Any, **question: Any) -> Iterator[Any]:
        raise NoAnswerError

    message_id = ask(tenant, chat)
    with tenant_scope(tenant), patch("chats.services.turns.AgentService.stream_reply", stream):
        answer_turn(message_id)
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert (chat.status, len(conversation(tenant, chat)), WorkItem.objects.get().state) == ("waiting", 2, "done")


def test_processors_run_for_each_message_before_the_reply(tenant: TenantModel, chat: ChatModel) -> None:
    seen: list[str] = []
    message_id = ask(tenant, chat, "look at me")
    with tenant_scope(tenant), message_processors.lent(record=lambda message: seen.append(message.content)):
        assert process_message(message_id)
    assert seen == ["look at me"]


def test_a_message_that_is_gone_ends_quietly(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with in_tenant(tenant):
        ContentChatModel.objects.all().delete()
    with tenant_scope(tenant):
        assert process_message(message_id) is None
        assert answer_turn(message_id) is None
    assert WorkItem.objects.get().state == "done"


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_without_an_agent_the_person_is_told_and_handed_over(
    tenant: TenantModel, chat: ChatModel, change: dict[str, Any] | None
) -> None:
    with in_tenant(tenant):
        if change:
            AgentModel.objects.update(**change)
        else:
            ChatModel.objects.update(agent=None)
    message_id = ask(tenant, chat)
    with tenant_scope(tenant):
        for _time in range(2):
            assert process_message(message_id) is None
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert chat.status == ChatStatus.WAITING
    assert len(conversation(tenant, chat)) == 2
    assert WorkItem.objects.get().state == "done"


def test_a_reply_that_cannot_be_stored_is_not_dropped_in_silence(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with tenant_scope(tenant), answering(said("x" * 10_001)):
        answer_turn(message_id)
    item = WorkItem.objects.get()
    assert (item.state, item.attempts) == ("ready", 1)
    assert "InvalidMessageError" in item.last_error
