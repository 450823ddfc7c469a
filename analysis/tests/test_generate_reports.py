"""generate_reports: a tenant's report and the installation's, in every format, mailed where that is asked for."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from agents.models import AgentModel
from analysis.models import ConversationAnalytics, DayFigures, ReportPeriod, ReportType
from analysis.services import daily
from analysis.services.report_periods import Span
from analysis.services.reports import make_report
from analysis.tests.messages import ask
from chats.models import ChatModel, ContentChatModel, Sender
from tenants.models import TenantModel, User
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def yesterday() -> datetime:
    """Return noon of the last whole day."""
    return datetime.combine(daily.today_in("UTC") - timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=12)


@pytest.fixture
def held(tenant: TenantModel, chat: ChatModel) -> Iterator[ChatModel]:
    """A conversation of yesterday, which was rated."""
    for sender in (Sender.USER, Sender.AGENT):
        ask(tenant, chat, "Something", sender=sender)
    with in_tenant(tenant):
        ContentChatModel.objects.update(timestamp=yesterday(), tokens_used=10)
        ChatModel.objects.update(created_at=yesterday())
        ConversationAnalytics.objects.create(
            chat=chat, agent=chat.agent, began_at=yesterday(), first_response_ms=2000, user_satisfaction_rating=5,
            resolved_by="agent",
        )  # fmt: skip
    yield chat


def report(tmp_path: Path, *arguments: str) -> bytes:
    """Make a report of yesterday and return its file."""
    target = tmp_path / "report"
    call_command("generate_reports", "--period=daily", f"--output={target}", "--no-progress", *arguments)
    return target.read_bytes()


def data_of(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    """Return what a report of yesterday says."""
    found: dict[str, Any] = json.loads(report(tmp_path, "--format=json", *arguments))
    return found


def test_a_tenants_report_tells_how_its_day_was(tmp_path: Path, held: ChatModel) -> None:
    parts = data_of(tmp_path, "--tenant=acme")["parts"]
    assert parts["usage"]["totals"] == {
        "conversations": 1, "from_people": 1, "from_agents": 1, "from_staff": 0, "tokens": 20, "messages": 2,
        "people": 1,
    }  # fmt: skip
    assert parts["performance"]["totals"]["first_reply_ms"] == pytest.approx(2000, rel=0.05)
    assert parts["performance"]["totals"]["resolved_by_agent"] == 1
    assert parts["satisfaction"]["totals"]["rating"] == 5.0
    assert [(row["name"], row["conversations"]) for row in parts["agents"]["agents"]] == [("Aurora", 1)]


def test_a_neighbour_is_in_the_installations_report_alone(
    tmp_path: Path, held: ChatModel, neighbour: TenantModel, their_chat: ChatModel
) -> None:
    own = data_of(tmp_path, "--tenant=neighbour")
    assert own["parts"]["usage"]["totals"]["conversations"] == 0
    whole = data_of(tmp_path, "--tenant=all")
    assert whole["tenant"] is None
    assert [row["name"] for row in whole["parts"]["agents"]["agents"]][:1] == ["Aurora · Acme"]
    assert {row["tenant"]: row["conversations"] for row in whole["parts"]["tenants"]["tenants"]} == {
        "acme": 1, "neighbour": 0,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["usage", "performance", "agents", "satisfaction"])
def test_each_type_has_its_part_alone(tmp_path: Path, held: ChatModel, kind: str) -> None:
    assert list(data_of(tmp_path, "--tenant=acme", f"--type={kind}")["parts"]) == [kind]


@pytest.mark.parametrize(("period", "days"), [("daily", 1), ("weekly", 7), ("monthly", 28)])
def test_a_report_is_of_the_last_whole_stretch(tmp_path: Path, held: ChatModel, period: str, days: int) -> None:
    found = data_of(tmp_path, "--tenant=acme", f"--period={period}")
    first, last = date.fromisoformat(found["first"]), date.fromisoformat(found["last"])
    assert last < daily.today_in("UTC")
    assert (last - first).days + 1 >= days


@pytest.mark.parametrize(("language", "words"), [("en", "Daily report"), ("es", "Informe diario")])
def test_the_page_speaks_the_language_asked_for_and_holds_no_script(
    tmp_path: Path, held: ChatModel, language: str, words: str
) -> None:
    page = report(tmp_path, "--tenant=acme", f"--lang={language}").decode()
    assert words in page
    assert page.count("<svg") > 5
    assert "<script" not in page


def test_what_people_named_is_no_markup(tmp_path: Path, held: ChatModel) -> None:
    with in_tenant(held.tenant_id):
        type(held.agent).objects.update(name="<script>alert(1)</script>")  # type: ignore[union-attr]
    page = report(tmp_path, "--tenant=acme").decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_no_cell_runs_as_a_formula(tmp_path: Path, held: ChatModel) -> None:
    with in_tenant(held.tenant_id):
        type(held.agent).objects.update(name='=HYPERLINK("http://evil.example")')  # type: ignore[union-attr]
    text = report(tmp_path, "--tenant=acme", "--format=csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {"usage", "performance", "agents", "satisfaction"} == {row["part"] for row in rows}
    assert any("HYPERLINK" in row["item"] for row in rows)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@", "+"))]


def test_a_day_without_anything_says_so(tmp_path: Path, tenant: TenantModel) -> None:
    page = report(tmp_path, "--tenant=acme", "--lang=en").decode()
    assert "Nobody wrote in this time." in page
    assert "Nobody gave a rating" in page


def test_the_report_is_mailed_to_owners_and_administrators(
    tmp_path: Path, held: ChatModel, owner: User, admin: User, viewer: User, settings: Any
) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    report(tmp_path, "--tenant=acme", "--format=csv", "--email")
    assert [sent.to for sent in mail.outbox] == [[owner.email], [admin.email]]
    name, content, kind = mail.outbox[0].attachments[0]
    assert (kind, str(name).rpartition(".")[2]) == ("text/csv", "csv")
    assert "Aurora" in str(content)


def test_the_report_is_mailed_to_an_address(tmp_path: Path, held: ChatModel, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    report(tmp_path, "--tenant=acme", "--email", "boss@acme.example")
    assert [sent.to for sent in mail.outbox] == [["boss@acme.example"]]


def test_without_a_mail_server_nothing_is_mailed(tmp_path: Path, held: ChatModel, settings: Any) -> None:
    settings.EMAIL_URL = ""
    with pytest.raises(CommandError, match="EMAIL_URL"):
        report(tmp_path, "--tenant=acme", "--email", "boss@acme.example")


def test_a_place_that_cannot_be_written_is_an_error(held: ChatModel) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("generate_reports", "--tenant=acme", "--output=/proc/nothing/report.html", "--no-progress")


def test_a_report_for_which_there_is_no_room_leaves_no_half_and_no_earlier_one_broken(
    tmp_path: Path, held: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    whole = report(tmp_path, "--format=json")
    monkeypatch.setattr("tenants.portable.files.os.fsync", full)
    with pytest.raises(CommandError, match="No space left"):
        report(tmp_path, "--format=json")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [whole]


def test_what_went_wrong_is_told_in_the_operators_language(tmp_path: Path, held: ChatModel, settings: Any) -> None:
    settings.EMAIL_URL = ""
    TenantModel.objects.update(default_language="es")
    with translation.override("en"):
        with pytest.raises(CommandError) as failed:
            call_command("generate_reports", "--tenant=acme", "--email", f"--output={tmp_path}/", stdout=io.StringIO())
        assert "mail" in str(failed.value)


def test_a_folder_gets_a_file_by_its_name(tmp_path: Path, held: ChatModel) -> None:
    call_command("generate_reports", "--tenant=acme", "--type=usage", f"--output={tmp_path}", "--no-progress")
    assert [path.name[:26] for path in tmp_path.iterdir()] == ["charla-acme-usage-monthly-"]


def test_a_counted_report_costs_the_same_number_of_statements_however_much_was_said(held: ChatModel) -> None:
    span = Span.last_whole(ReportPeriod.MONTHLY, daily.today_in("UTC"))

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            make_report(ReportType.ALL, span, [held.tenant], whole=False)
        return len(asked)

    statements()
    before = statements()
    with in_tenant(held.tenant_id):
        for number in range(5):
            AgentModel.objects.create(name=f"Agent {number}")
        for day in DayFigures.objects.all():
            day.figures["agents"] |= {str(number): {"conversations": 1} for number in range(20)}
            day.save()
    assert statements() == before
