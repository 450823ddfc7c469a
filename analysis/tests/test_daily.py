"""Days are counted from their rows, once, and again when something changed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from analysis.models import ConversationAnalytics, DayFigures, UsageMetric
from analysis.services import daily
from analysis.tests.messages import ask
from chats.models import ChatModel, ContentChatModel, Sender
from tenants.models import TenantModel, User
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 2)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def said(tenant: TenantModel, chat: ChatModel, *senders: Sender, at: datetime = NOON) -> None:
    """Let a conversation have been held at a time."""
    for sender in senders:
        message = ask(tenant, chat, "Something", sender=sender)
        with in_tenant(tenant):
            ContentChatModel.objects.filter(pk=message.pk).update(timestamp=at, tokens_used=7, model_used="small")
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=chat.pk).update(created_at=at)


def counted(tenant: TenantModel, day: date = DAY) -> dict[str, object]:
    """Count a day and return its figures."""
    with tenant_scope(tenant):
        list(daily.count_days([day]))
    with in_tenant(tenant):
        found: dict[str, object] = DayFigures.objects.get(day=day).figures
    return found


def test_a_day_holds_what_was_said_by_whom_and_when(tenant: TenantModel, chat: ChatModel) -> None:
    said(tenant, chat, Sender.USER, Sender.AGENT, Sender.USER, Sender.STAFF)
    found = counted(tenant)
    assert found["messages"] == 4
    assert found["hours"] == {"12": 2}
    assert found["channels"] == {"api": 1}
    assert found["models"] == {"small": [1, 7]}
    assert found["agents"] == {
        str(chat.agent_id): {"conversations": 1, "from_people": 2, "from_agents": 1, "from_staff": 1, "tokens": 28}
    }


def test_a_day_holds_how_conversations_went(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        ConversationAnalytics.objects.create(
            chat=chat, agent=chat.agent, began_at=NOON, first_response_ms=1000, response_time_ms=None,
            user_satisfaction_rating=4, escalated=True, escalation_reason="requested", resolved_by="staff",
        )  # fmt: skip
    found = counted(tenant)
    assert found["agents"] == {
        str(chat.agent_id): {
            "analyzed": 1, "escalated": 1, "by_staff": 1, "ratings": {"4": 1}, "first": {"72": 1},
        }
    }  # fmt: skip
    assert found["reasons"] == {"requested": 1}


def test_a_day_is_the_tenants_own(tenant: TenantModel, chat: ChatModel) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(timezone="America/Bogota")
    said(tenant, chat, Sender.USER, at=datetime(2026, 11, 3, 3, tzinfo=UTC))
    assert counted(tenant)["hours"] == {"22": 1}


def test_counting_again_changes_nothing(tenant: TenantModel, chat: ChatModel, owner: User) -> None:
    said(tenant, chat, Sender.USER, Sender.STAFF)
    with in_tenant(tenant):
        ContentChatModel.objects.filter(sender=Sender.STAFF).update(author=owner)
        ChatModel.objects.update(contact=None)
    assert counted(tenant) == counted(tenant)
    with in_tenant(tenant):
        assert [(used.user_id, used.total_messages, used.total_tokens) for used in UsageMetric.objects.all()] == [
            (owner.pk, 1, 7)
        ]


def test_usage_is_counted_by_contact(tenant: TenantModel, chat: ChatModel) -> None:
    said(tenant, chat, Sender.USER, Sender.AGENT)
    counted(tenant)
    with in_tenant(tenant):
        used = UsageMetric.objects.get()
        assert (used.contact_id, used.date) == (ChatModel.objects.get().contact_id, DAY)
    assert (used.total_conversations, used.total_messages, used.total_tokens) == (1, 2, 14)


def test_what_retention_removed_stays_counted(tenant: TenantModel, chat: ChatModel) -> None:
    said(tenant, chat, Sender.USER)
    before = counted(tenant)
    with in_tenant(tenant):
        ContentChatModel.objects.all().delete()
    assert counted(tenant) == before


def test_a_day_that_ended_is_counted_once(tenant: TenantModel) -> None:
    with tenant_scope(tenant):
        last = daily.today_in("UTC") - timedelta(days=1)
        first = last - timedelta(days=2)
        assert len(daily.uncounted(first, last)) == 3
        list(daily.count_days(daily.uncounted(first, last)))
        assert daily.uncounted(first, last) == []


def test_a_day_is_stale_when_one_of_its_conversations_changed(tenant: TenantModel, chat: ChatModel) -> None:
    with tenant_scope(tenant):
        daily.refresh_days()
        assert daily.stale_days() == []
        with in_tenant(tenant):
            began = datetime.now(tz=UTC) - timedelta(days=3)
            ConversationAnalytics.objects.create(chat=chat, began_at=began)
        assert daily.stale_days() == [began.date()]


def test_a_neighbours_rows_are_not_counted(tenant: TenantModel, their_chat: ChatModel) -> None:
    said(their_chat.tenant, their_chat, Sender.USER)
    assert counted(tenant)["messages"] == 0


def test_a_day_of_which_less_was_kept_is_counted_again(tenant: TenantModel) -> None:
    with tenant_scope(tenant):
        last = daily.today_in("UTC") - timedelta(days=1)
        list(daily.count_days([last]))
        with in_tenant(tenant):
            DayFigures.objects.update(figures={"messages": 0, "agents": {}})
        assert daily.uncounted(last, last) == [last]


def test_days_that_messages_came_into_afterwards_are_counted_again(tenant: TenantModel) -> None:
    today = daily.today_in("UTC")
    first = today - timedelta(days=60)
    with tenant_scope(tenant):
        list(daily.count_days(daily.uncounted(first, today)))
        assert daily.uncounted(first, today) == []
    call_command("create_test_data", tenant=tenant.name, volume="300", no_progress=True)
    with tenant_scope(tenant):
        list(daily.count_days(daily.uncounted(first, today)))
    with in_tenant(tenant):
        stored = ContentChatModel.objects.filter(timestamp__date__gte=first).exclude(sender=Sender.SYSTEM).count()
        days = DayFigures.objects.filter(day__gte=first).values_list("figures", flat=True)
        assert sum(figures["messages"] for figures in days) == stored > 0
