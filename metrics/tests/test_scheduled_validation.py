"""What is stored is validated by the clock: nothing is changed; what is wrong is told at once, to whom it is for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db.models import F
from django.urls import reverse

from chats.models import ChatModel
from metrics.services import scheduled_validation
from metrics.services.validating import Verdict
from notifications.models import Notification
from tenants.models import Membership, Role, TenantModel, User, WorkItem
from tenants.scope import OPERATIONS, in_tenant, tenant_scope
from tenants.services.schedules import SCHEDULES, FindingsError, plant_due, run_scheduled
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
ENTRIES = ("metrics.validate", "metrics.validate_installation")
SUNDAY = datetime(2026, 11, 22, 5, 0, 1, tzinfo=UTC)


@pytest.fixture
def broken(chat: ChatModel) -> ChatModel:
    """A conversation that has counted a message more than it has."""
    with in_tenant(chat.tenant):
        ChatModel.objects.update(message_count=F("message_count") + 1)
    return chat


@pytest.fixture
def weekly() -> Iterator[None]:
    """Those entries alone, whose slot is about to begin."""
    with SCHEDULES.lent(**{name: SCHEDULES[name] for name in ENTRIES}):
        plant_due(SUNDAY - timedelta(days=1))
        yield


def run_planted() -> None:
    """Run what was planted."""
    for item in WorkItem.objects.filter(kind="schedule", state="ready"):
        assert item.tenant_id is not None
        with tenant_scope(item.tenant_id):
            run_scheduled(item.ref_id)


def told(tenant: TenantModel) -> list[tuple[str, str]]:
    """Return who was told in a tenant, and what."""
    with in_tenant(tenant):
        rows = Notification.objects.select_related("recipient")
        return sorted((row.recipient.email, row.params["what"]) for row in rows)


def test_rows_in_order_say_nothing(tenant: TenantModel, owner: User, neighbour: TenantModel, weekly: None) -> None:
    with in_tenant(neighbour):
        Membership.objects.create(user=owner, role=Role.OWNER)
    assert plant_due(SUNDAY) == 4
    run_planted()
    assert [item.state for item in WorkItem.objects.filter(kind="schedule")] == ["done"] * 4
    assert told(tenant) == told(neighbour) == []


def test_findings_are_told_once_without_trying_again_and_nothing_is_mended(
    broken: ChatModel, tenant: TenantModel, owner: User, outsider: User, neighbour: TenantModel, weekly: None
) -> None:
    plant_due(SUNDAY)
    run_planted()
    dead = WorkItem.objects.get(state="dead")
    assert (dead.tenant_id, dead.attempts) == (tenant.pk, 1)
    assert "chats." in dead.last_error
    assert told(tenant) == [(owner.email, "validate what is stored")]
    assert told(neighbour) == []
    with in_tenant(tenant):
        assert ChatModel.objects.get().message_count == 1


def test_what_is_the_installations_is_looked_at_once_and_told_to_the_operator(
    tenant: TenantModel, owner: User, operator: User, neighbour: TenantModel, outsider: User, weekly: None
) -> None:
    with in_tenant(neighbour):
        Membership.objects.create(user=operator, role=Role.VIEWER)
    wrong = Verdict("tenants.settings", "settings that do not fit", found=1)
    with patch.object(scheduled_validation, "validate", return_value=[wrong]) as validated:
        for each in (tenant, neighbour):
            try:
                with tenant_scope(each):
                    SCHEDULES["metrics.validate_installation"].run()
            except FindingsError as error:
                assert "tenants.settings (1)" in str(error)
        assert validated.call_count == 1
        with SCHEDULES.lent(**{ENTRIES[1]: SCHEDULES[ENTRIES[1]]}):
            plant_due(SUNDAY)
            run_planted()
    assert told(tenant) == []
    assert told(neighbour) == [(operator.email, "validate what belongs to no tenant")]


def test_a_check_that_breaks_is_a_finding_too(tenant: TenantModel) -> None:
    verdicts = [Verdict("chats.count", "", error="OperationalError: away")]
    with (
        patch.object(scheduled_validation, "validate", return_value=verdicts),
        tenant_scope(tenant),
        pytest.raises(FindingsError, match=r"chats\.count \(OperationalError: away\)"),
    ):
        scheduled_validation.validate_tenant()


def test_every_entry_of_the_schedule_is_on_the_page_of_operations(operator: User, tenant: TenantModel) -> None:
    page = browser_of(operator, tenant).get(reverse("admin:metrics_commandrun_changelist")).content.decode()
    missing = [name for name, entry in SCHEDULES.items() if str(entry.label).replace("'", "&#x27;") not in page.lower()]
    assert missing == []
