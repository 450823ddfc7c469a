"""What a receiver or a stage could not do is written down and done later (domain.md, 11)."""

from typing import Any

import pytest
from django.test import override_settings

from audit.models import ErrorLog
from chats.models import ChatModel, ContentChatModel
from chats.services.messages import post_message
from chats.services.pipeline import message_processors, process_message
from chats.services.retrying import after_commit_steps, retry
from chats.tests.test_turns import ask
from tenants.models import TenantModel, WorkItem
from tenants.scope import all_tenants, in_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


class Fragile:
    """Fails as often as it is told to, then works."""

    def __init__(self, failures: int) -> None:
        self.failures, self.done = failures, list[int]()

    def __call__(self, message: ContentChatModel) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("away")
        self.done.append(message.pk)


def faults() -> list[str]:
    """Return what the error log holds."""
    with all_tenants():
        return list(ErrorLog.objects.values_list("error_message", flat=True))


def the_row() -> WorkItem:
    """Return the retry's work row."""
    with all_tenants():
        return WorkItem.objects.get(kind="signal_retry")


def retry_now() -> None:
    """Try again without the wait."""
    with all_tenants():
        WorkItem.objects.filter(state="ready").update(run_after="2020-01-01T00:00:00Z")
    retry(the_row().ref_id)


def test_a_stage_that_fails_holds_up_neither_others_nor_the_reply_and_is_tried_again(
    tenant: TenantModel, chat: ChatModel
) -> None:
    message_id = ask(tenant, chat)
    fragile, solid = Fragile(1), Fragile(0)
    with tenant_scope(tenant), message_processors.lent(fragile=fragile, solid=solid):
        assert process_message(message_id)
        assert (fragile.done, solid.done, faults()) == ([], [message_id], ["away"])
        retry_now()
    assert fragile.done == [message_id]
    assert the_row().state == "done"


def test_a_receiver_that_fails_after_the_commit_is_tried_again(tenant: TenantModel, chat: ChatModel) -> None:
    fragile = Fragile(2)
    steps: dict[str, Any] = dict(after_commit_steps.items())
    with after_commit_steps.lent(**{**steps, "update_message_metrics": fragile}):
        with in_tenant(tenant):
            message = post_message(chat_id=chat.chat_id, content="hello").message
        assert faults() == ["away"]
        with tenant_scope(tenant):
            retry_now()
            assert (the_row().state, the_row().attempts) == ("ready", 1)
            retry_now()
    assert fragile.done == [message.pk]
    assert the_row().state == "done"


def test_what_never_works_is_dead_and_visible(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with tenant_scope(tenant), message_processors.lent(fragile=Fragile(99)):
        process_message(message_id)
        for _attempt in range(6):
            retry_now()
    assert (the_row().state, the_row().attempts) == ("dead", 5)
    assert "away" in the_row().last_error


def test_in_development_a_failing_receiver_is_seen_at_once(
    tenant: TenantModel, chat: ChatModel, caplog: pytest.LogCaptureFixture
) -> None:
    def logged(environment: str) -> bool:
        caplog.clear()
        steps: dict[str, Any] = dict(after_commit_steps.items())
        with (
            override_settings(ENVIRONMENT=environment),
            after_commit_steps.lent(**{**steps, "update_message_metrics": Fragile(1)}),
            in_tenant(tenant),
        ):
            post_message(chat_id=chat.chat_id, content="hello")
        return any("on_commit" in record.getMessage() for record in caplog.records)

    assert (logged("development"), logged("production")) == (True, False)


def test_a_message_that_is_gone_needs_no_retry(tenant: TenantModel, chat: ChatModel) -> None:
    message_id = ask(tenant, chat)
    with tenant_scope(tenant), message_processors.lent(fragile=Fragile(1)):
        process_message(message_id)
        with in_tenant(tenant):
            ContentChatModel.objects.all().delete()
        retry_now()
    assert the_row().state == "done"
