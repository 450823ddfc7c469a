"""Reports in the administration: shown, and given out as files."""

from datetime import date

import pytest
from django.urls import reverse

from analysis.models import ReportPeriod, ReportType
from analysis.services.report_periods import Span
from analysis.services.reports import keep_report
from chats.models import ChatModel
from tenants.models import TenantModel, User
from tenants.scope import OPERATIONS
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
NOW = "admin:analysis_report_now"


@pytest.mark.parametrize(("language", "words"), [("en", "Monthly report"), ("es", "Informe mensual")])
def test_a_viewer_sees_the_report_of_a_stretch_in_their_language(
    viewer: User, chat: ChatModel, language: str, words: str
) -> None:
    today = date.today().isoformat()  # noqa: DTZ011 - any day of this month does
    page = browser_of(viewer).get(reverse(NOW), {"day": today}, headers={"Accept-Language": language})
    assert page.status_code == 200
    assert words in page.content.decode()
    assert "<svg" in page.content.decode()


def test_the_page_holds_no_script_of_its_own(viewer: User, chat: ChatModel) -> None:
    page = browser_of(viewer).get(reverse(NOW)).content.decode()
    report = page[page.index("rp-report") :]
    assert "<style" not in report[: report.index("</article>")]
    assert " style=" not in report[: report.index("</article>")]
    assert "<script" not in report[: report.index("</article>")]


@pytest.mark.parametrize(
    ("form", "kind", "begin"),
    [
        ("pdf", "application/pdf", b"%PDF-"),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbftenant,"),
        ("json", "application/json", b"{"),
    ],
)
def test_a_report_is_given_out_as_a_file(viewer: User, chat: ChatModel, form: str, kind: str, begin: bytes) -> None:
    answer = browser_of(viewer).get(reverse(NOW), {"format": form})
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="charla-acme-all-monthly-')
    assert answer.content.strip().startswith(begin)


@pytest.mark.parametrize(
    "asked", [{"type": "x"}, {"period": "x"}, {"day": "x"}, {"day": "1000-01-01"}, {"day": "2999-01-01"}]
)
def test_nonsense_is_not_found(viewer: User, asked: dict[str, str]) -> None:
    assert browser_of(viewer).get(reverse(NOW), asked).status_code == 404


def test_the_whole_installation_is_the_operators_alone(
    owner: User, operator: User, tenant: TenantModel, neighbour: TenantModel
) -> None:
    assert browser_of(owner).get(reverse(NOW), {"of": "all"}).status_code == 403
    page = browser_of(operator, tenant).get(reverse(NOW), {"of": "all"}).content.decode()
    assert "neighbour" in page


def test_a_kept_report_stays_as_it_was_and_is_no_neighbours(viewer: User, outsider: User, tenant: TenantModel) -> None:
    report, _new = keep_report(tenant, ReportType.USAGE, Span.holding(ReportPeriod.DAILY, date(2026, 1, 2)))
    place = reverse("admin:analysis_report_change", args=[report.pk])
    assert "Usage" in browser_of(viewer).get(place).content.decode()
    assert browser_of(viewer).get(place, {"format": "csv"}).headers["Content-Type"].startswith("text/csv")
    assert browser_of(outsider).get(place).status_code in {302, 403}
