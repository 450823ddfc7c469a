"""Reports that are made by themselves: once a stretch, told of, and mailed with their file."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from analysis.models import Report
from analysis.services import due_reports
from notifications.models import Event, Notification
from notifications.services.mailing import send_email
from tenants.models import TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def old_tenant(tenant: TenantModel) -> TenantModel:
    """A tenant that has been there for a year."""
    TenantModel.objects.filter(pk=tenant.pk).update(created_at=datetime.now(tz=UTC) - timedelta(days=365))
    return tenant


def make(tenant: TenantModel) -> list[Report]:
    """Make what is due and return what was made so far."""
    forget_settings()
    with tenant_scope(tenant):
        due_reports.make_due_reports()
    with in_tenant(tenant):
        return list(Report.objects.order_by("period"))


def test_last_months_report_is_made_once_and_told_of_once(old_tenant: TenantModel, owner: User, viewer: User) -> None:
    made = make(old_tenant)
    assert [(report.report_type, report.period) for report in made] == [("all", "monthly")]
    assert make(old_tenant) == made
    with in_tenant(old_tenant):
        assert [note.recipient_id for note in Notification.objects.all()] == [owner.pk]
        assert Event.objects.filter(type="report.ready").count() == 1


def test_a_tenant_that_was_not_there_yet_has_no_report(tenant: TenantModel) -> None:
    assert make(tenant) == []


def test_the_tenant_says_which_reports_it_wants(old_tenant: TenantModel) -> None:
    TenantModel.objects.filter(pk=old_tenant.pk).update(settings={"scheduled_reports": ["daily", "weekly"]})
    assert [report.period for report in make(old_tenant)] == ["daily", "weekly"]


def test_the_mail_brings_the_report_as_a_pdf(old_tenant: TenantModel, owner: User, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    make(old_tenant)
    with in_tenant(old_tenant):
        notification = Notification.objects.get()
    with tenant_scope(old_tenant):
        send_email(str(notification.pk))
    [sent] = mail.outbox
    name, content, kind = sent.attachments[0]
    assert (sent.to, kind, str(name)[-4:]) == ([owner.email], "application/pdf", ".pdf")
    assert isinstance(content, bytes)
    assert content.startswith(b"%PDF-")
    assert "/admin/analysis/report/" in str(sent.body)
