"""Made-up conversations are such as the product makes them: in order, counted, found, opened."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, Max, Sum

from analysis.models import ConversationAnalytics, SentimentChatModel
from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, Sender
from chats.services.messages import post_message
from chats.services.searching import Filters, search_messages
from chats.tests.test_sealed_messages import set_policy
from notifications.models import Event
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db


def make(tenant: TenantModel, **options: Any) -> dict[str, Any]:
    """Run the command as JSON."""
    out = StringIO()
    options = {"volume": "300", "seed": 7, **options}
    call_command("create_test_data", tenant=tenant.name, json=True, no_progress=True, stdout=out, **options)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_there_are_as_many_messages_as_were_wanted_and_all_that_belongs_to_them(
    tenant: TenantModel, neighbour: TenantModel
) -> None:
    told = make(tenant)
    assert (told["messages"], told["scenario"], told["seed"]) == (300, "normal", 7)
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 300
        asked = ContentChatModel.objects.filter(sender=Sender.USER).count()
        assert SentimentChatModel.objects.count() == asked
        assert ConversationAnalytics.objects.count() == ChatModel.objects.count() > 5
        assert Contact.objects.filter(labels__contains=["test"]).count() == Contact.objects.count() > 5
    with in_tenant(neighbour):
        assert ContentChatModel.objects.count() == ChatModel.objects.count() == 0


def test_order_counters_and_tokens_are_right(tenant: TenantModel) -> None:
    make(tenant)
    with in_tenant(tenant):
        rows = ChatModel.objects.annotate(
            said=Count("contents"), last=Max("contents__sequence"), tokens=Sum("contents__tokens_used"),
            at=Max("contents__timestamp"),
        )  # fmt: skip
        for chat in rows:
            assert chat.said == chat.last == chat.message_count == chat.last_sequence == chat.answered_sequence
            assert (chat.tokens, chat.at) == (chat.total_tokens, chat.last_activity)
        replies = ContentChatModel.objects.filter(is_automatic=True).select_related("in_response_to")
        assert replies
        for reply in replies:
            assert reply.in_response_to is not None
            assert (reply.chat_id, reply.sequence) == (
                reply.in_response_to.chat_id, reply.in_response_to.sequence + 1,
            )  # fmt: skip


def test_a_made_up_conversation_goes_on_and_is_found(tenant: TenantModel) -> None:
    make(tenant, scenario="high_load")
    with in_tenant(tenant):
        message = ContentChatModel.objects.filter(is_encrypted=False, sender=Sender.USER).first()
        assert message is not None
        hits = search_messages(query=message.content, filters=Filters(), size=50).hits
        assert message.pk in [hit.message.pk for hit in hits]
        chat = ChatModel.objects.filter(status=ChatStatus.ACTIVE).first()
        assert chat is not None
        posted = post_message(chat_id=chat.chat_id, content="and now?").message
        assert posted.sequence == chat.message_count + 1


def test_personal_data_is_sealed_and_opens_and_is_found(tenant: TenantModel) -> None:
    make(tenant, scenario="sensitive")
    with in_tenant(tenant):
        sealed = ContentChatModel.objects.filter(is_encrypted=True, content__isnull=False)
        message = next(each for each in sealed if "@example.com" in each.content)
        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM chats_contentchatmodel WHERE id = %s", [message.pk])
            assert cursor.fetchone()[0].startswith("c1.")
        address = next(word for word in message.content.split() if "@" in word)
        hits = search_messages(query=f'"{address}"', filters=Filters(), size=50).hits
        assert message.pk in [hit.message.pk for hit in hits]


def test_nothing_is_sealed_where_the_tenant_wants_none_and_all_where_it_wants_all(tenant: TenantModel) -> None:
    for policy, share in (("off", 0), ("all", 100)):
        set_policy(tenant, policy)
        with in_tenant(tenant):
            ContentChatModel.objects.all().delete()
        make(tenant, volume="100", scenario="sensitive")
        with in_tenant(tenant):
            assert ContentChatModel.objects.filter(is_encrypted=True).count() == share
            assert {chat.title for chat in ChatModel.objects.all()} != {""}


def test_nobody_is_told_and_nothing_waits_to_be_done(tenant: TenantModel) -> None:
    make(tenant)
    with in_tenant(tenant):
        assert Event.objects.count() == 0
    assert WorkItem.objects.count() == 0


def test_the_same_seed_says_the_same_again(tenant: TenantModel, neighbour: TenantModel) -> None:
    texts = []
    for each in (tenant, neighbour):
        make(each, volume="60")
        with in_tenant(each):
            texts.append([message.content for message in ContentChatModel.objects.order_by("pk")])
    assert texts[0] == texts[1]


def test_running_it_again_adds_new_people(tenant: TenantModel) -> None:
    make(tenant, volume="60")
    make(tenant, volume="60")
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 120


@pytest.mark.parametrize("scenario", ["history", "long_chats", "escalations"])
def test_each_scenario_makes_its_messages(tenant: TenantModel, scenario: str) -> None:
    make(tenant, scenario=scenario)
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 300


def test_a_dry_run_makes_nothing(tenant: TenantModel) -> None:
    assert make(tenant, dry_run=True, volume="large")["messages"] == 1_000_000
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 0


@pytest.mark.parametrize("volume", ["huge", "0", "-5", "1.5"])
def test_what_is_no_volume_is_wrong_usage(tenant: TenantModel, volume: str) -> None:
    with pytest.raises(CommandError) as refused:
        make(tenant, volume=volume)
    assert refused.value.returncode == 2


def test_of_several_tenants_one_must_be_named(tenant: TenantModel, neighbour: TenantModel) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("create_test_data")
    assert refused.value.returncode == 2
