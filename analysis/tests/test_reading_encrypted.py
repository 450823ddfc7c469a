"""Who reads an encrypted message in the administration is written down."""

from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from analysis.models import SentimentChatModel
from analysis.services.bulk import analyze_chat
from analysis.services.ratings import rate_chat
from analysis.services.summaries import ConversationSummaryService
from audit.models import AuditLog
from chats.models import ChatModel
from chats.services.messages import post_message
from chats.services.transcript import PAGE
from chats.tests.test_sealed_messages import CARD
from tenants.models import TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tests.support.administration import browser_of


def say(chat: ChatModel, content: str) -> None:
    with in_tenant(chat.tenant_id):
        post_message(chat_id=chat.chat_id, content=content)


def told(tenant: TenantModel, action: str = "encrypted_messages_read") -> list[dict[str, Any]]:
    """Return the details of the audit log's rows about reading."""
    with in_tenant(tenant):
        return list(AuditLog.objects.filter(action=action).order_by("id").values_list("details", flat=True))


def test_reading_encrypted_messages_is_audited(colleague: User, tenant: TenantModel, chat: ChatModel) -> None:
    for text in ("Hello", CARD, CARD):
        say(chat, text)
    page = browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[chat.pk]))
    assert CARD in page.content.decode()
    assert told(tenant) == [{"count": 2, "first": 2, "last": 3}]
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="encrypted_messages_read")
    assert (row.actor_id, row.object_id) == (colleague.pk, str(chat.pk))


def test_reading_what_is_not_encrypted_is_not(colleague: User, tenant: TenantModel, chat: ChatModel) -> None:
    say(chat, "Hello")
    browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[chat.pk]))
    assert told(tenant) == told(tenant, "encrypted_title_read") == []


def test_new_encrypted_messages_on_an_open_page_are_audited(
    colleague: User, tenant: TenantModel, chat: ChatModel
) -> None:
    say(chat, "Hello")
    say(chat, CARD)
    browser_of(colleague).get(reverse("admin:chats_chatmodel_messages", args=[chat.pk]), {"after": "1"})
    assert told(tenant) == [{"count": 1, "first": 2, "last": 2}]


def test_the_list_does_not_show_an_encrypted_title(colleague: User, tenant: TenantModel, chat: ChatModel) -> None:
    say(chat, CARD)
    page = browser_of(colleague).get(reverse("admin:chats_chatmodel_changelist")).content.decode()
    assert "4111" not in page
    assert "encrypted" in page
    browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[chat.pk]))
    assert len(told(tenant, "encrypted_title_read")) == 1


def test_the_mood_of_an_encrypted_message_shows_it_on_its_own_page_alone(
    colleague: User, tenant: TenantModel, chat: ChatModel
) -> None:
    say(chat, f"{CARD} I am very angry.")
    with tenant_scope(tenant):
        analyze_chat(chat)
    with in_tenant(tenant):
        mood = SentimentChatModel.objects.get()
    browser = browser_of(colleague)
    listed = browser.get(reverse("admin:analysis_sentimentchatmodel_changelist")).content.decode()
    assert "4111" not in listed
    assert told(tenant) == []
    own = browser.get(reverse("admin:analysis_sentimentchatmodel_change", args=[mood.pk])).content.decode()
    assert CARD in own
    assert told(tenant) == [{"count": 1, "first": 1, "last": 1}]


@pytest.fixture
def sealed(tenant: TenantModel, chat: ChatModel) -> ChatModel:
    """A conversation whose summary and comment are encrypted, and none of the last messages is."""
    say(chat, f"{CARD} is the card that was charged twice for the blue bicycle.")
    for number in range(PAGE):
        say(chat, f"The frame is broken, too: picture {number}.")
    with tenant_scope(tenant):
        ConversationSummaryService().generate_summary(chat.chat_id)
    with in_tenant(tenant):
        rate_chat(chat_id=chat.chat_id, rating=2, comment=f"Nobody gave {CARD} back.", contact_id=None)
    return chat


def test_a_conversations_page_that_shows_an_encrypted_summary_and_comment_is_audited(
    colleague: User, tenant: TenantModel, sealed: ChatModel
) -> None:
    page = browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[sealed.pk])).content.decode()
    assert f"Nobody gave {CARD} back." in page
    assert "charged twice for the blue bicycle" in page
    assert told(tenant) == []  # none of the messages that are shown is encrypted
    assert told(tenant, "encrypted_summary_read") == told(tenant, "encrypted_comment_read") == [{}]
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="encrypted_summary_read")
    assert (row.actor_id, row.object_type, row.object_id) == (colleague.pk, "chatmodel", str(sealed.pk))


def test_a_summary_and_a_comment_in_clear_are_not(colleague: User, tenant: TenantModel, chat: ChatModel) -> None:
    say(chat, "The blue bicycle is broken.")
    with in_tenant(tenant):
        rate_chat(chat_id=chat.chat_id, rating=2, comment="Nobody answered.", contact_id=None)
    page = browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[chat.pk])).content.decode()
    assert "Nobody answered." in page
    assert told(tenant, "encrypted_summary_read") == told(tenant, "encrypted_comment_read") == []


@pytest.mark.parametrize(("name", "action"), [
    ("conversationsummary", "encrypted_summary_read"), ("conversationanalytics", "encrypted_comment_read"),
])  # fmt: skip
def test_an_encrypted_summary_or_comment_is_read_on_its_own_page_alone(
    colleague: User, tenant: TenantModel, sealed: ChatModel, name: str, action: str
) -> None:
    browser = browser_of(colleague)
    with in_tenant(tenant):
        row = apps.get_model("analysis", name).objects.get()
    assert CARD not in browser.get(reverse(f"admin:analysis_{name}_changelist")).content.decode()
    assert told(tenant, action) == []
    assert CARD in browser.get(reverse(f"admin:analysis_{name}_change", args=[row.pk])).content.decode()
    assert told(tenant, action) == [{}]
