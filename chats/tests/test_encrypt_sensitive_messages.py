"""The command that brings what is stored to the policy and to a new key."""

import base64
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from analysis.models import ConversationAnalytics, ConversationSummary
from analysis.services.ratings import rate_chat
from analysis.services.summaries import ConversationSummaryService
from chats.models import ChatModel, ContentChatModel
from chats.services.messages import post_message
from chats.tests.test_sealed_messages import CARD, content_of, set_policy, stored
from tenants.encryption import bulk
from tenants.encryption.data_keys import forget_keys, search_key
from tenants.models import DataKey, TenantModel
from tenants.scope import in_tenant, tenant_scope

OLD, NEW = (f"{name}:{base64.b64encode(name.encode() * 32).decode()}" for name in "ab")
PLAIN = "Where is my order?"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CURRENT_FRESH_SECONDS", -1)


def run(**options: Any) -> dict[str, Any]:
    """Run the command; return what it tells as JSON of the tenant `t1`."""
    out = StringIO()
    call_command("encrypt_sensitive_messages", json=True, no_progress=True, stdout=out, **options)
    told: dict[str, Any] = json.loads(out.getvalue())["tenants"]
    return next(iter(told.values()))


@pytest.fixture
def texts(tenant: TenantModel, chat: ChatModel) -> list[ContentChatModel]:
    """A chat with a card and a harmless text, stored clear."""
    set_policy(tenant, "off")
    with in_tenant(tenant):
        return [post_message(chat_id=chat.chat_id, content=text).message for text in (CARD, PLAIN)]


def contents(tenant: TenantModel) -> list[str]:
    """Return what people read."""
    with in_tenant(tenant):
        return [row.content for row in ContentChatModel.objects.order_by("pk")]


def keys(tenant: TenantModel) -> set[str]:
    """Return the keys that messages are sealed by; empty for a clear one."""
    with in_tenant(tenant):
        return set(ContentChatModel.objects.values_list("encryption_key_id", flat=True))


def test_it_seals_what_the_policy_says_and_nothing_else(tenant: TenantModel, texts: list[ContentChatModel]) -> None:
    set_policy(tenant, "sensitive")
    assert run(tenant=tenant.name)["changed"] == {"chats_chatmodel": 1, "chats_contentchatmodel": 1}
    with in_tenant(tenant):
        assert "4111" not in content_of(texts[0])
        assert content_of(texts[1]) == PLAIN
        assert "4111" not in stored("chats_chatmodel", "title", texts[0].chat_id)
        assert ChatModel.objects.get(pk=texts[0].chat_id).title == CARD
    assert contents(tenant) == [CARD, PLAIN]
    assert sum(run(tenant=tenant.name)["changed"].values()) == 0


def test_a_dry_run_counts_and_changes_nothing(tenant: TenantModel, texts: list[ContentChatModel]) -> None:
    set_policy(tenant, "all")
    assert run(tenant=tenant.name, dry_run=True)["changed"]["chats_contentchatmodel"] == 2
    with in_tenant(tenant):
        assert content_of(texts[0]) == CARD


def test_all_seals_everything_whatever_the_policy_says(tenant: TenantModel, texts: list[ContentChatModel]) -> None:
    run(tenant=tenant.name, all=True, batch_size=1)
    with in_tenant(tenant):
        assert not {content_of(row) for row in texts} & {CARD, PLAIN}
    assert contents(tenant) == [CARD, PLAIN]


def test_decrypting_needs_the_policy_off(tenant: TenantModel, texts: list[ContentChatModel]) -> None:
    run(tenant=tenant.name, all=True)
    set_policy(tenant, "sensitive")
    with pytest.raises(CommandError, match=f"encryption_policy.*{tenant.name}"):
        run(tenant=tenant.name, decrypt=True)
    set_policy(tenant, "off")
    run(tenant=tenant.name, decrypt=True)
    with in_tenant(tenant):
        assert [content_of(row) for row in texts] == [CARD, PLAIN]
    assert keys(tenant) == {""}


def test_summaries_and_comments_follow(tenant: TenantModel, chat: ChatModel) -> None:
    set_policy(tenant, "all")
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="My tooth hurts terribly since Monday.")
        rate_chat(chat_id=chat.chat_id, rating=5, comment="Doctor Ortiz was kind", contact_id=None)
    with tenant_scope(tenant):
        written = ConversationSummaryService().generate_summary(chat.chat_id)
    run(tenant=tenant.name, rotate=True)
    with in_tenant(tenant), connection.cursor() as cursor:
        assert "tooth" in ConversationSummary.objects.get().summary
        assert ConversationSummary.objects.get().key_points == written.key_points
        assert ConversationAnalytics.objects.get().comment == "Doctor Ortiz was kind"
        cursor.execute("SELECT summary || key_points::text FROM analysis_conversationsummary")
        everything = str(cursor.fetchone())
        cursor.execute("SELECT comment || topic_classification FROM analysis_conversationanalytics")
        everything += str(cursor.fetchone())
    assert "tooth" not in everything
    assert "Ortiz" not in everything


def test_a_rotation_seals_everything_by_a_new_key(tenant: TenantModel, texts: list[ContentChatModel]) -> None:
    run(tenant=tenant.name, all=True)
    before = keys(tenant)
    told = run(tenant=tenant.name, rotate=True, batch_size=1)
    after = keys(tenant)
    assert told["changed"]["chats_contentchatmodel"] == 2
    assert len(before) == len(after) == 1
    assert not before & after
    assert contents(tenant) == [CARD, PLAIN]
    with in_tenant(tenant):
        assert ChatModel.objects.get(pk=texts[0].chat_id).title == CARD


def test_after_a_rotation_the_old_master_key_is_not_needed(
    tenant: TenantModel, texts: list[ContentChatModel], settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = OLD
    run(tenant=tenant.name, all=True)
    with in_tenant(tenant):
        words = search_key(tenant.pk)
    settings.ENCRYPTION_KEYS = f"{NEW},{OLD}"
    forget_keys()
    run(tenant=tenant.name, rotate=True)
    settings.ENCRYPTION_KEYS = NEW
    forget_keys()
    assert contents(tenant) == [CARD, PLAIN]
    with in_tenant(tenant):
        assert set(DataKey.objects.values_list("master_key", flat=True)) == {"b"}
        assert search_key(tenant.pk) == words


def test_a_rotation_that_was_cut_off_is_finished_by_the_same_key(
    tenant: TenantModel, texts: list[ContentChatModel]
) -> None:
    run(tenant=tenant.name, all=True)
    with tenant_scope(tenant):
        next(bulk.rotate(batch=1))
    run(tenant=tenant.name, rotate=True)
    with in_tenant(tenant):
        assert DataKey.objects.count() == 2
    assert contents(tenant) == [CARD, PLAIN]
    assert len(keys(tenant)) == 1


def test_a_tenant_without_keys_has_nothing_to_rotate(tenant: TenantModel) -> None:
    run(tenant=tenant.name, rotate=True)
    with in_tenant(tenant):
        assert DataKey.objects.count() == 0


def test_rows_that_do_not_open_are_named_and_the_others_done(
    tenant: TenantModel, texts: list[ContentChatModel]
) -> None:
    run(tenant=tenant.name, all=True)
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chats_contentchatmodel SET content = left(content, -9) || 'AAAAAAAA=' WHERE id = %s", [texts[0].pk]
        )
    with pytest.raises(CommandError, match=f"1 rows do not open.*chats_contentchatmodel {texts[0].pk}"):
        run(tenant=tenant.name, rotate=True)
    with in_tenant(tenant):
        assert ContentChatModel.objects.get(pk=texts[1].pk).content == PLAIN


def test_what_follows_is_told_in_words(tenant: TenantModel, texts: list[ContentChatModel]) -> None:
    out = StringIO()
    call_command("encrypt_sensitive_messages", tenant=tenant.name, all=True, no_progress=True, stdout=out)
    assert out.getvalue() == f"{tenant.name}: 3 of 3 texts changed.\n"


@pytest.mark.parametrize("options", [{"batch_size": 0}])
def test_a_batch_of_nothing_is_refused(tenant: TenantModel, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="from 1"):
        run(tenant=tenant.name, **options)


def test_apps_hear_of_rows_that_became_sealed_but_not_of_a_rotation(
    tenant: TenantModel, texts: list[ContentChatModel]
) -> None:
    heard: list[tuple[str, bool]] = []
    with bulk.changed_rows.lent(
        **{
            "test.hear": lambda rows: heard.extend(
                (row.content, row.is_encrypted) for row in rows if hasattr(row, "content")
            )
        }
    ):
        run(tenant=tenant.name, all=True)
        run(tenant=tenant.name, rotate=True)
    assert heard == [(CARD, True), (PLAIN, True)]
