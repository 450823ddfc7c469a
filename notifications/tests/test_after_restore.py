"""After a restore nothing is mailed that may have been mailed before, until somebody releases it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifications.models import Digest, NotificationPreference
from notifications.tests.test_outside import Mailbox, mailbox, tell
from tenants.backups import restoring
from tenants.backups.making import make
from tenants.backups.quarantine import held, release
from tenants.backups.tenant_restore import restore_tenant
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.schedules import SCHEDULES, forget_slots, plant_due, run_now, run_scheduled
from tenants.tests.test_restoring import folder

__all__ = ["folder", "mailbox"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])
ENTRIES = ["analysis.reports", "notifications.daily_digest", "notifications.hourly_digest"]


@pytest.fixture(autouse=True)
def _fresh_clock() -> Iterator[None]:
    forget_slots()
    yield
    forget_slots()


@pytest.fixture
def backed_up(tenant: TenantModel, colleague: User, mailbox: Mailbox, folder: Path) -> Path:
    """A backup of when something waited for a digest."""
    with in_tenant(tenant):
        NotificationPreference.objects.create(
            user=colleague, notification_type="escalation", channels=["email"], digest=Digest.HOURLY
        )
    tell(tenant, colleague)
    return make(kind="database").path


def clock(tenant: TenantModel, hours: int) -> None:
    """Let the schedules come round, and work off what they plant for a tenant."""
    plant_due(datetime.now(tz=UTC) + timedelta(hours=hours))
    for item in WorkItem.objects.filter(kind="schedule", state="ready", tenant=tenant, ref_id__startswith="notif"):
        with tenant_scope(tenant):
            run_scheduled(item.ref_id)


def test_what_sends_of_itself_is_marked_so() -> None:
    assert sorted(name for name, entry in SCHEDULES.items() if entry.sends_out) == ENTRIES


def test_without_a_restore_the_digest_goes_out(tenant: TenantModel, backed_up: Path, mailbox: Mailbox) -> None:
    clock(tenant, 0)
    clock(tenant, 25)
    assert len(mailbox.mails) == 1


def test_after_a_restore_no_digest_goes_out_until_it_is_released(
    tenant: TenantModel, backed_up: Path, mailbox: Mailbox
) -> None:
    done = restoring.restore_database(backed_up)
    assert done.held == sum(held(str(tenant.pk)).values()) == len(ENTRIES)
    for hours in (0, 25, 50):
        clock(tenant, hours)
    assert mailbox.mails == []
    release()
    clock(tenant, 50)
    assert [mail["Subject"] for mail in mailbox.mails] == ["[Acme] 1 notification"]
    clock(tenant, 75)
    assert len(mailbox.mails) == 1


def test_after_a_restore_no_report_is_made_and_mailed(tenant: TenantModel, backed_up: Path) -> None:
    restoring.restore_database(backed_up)
    plant_due(datetime.now(tz=UTC))
    plant_due(datetime.now(tz=UTC) + timedelta(days=2))
    assert not WorkItem.objects.filter(state="ready", ref_id__startswith="analysis.reports").exists()


def test_a_button_does_not_get_round_it(tenant: TenantModel, backed_up: Path, mailbox: Mailbox) -> None:
    restoring.restore_database(backed_up)
    assert run_now("notifications.hourly_digest", by=None) == 0
    assert run_now("tenants.stored_answers", by=None) == 1


def test_one_tenants_restore_holds_its_own_alone(
    tenant: TenantModel, neighbour: TenantModel, backed_up: Path, mailbox: Mailbox, settings: Any
) -> None:
    done = restore_tenant(backed_up, tenant.name)
    assert (done.held, sum(held(str(tenant.pk)).values()), held(str(neighbour.pk))) == (len(ENTRIES), len(ENTRIES), {})
    assert run_now("notifications.hourly_digest", by=None) == 1
