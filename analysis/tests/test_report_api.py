"""Reports and usage by REST."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import RequestFactory
from django.utils import timezone

from analysis.api import report_views
from analysis.models import Report, ReportPeriod, ReportType, UsageMetric
from analysis.services import daily
from analysis.services.report_periods import Span
from analysis.services.reports import keep_report
from audit.models import AuditLog
from chats.models import ChatModel
from notifications.models import Event, Notification
from tenants.api.costs import cost_of
from tenants.limits import Cost
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import client_of, client_with_key

pytestmark = pytest.mark.django_db(transaction=True)
REPORTS = "/api/v1/reports/"
MAY = {"type": "usage", "period": "monthly", "day": "2026-05-07"}


def stored(tenant: TenantModel, day: date = date(2026, 5, 7), kind: ReportType = ReportType.USAGE) -> Report:
    """Keep a report of a month."""
    report, _new = keep_report(tenant, kind, Span.holding(ReportPeriod.MONTHLY, day))
    return report


def test_a_report_is_made_once_and_shown_with_its_figures(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    first = client.post(REPORTS, MAY)
    again = client.post(REPORTS, {**MAY, "day": "2026-05-31"})
    assert (first.status_code, again.status_code) == (201, 200)
    made = first.json()
    assert again.json() == made == client.get(f"{REPORTS}{made['id']}/").json()
    assert (made["type"], made["period"], made["first_day"], made["last_day"]) == (
        "usage", "monthly", "2026-05-01", "2026-05-31",
    )  # fmt: skip
    assert list(made["data"]["parts"]) == ["usage"]


def test_without_a_word_it_is_everything_of_the_last_whole_month(tenant: TenantModel, admin: User) -> None:
    made = client_of(admin).post(REPORTS, {}).json()
    this_month = timezone.localdate().replace(day=1)
    assert (made["type"], made["period"]) == ("all", "monthly")
    assert date.fromisoformat(made["last_day"]) + timedelta(days=1) in {this_month, this_month + timedelta(days=31)}
    assert list(made["data"]["parts"]) == ["usage", "performance", "agents", "satisfaction"]


@pytest.mark.parametrize(
    ("asked", "attr", "code"),
    [
        ({"type": "gossip"}, "type", "invalid_choice"),
        ({"period": "yearly"}, "period", "invalid_choice"),
        ({"day": "tomorrow"}, "day", "invalid"),
        ({"day": "1999-12-31"}, "day", "invalid"),
        ({"day": "9999-01-01"}, "day", "invalid"),
        ({"day": timezone.localdate().isoformat()}, "day", "invalid"),
    ],
)
def test_nonsense_and_days_that_are_not_over_are_refused(
    tenant: TenantModel, admin: User, asked: dict[str, str], attr: str, code: str
) -> None:
    answer = client_of(admin).post(REPORTS, asked)
    assert answer.status_code == 400
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == [(attr, code)]
    with in_tenant(tenant):
        assert not Report.objects.exists()


def test_a_list_has_no_figures_and_can_be_narrowed(tenant: TenantModel, viewer: User) -> None:
    may, june = stored(tenant), stored(tenant, date(2026, 6, 1), ReportType.ALL)
    client = client_of(viewer)
    listed = client.get(REPORTS).json()["results"]
    assert [one["id"] for one in listed] == [str(june.pk), str(may.pk)]
    assert "data" not in listed[0]
    for query, found in (
        ("type=usage", [may]), ("period=weekly", []), ("first_day=2026-06-01", [june]), ("page_size=1", [june]),
    ):  # fmt: skip
        results = client.get(f"{REPORTS}?{query}").json()["results"]
        assert [one["id"] for one in results] == [str(one.pk) for one in found]


@pytest.mark.parametrize(
    ("form", "kind", "begin"),
    [
        ("pdf", "application/pdf", b"%PDF-"),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbftenant,"),
        ("json", "application/json", b"{"),
    ],
)
def test_a_report_is_given_out_as_a_file(tenant: TenantModel, viewer: User, form: str, kind: str, begin: bytes) -> None:
    place = f"{REPORTS}{stored(tenant).pk}/file/"
    answer = client_of(viewer).get(f"{place}?format={form}")
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="charla-acme-usage-monthly-2026-05-01.{form}"'
    )
    assert answer.content.strip().startswith(begin)


def test_a_file_speaks_the_language_that_is_asked_for(tenant: TenantModel, viewer: User) -> None:
    place = f"{REPORTS}{stored(tenant).pk}/file/?format=html"
    client = client_of(viewer)
    assert "Informe mensual" in client.get(place, headers={"Accept-Language": "es"}).content.decode()
    assert "Monthly report" in client.get(place, headers={"Accept-Language": "en"}).content.decode()


def test_another_kind_of_file_is_refused_in_json(tenant: TenantModel, viewer: User) -> None:
    answer = client_of(viewer).get(f"{REPORTS}{stored(tenant).pk}/file/?format=exe", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "format")


def test_a_neighbours_report_is_not_there(tenant: TenantModel, outsider: User) -> None:
    report, client = stored(tenant), client_of(outsider)
    assert client.get(REPORTS).json()["results"] == []
    for place in (f"{REPORTS}{report.pk}/", f"{REPORTS}{report.pk}/file/"):
        assert client.get(place).status_code == 404


def test_reading_takes_a_viewer_and_making_an_administrator(tenant: TenantModel, viewer: User, colleague: User) -> None:
    for person in (viewer, colleague):
        assert client_of(person).get(REPORTS).status_code == 200
        assert client_of(person).post(REPORTS, MAY).status_code == 403
    assert client_with_key(tenant, "reports:read").post(REPORTS, MAY).status_code == 403
    assert client_with_key(tenant, "reports:write").post(REPORTS, MAY).status_code == 201
    assert client_with_key(tenant, "analytics:read").get(REPORTS).status_code == 403


def test_a_report_that_takes_long_is_asked_for_again_until_its_days_are_counted(
    tenant: TenantModel, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_views, "SECONDS", 0)
    client = client_of(admin)
    first = client.post(REPORTS, MAY)
    assert (first.status_code, first.headers["Retry-After"]) == (409, "1")
    assert first.json()["errors"][0]["code"] == "in_progress"
    days = 61  # of April and May, one a request at the least
    assert 201 in {client.post(REPORTS, MAY).status_code for _again in range(days)}


def test_what_is_made_is_written_down_and_told_to_webhooks(tenant: TenantModel, admin: User) -> None:
    made = client_of(admin).post(REPORTS, MAY).json()
    client_of(admin).post(REPORTS, MAY)
    with in_tenant(tenant):
        [row] = AuditLog.objects.filter(action="report_made")
        assert (row.actor_id, row.object_id, row.details["first_day"]) == (admin.pk, made["id"], "2026-05-01")
        [event] = Event.objects.filter(type="report.ready")
        assert str(event.object_id) == made["id"]
        assert not Notification.objects.exists()
    assert mail.outbox == []


def test_the_report_that_the_schedule_would_make_is_told_of_as_if_it_had(
    tenant: TenantModel, admin: User, owner: User
) -> None:
    client_of(admin).post(REPORTS, {**MAY, "type": "all"})
    with in_tenant(tenant):
        assert {note.recipient_id for note in Notification.objects.all()} == {admin.pk, owner.pk}


def test_days_are_counted_outside_the_transaction_that_keeps_the_report(
    tenant: TenantModel, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    inside: list[bool] = []
    count = daily.count_days

    def watched(days: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return count(days)

    monkeypatch.setattr("analysis.services.reports.count_days", watched)
    assert client_of(admin).post(REPORTS, MAY).status_code == 201
    assert inside == [False]


@pytest.fixture
def used(tenant: TenantModel, chat: ChatModel, colleague: User) -> list[UsageMetric]:
    """A day of a contact, and the next of a colleague."""
    with in_tenant(tenant):
        UsageMetric.objects.create(date=date(2026, 5, 1), contact_id=chat.contact_id, total_messages=3, total_tokens=9)
        UsageMetric.objects.create(date=date(2026, 5, 2), user=colleague, total_conversations=1, total_messages=2)
        return list(UsageMetric.objects.order_by("date"))


def test_usage_is_listed_by_day_and_person(tenant: TenantModel, admin: User, used: list[UsageMetric]) -> None:
    of_contact, of_colleague = used
    client = client_of(admin)
    listed = client.get("/api/v1/usage/").json()["results"]
    assert listed == [
        {
            "id": str(of_colleague.pk), "date": "2026-05-02", "contact": None, "user": str(of_colleague.user_id),
            "total_conversations": 1, "total_messages": 2, "total_tokens": 0,
        },
        {
            "id": str(of_contact.pk), "date": "2026-05-01", "contact": str(of_contact.contact_id), "user": None,
            "total_conversations": 0, "total_messages": 3, "total_tokens": 9,
        },
    ]  # fmt: skip
    both = [of_colleague, of_contact]
    for query, found in (
        ("from=2026-05-02", [of_colleague]), ("to=2026-05-01", [of_contact]), ("from=2026-05-01&to=2026-05-02", both),
        (f"contact={of_contact.contact_id}", [of_contact]), (f"user={of_colleague.user_id}", [of_colleague]),
    ):  # fmt: skip
        results = client.get(f"/api/v1/usage/?{query}").json()["results"]
        assert [one["id"] for one in results] == [str(one.pk) for one in found]


def test_usage_is_for_administrators_and_is_no_neighbours(
    tenant: TenantModel, viewer: User, colleague: User, outsider: User, used: list[UsageMetric]
) -> None:
    for person in (viewer, colleague):
        assert client_of(person).get("/api/v1/usage/").status_code == 403
    assert client_of(outsider).get("/api/v1/usage/").json()["results"] == []
    assert len(client_with_key(tenant, "usage:read").get("/api/v1/usage/").json()["results"]) == 2


def test_a_report_and_its_file_cost_as_much_as_an_export(rf: RequestFactory) -> None:
    asked = (rf.post(REPORTS), rf.get(f"{REPORTS}x/file/"), rf.get(REPORTS), rf.get(f"{REPORTS}x/"))
    assert [cost_of(request) for request in asked] == [Cost.EXPORT, Cost.EXPORT, Cost.REQUEST, Cost.REQUEST]
