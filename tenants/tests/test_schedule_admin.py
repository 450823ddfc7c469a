"""The page of recurring work: all of it, how it went, and its switch, for the operator alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from audit.models import AuditLog
from tenants.admin.schedules import rhythm
from tenants.models import Schedule, TenantModel, User, WorkItem
from tenants.scope import OPERATIONS, all_tenants
from tenants.services.schedules import SCHEDULES, ScheduleEntry, forget_slots, know_entries, plant_due, switch
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
LIST = "admin:tenants_schedule_changelist"
NAME = "chats.complete_silent"


def page(operator: User, tenant: TenantModel, **headers: str) -> Any:
    return browser_of(operator, tenant).get(reverse(LIST), headers=headers)


def actions_in_the_audit() -> list[str]:
    with all_tenants():
        rows = AuditLog.objects.filter(object_type="schedule").order_by("id")
        return list(rows.values_list("action", flat=True))


def test_every_entry_is_listed_before_any_sweeper_ran(operator: User, tenant: TenantModel) -> None:
    listed = page(operator, tenant)
    assert {entry.name for entry in listed.context["cl"].result_list} == set(SCHEDULES.entries)
    assert "every day at 07:00 UTC" in listed.content.decode()
    assert "has not run yet" in listed.content.decode()


def test_an_entry_that_this_version_has_no_more_is_not_listed(operator: User, tenant: TenantModel) -> None:
    Schedule.objects.create(name="chats.of_old", next_run=datetime(2020, 1, 1, tzinfo=UTC))
    assert "chats.of_old" not in [entry.name for entry in page(operator, tenant).context["cl"].result_list]


def test_outcomes_are_told_in_the_readers_language(operator: User, tenant: TenantModel) -> None:
    know_entries()
    now = datetime.now(tz=UTC)
    Schedule.objects.filter(pk=NAME).update(last_run=now, last_outcome="ConnectionError: away")
    Schedule.objects.filter(pk="chats.archive_completed").update(last_run=now)
    text = page(operator, tenant, **{"Accept-Language": "es"}).content.decode()
    assert "ConnectionError: away" in text
    assert "aún no se ejecutó" in text
    assert "cada 10 minutos" in text


def test_the_switch_of_an_entrys_page_is_audited_once(operator: User, tenant: TenantModel) -> None:
    know_entries()
    browser, change = browser_of(operator, tenant), reverse("admin:tenants_schedule_change", args=[NAME])
    assert browser.post(change, {}).status_code == 302
    assert not Schedule.objects.get(pk=NAME).is_enabled
    assert browser.post(change, {"is_enabled": "on"}).status_code == 302
    assert Schedule.objects.get(pk=NAME).is_enabled
    assert actions_in_the_audit() == ["schedule_switched_off", "schedule_switched_on"]


def test_several_are_switched_at_once(operator: User, tenant: TenantModel) -> None:
    know_entries()
    chosen = {"action": "switch_off", "_selected_action": [NAME, "chats.archive_completed"]}
    browser_of(operator, tenant).post(reverse(LIST), chosen)
    assert Schedule.objects.filter(is_enabled=False).count() == 2
    assert actions_in_the_audit() == ["schedule_switched_off"] * 2


def test_an_owner_does_not_reach_the_switch(owner: User, tenant: TenantModel) -> None:
    know_entries()
    browser = browser_of(owner)
    assert browser.post(reverse("admin:tenants_schedule_change", args=[NAME]), {}).status_code == 403
    browser.post(reverse(LIST), {"action": "switch_off", "_selected_action": [NAME]})
    assert Schedule.objects.get(pk=NAME).is_enabled


def test_what_passed_while_an_entry_was_off_is_not_made_up_for(tenant: TenantModel) -> None:
    entry = ScheduleEntry("ring", timedelta(hours=1), lambda: None)  # type: ignore[arg-type]
    with SCHEDULES.lent(**{"tests.bell": entry}):
        know_entries()
        switch("tests.bell", on=False, by=None)
        Schedule.objects.update(next_run=datetime(2020, 1, 1, tzinfo=UTC))
        assert plant_due() == 0
        assert switch("tests.bell", on=True, by=None)
        assert not switch("tests.bell", on=True, by=None)
        forget_slots()
        assert plant_due() == 0
        assert plant_due(datetime.now(tz=UTC) + timedelta(hours=1)) == 1
    assert WorkItem.objects.get().kind == "schedule"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (ScheduleEntry("", timedelta(minutes=1), print), "every minute"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(minutes=90), print), "every 90 minutes"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(hours=1), print), "every hour"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(hours=6), print), "every 6 hours"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(days=1), print, timedelta(minutes=450)), "every day at 07:30 UTC"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(days=7), print), "every Thursday at 00:00 UTC"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(days=7), print, timedelta(hours=77)), "every Sunday at 05:00 UTC"),  # type: ignore[arg-type]
        (ScheduleEntry("", timedelta(days=2), print, timedelta(hours=25)), "every 2 days at 01:00 UTC"),  # type: ignore[arg-type]
    ],
)
def test_a_rhythm_reads_as_people_say_it(entry: ScheduleEntry, words: str) -> None:
    assert rhythm(entry) == words
