"""What is counted of turns and of conversations that are handed over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from agents.errors import NoAnswerError, ProviderError
from chats.models import ChatModel, ContentChatModel
from chats.services import lifecycle
from chats.services.turns import answer_turn
from chats.tests.test_turns import answering, ask, said
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tests.support.metrics import Counted

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


def test_the_first_reply_of_a_conversation_is_measured_apart(tenant: TenantModel, chat: ChatModel) -> None:
    answered = Counted("turns_total", outcome="answered")
    first, later = Counted("reply_seconds_count", turn="first"), Counted("reply_seconds_count", turn="later")
    for _time in range(3):
        message_id = ask(tenant, chat)
        with tenant_scope(tenant), answering("An answer", said("An answer")):
            answer_turn(message_id)
            answer_turn(message_id)
    assert (answered.gain(), first.gain(), later.gain()) == (3, 1, 2)


def test_the_time_counts_from_the_persons_message(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with in_tenant(tenant):
        ContentChatModel.objects.update(timestamp=timezone.now() - timedelta(seconds=20))
    waited = Counted("reply_seconds_sum", turn="first")
    with tenant_scope(tenant), answering("An answer", said("An answer")):
        answer_turn(message_id)
    assert 20 <= waited.gain() < 40


@pytest.mark.parametrize(
    ("error", "outcome"), [(NoAnswerError("nobody"), "handed_over"), (ProviderError("away"), "failed")]
)
def test_a_turn_without_a_reply_is_counted_by_its_end(
    tenant: TenantModel, chat: ChatModel, error: Exception, outcome: str
) -> None:
    def stream(self: Any, **question: Any) -> Iterator[Any]:
        yield from ()
        raise error

    ended, answered = Counted("turns_total", outcome=outcome), Counted("turns_total", outcome="answered")
    message_id = ask(tenant, chat)
    with tenant_scope(tenant), patch("chats.services.turns.AgentService.stream_reply", stream):
        answer_turn(message_id)
    assert (ended.gain(), answered.gain()) == (1, 0)


def test_a_turn_with_nothing_to_answer_is_quiet(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with in_tenant(tenant):
        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
    quiet = Counted("turns_total", outcome="quiet")
    with tenant_scope(tenant):
        answer_turn(message_id)
    assert quiet.gain() == 1


def test_an_escalation_counts_by_its_reason_once(tenant: TenantModel, chat: ChatModel) -> None:
    counted = Counted("escalations_total", reason="requested")
    for _time in range(2):
        with in_tenant(tenant):
            lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
    assert counted.gain() == 1


def test_a_reason_that_a_caller_made_up_makes_no_series_of_its_own(tenant: TenantModel, chat: ChatModel) -> None:
    other = Counted("escalations_total", reason="other")
    with in_tenant(tenant):
        lifecycle.escalate(chat_id=chat.chat_id, reason="my dog barks")
    assert other.gain() == 1
