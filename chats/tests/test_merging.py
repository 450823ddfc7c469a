"""Conversations that were begun twice: found, and made one without losing a message."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from analysis.models import ConversationAnalytics, SentimentChatModel
from analysis.services.ratings import rate_chat
from audit.models import AuditLog
from chats.models import ChatModel, ChatStatus, ContentChatModel, Sender
from chats.services.lifecycle import create_chat
from chats.services.merging import merge_chats
from chats.services.messages import post_message
from chats.tests.test_sealed_messages import set_policy, stored
from chats.validators import CONTENT, INTEGRITY
from metrics.services.validating import validate
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db
EARLIER = timezone.now() - timedelta(days=1)


def talk(tenant: TenantModel, person: str, minute: int, *texts: str, **fields: Any) -> ChatModel:
    """Let a conversation have been held yesterday from a minute on: the person's texts, each answered."""
    with in_tenant(tenant):
        chat = create_chat(user_id=person, channel="api")
        for number, text in enumerate(texts):
            for sender, said in ((Sender.USER, text), (Sender.AGENT, f"On {text}")):
                row = post_message(chat_id=chat.chat_id, content=said, sender=sender, tokens_used=1).message
                when = EARLIER + timedelta(minutes=minute, seconds=20 * number + (sender == Sender.AGENT))
                ContentChatModel.objects.filter(pk=row.pk).update(timestamp=when)
        began = EARLIER + timedelta(minutes=minute)
        ChatModel.objects.filter(pk=chat.pk).update(
            created_at=began, last_activity=began, answered_sequence=2 * len(texts), **fields
        )
        WorkItem.objects.update(state="done")
        return ChatModel.objects.get(pk=chat.pk)


def run(*words: str, **options: Any) -> dict[str, Any]:
    """Run the command; return its answer for the tenant `acme`."""
    out = io.StringIO()
    call_command("find_duplicate_chats", *words, json=True, no_progress=True, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())["tenants"]
    return {"groups": found["acme"]}


def groups(*words: str, **options: Any) -> list[list[str]]:
    """Return the conversations that were found together."""
    return [group["chats"] for group in run(*words, **options)["groups"]]


def lines(tenant: TenantModel, chat: ChatModel) -> list[tuple[int, str]]:
    """Return what a conversation holds, in order."""
    with in_tenant(tenant):
        return [(row.sequence, row.content) for row in chat.contents.order_by("sequence")]


def test_the_same_opening_of_one_person_soon_after_is_found(tenant: TenantModel) -> None:
    first = talk(tenant, "ana", 0, "Hello there")
    second = talk(tenant, "ana", 5, "  hello   THERE ", "Anybody?")
    third = talk(tenant, "ana", 12, "Hello there")
    assert groups() == [[str(first.chat_id), str(second.chat_id), str(third.chat_id)]]


@pytest.mark.parametrize(
    ("person", "minute", "text"),
    [("ben", 5, "Hello there"), ("ana", 40, "Hello there"), ("ana", 5, "Something else")],
    ids=["another person", "much later", "other words"],
)
def test_what_is_not_the_same_is_not_found(tenant: TenantModel, person: str, minute: int, text: str) -> None:
    talk(tenant, "ana", 0, "Hello there")
    talk(tenant, person, minute, text)
    assert groups() == []


def test_the_window_says_how_far_apart_they_may_be(tenant: TenantModel) -> None:
    talk(tenant, "ana", 0, "Hello there")
    talk(tenant, "ana", 40, "Hello there")
    assert (len(groups(window=39)), len(groups(window=41))) == (0, 1)
    with pytest.raises(CommandError, match="10080"):
        run(window=0)


def test_sealed_openings_are_compared_too(tenant: TenantModel) -> None:
    set_policy(tenant, "all")
    talk(tenant, "ana", 0, "My tooth hurts")
    talk(tenant, "ana", 5, "My tooth hurts")
    assert len(groups()) == 1


def test_nothing_is_merged_unless_it_was_asked_for(tenant: TenantModel) -> None:
    first = talk(tenant, "ana", 0, "Hello there")
    talk(tenant, "ana", 5, "Hello there")
    run()
    run("--merge", "--dry-run")
    assert len(lines(tenant, first)) == 2


@pytest.mark.parametrize("policy", ["off", "all"])
def test_a_merge_keeps_every_message_in_the_order_of_time(tenant: TenantModel, policy: str) -> None:
    set_policy(tenant, policy)
    first = talk(tenant, "ana", 0, "Hello there", "In between", "Still here")
    second = talk(tenant, "ana", 0, "Hello there", "And on")
    with in_tenant(tenant):
        ContentChatModel.objects.filter(chat=second, sequence=3).update(timestamp=EARLIER + timedelta(minutes=3))
        ContentChatModel.objects.filter(chat=second, sequence=4).update(timestamp=EARLIER + timedelta(minutes=4))
        had = sorted(row.content for row in ContentChatModel.objects.all())
    told = run("--merge")["groups"]
    assert [group["moved"] for group in told] == [4]
    held = lines(tenant, first)
    assert [number for number, _text in held] == list(range(1, 11))
    assert sorted(text for _number, text in held) == had
    assert [text for _number, text in held][-2:] == ["And on", "On And on"]
    with in_tenant(tenant):
        one, other = ChatModel.objects.get(pk=first.pk), ChatModel.objects.get(pk=second.pk)
        assert (one.message_count, one.last_sequence, one.answered_sequence, one.total_tokens) == (10, 10, 10, 10)
        assert (other.status, other.message_count, other.total_tokens) == (ChatStatus.DELETED, 0, 0)
        assert stored("chats_contentchatmodel", "left(content, 3)", one.contents.latest("sequence").pk) == (
            "c1." if policy == "all" else "On "
        )
    with tenant_scope(tenant):
        assert [each.name for each in validate([*INTEGRITY, *CONTENT]) if each.found] == []
    assert groups() == []


def test_a_client_that_sent_the_same_id_to_both_loses_no_message(tenant: TenantModel) -> None:
    first, second = talk(tenant, "ana", 0, "Hello there"), talk(tenant, "ana", 5, "Hello there")
    with in_tenant(tenant):
        ContentChatModel.objects.filter(sequence=1).update(client_message_id="m-1")
    run("--merge")
    with in_tenant(tenant):
        assert sorted(first.contents.values_list("client_message_id", flat=True)) == ["", "", "", "m-1"]
        assert second.contents.count() == 0


def test_one_in_which_something_happens_is_left(tenant: TenantModel) -> None:
    talk(tenant, "ana", 0, "Hello there")
    second = talk(tenant, "ana", 5, "Hello there")
    with in_tenant(tenant):
        post_message(chat_id=second.chat_id, content="I am still here")
    assert run("--merge")["groups"][0]["moved"] is None
    assert len(lines(tenant, second)) == 3


def test_a_question_that_waits_for_its_answer_waits_still(tenant: TenantModel) -> None:
    first = talk(tenant, "ana", 0, "Hello there")
    second = talk(tenant, "ana", 5, "Hello there", "And now?")
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=second.pk).update(answered_sequence=2, status="waiting")
        ContentChatModel.objects.filter(chat=second, sequence=4).delete()
        assert merge_chats([first.pk, second.pk]) == 3
        chat = ChatModel.objects.get(pk=first.pk)
    assert (chat.answered_sequence, chat.last_sequence, chat.status, chat.is_active) == (4, 5, "waiting", True)


def test_moods_and_the_rating_come_along(tenant: TenantModel) -> None:
    first, second = talk(tenant, "ana", 0, "Hello there"), talk(tenant, "ana", 5, "Hello there")
    with in_tenant(tenant):
        message = second.contents.order_by("sequence")[0]
        SentimentChatModel.objects.create(
            message=message, chat=second, sentiment="positive", score=1, confidence=1, analyzer="test",
            timestamp=message.timestamp,
        )  # fmt: skip
        rate_chat(chat_id=second.chat_id, rating=4, comment="Doctor Ortiz was kind", contact_id=None)
        merge_chats([first.pk, second.pk])
        kept = ConversationAnalytics.objects.get()
        assert (kept.chat_id, kept.user_satisfaction_rating, kept.comment) == (first.pk, 4, "Doctor Ortiz was kind")
        assert SentimentChatModel.objects.get().chat_id == first.pk


def test_a_merge_stands_in_the_audit_log(tenant: TenantModel) -> None:
    first, second = talk(tenant, "ana", 0, "Hello there"), talk(tenant, "ana", 5, "Hello there")
    run("--merge")
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="chats_merged")
    assert (row.object_id, row.details["merged"]) == (str(first.chat_id), [str(second.chat_id)])
