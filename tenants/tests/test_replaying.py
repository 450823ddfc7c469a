"""Dead work run again: by whom it may be, only what is dead, and as if no failure lay behind it."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.urls import reverse

from audit.models import AuditLog
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import OPERATIONS, all_tenants, current_tenant_id
from tenants.services.replaying import dismiss, run_again
from tenants.services.ringing import take_due
from tenants.services.waking import listen, sleep
from tenants.services.work import WORK_KINDS, WorkKind, claim
from tenants.services.work_figures import work_figures
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
LIST = "admin:tenants_workitem_changelist"
Taken = list[tuple[Any, str]]


@pytest.fixture
def taken_back() -> Iterator[Taken]:
    """The kinds of work, of which each remembers in whose scope it took back what had marked a row as dead."""
    taken: Taken = []
    kind = WorkKind(
        ring=lambda ref_id: None,
        run=lambda ref_id: None,
        died=lambda lease, error: None,
        again=lambda ref_id: taken.append((current_tenant_id(), ref_id)),
    )
    with WORK_KINDS.lent(turn=kind, delivery=kind):
        yield taken


def row(tenant: TenantModel, key: str = "1", **values: Any) -> WorkItem:
    """Store a row that was given up."""
    told = {"kind": "turn", "state": "dead", "attempts": 5, "lost_leases": 3, "last_error": "ValueError: broken"}
    item: WorkItem = WorkItem.objects.create(
        dedupe_key=f"message:{key}", tenant_id=tenant.pk, ref_id=key, **{**told, **values}
    )
    return item


def test_a_dead_row_begins_anew_and_is_rung_for_at_once(tenant: TenantModel, taken_back: Taken) -> None:
    item = row(tenant)
    assert claim("message:1") is None
    assert run_again([item.pk], tenant_id=tenant.pk, by=None) == 1
    assert taken_back == [(tenant.pk, "1")]
    assert [due[:3] for due in take_due()] == [("turn", tenant.pk, "1")]
    lease = claim("message:1")
    assert lease is not None
    assert (lease.attempts, lease.lost_leases) == (0, 0)
    item.refresh_from_db()
    assert item.last_error == ""


def test_the_sweeper_is_woken_by_the_commit(tenant: TenantModel, taken_back: Taken) -> None:
    item = row(tenant)
    listen()
    run_again([item.pk], tenant_id=None, by=None)
    began = time.monotonic()
    sleep(5, threading.Event())
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("state", ["ready", "leased", "done"])
def test_what_is_not_dead_stays_as_it_is(tenant: TenantModel, taken_back: Taken, state: str) -> None:
    item = row(tenant, state=state)
    assert run_again([item.pk], tenant_id=None, by=None) == 0
    item.refresh_from_db()
    assert (item.state, item.attempts) == (state, 5)
    assert taken_back == []


def test_a_row_of_a_neighbour_stays_dead(tenant: TenantModel, neighbour: TenantModel, taken_back: Taken) -> None:
    item = row(neighbour)
    assert run_again([item.pk], tenant_id=tenant.pk, by=None) == 0
    item.refresh_from_db()
    assert item.state == "dead"


def test_a_kind_that_no_program_knows_any_more_stays_dead(tenant: TenantModel, taken_back: Taken) -> None:
    assert run_again([row(tenant, kind="gone").pk], tenant_id=None, by=None) == 0


def test_what_cannot_be_taken_back_leaves_the_row_dead(tenant: TenantModel) -> None:
    def refuse(ref_id: str) -> None:
        raise ConnectionError("away")

    item = row(tenant)
    kind = WorkKind(ring=refuse, run=refuse, died=lambda lease, error: None, again=refuse)
    with WORK_KINDS.lent(turn=kind), pytest.raises(ConnectionError):
        run_again([item.pk], tenant_id=None, by=None)
    item.refresh_from_db()
    assert item.state == "dead"


def test_running_again_is_in_the_tenants_audit_log(admin: User, tenant: TenantModel, taken_back: Taken) -> None:
    item = row(tenant)
    run_again([item.pk], tenant_id=tenant.pk, by=admin)
    with all_tenants():
        entry = AuditLog.objects.get(action="work_run_again")
    assert (entry.tenant_id, entry.actor_id, entry.object_id) == (tenant.pk, admin.pk, str(item.pk))
    assert entry.details == {"kind": "turn", "reference": "1"}


def act(user: User, *items: WorkItem, tenant: TenantModel | None = None) -> Any:
    """Choose rows in the list and run them again."""
    chosen = {"action": "run_chosen_again", "_selected_action": [str(item.pk) for item in items]}
    return browser_of(user, tenant).post(reverse(LIST), chosen, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def states() -> set[str]:
    return set(WorkItem.objects.values_list("state", flat=True))


def test_an_administrator_runs_chosen_rows_again(admin: User, tenant: TenantModel, taken_back: Taken) -> None:
    response = act(admin, row(tenant, "1"), row(tenant, "2"), row(tenant, "3", state="done"))
    assert "2 rows are run again" in said(response)
    assert states() == {"ready", "done"}


def test_choosing_nothing_dead_says_so(admin: User, tenant: TenantModel, taken_back: Taken) -> None:
    assert "Nothing was run again" in said(act(admin, row(tenant, state="done")))


def test_an_administrator_reaches_no_row_of_a_neighbour(
    admin: User, tenant: TenantModel, neighbour: TenantModel, taken_back: Taken
) -> None:
    theirs = row(neighbour)
    act(admin, theirs)
    browser_of(admin).post(reverse("admin:tenants_workitem_again", args=[theirs.pk]))
    assert states() == {"dead"}


def test_an_agent_may_not(colleague: User, tenant: TenantModel, taken_back: Taken) -> None:
    item = row(tenant)
    browser = browser_of(colleague)
    browser.post(reverse(LIST), {"action": "run_chosen_again", "_selected_action": [str(item.pk)]})
    browser.post(reverse("admin:tenants_workitem_again", args=[item.pk]))
    assert states() == {"dead"}


def test_the_operator_sees_and_runs_everybodys(
    operator: User, tenant: TenantModel, neighbour: TenantModel, taken_back: Taken
) -> None:
    ours, theirs = row(tenant, "1"), row(neighbour, "2")
    browser = browser_of(operator, tenant)
    listed = browser.get(reverse(LIST)).context["cl"].result_list
    assert {item.pk for item in listed} == {ours.pk, theirs.pk}
    shown = browser.get(reverse(LIST), {"of": "shown"}).context["cl"].result_list
    assert {item.pk for item in shown} == {ours.pk}
    act(operator, ours, theirs, tenant=tenant)
    assert states() == {"ready"}
    assert taken_back == [(tenant.pk, "1"), (neighbour.pk, "2")]
    with all_tenants():
        assert AuditLog.objects.get(action="work_run_again", tenant_id=neighbour.pk).actor_id == operator.pk


def test_a_rows_page_has_its_button_while_it_is_dead(admin: User, tenant: TenantModel, taken_back: Taken) -> None:
    item = row(tenant)
    browser, again = browser_of(admin), reverse("admin:tenants_workitem_again", args=[item.pk])
    change = reverse("admin:tenants_workitem_change", args=[item.pk])
    page = browser.get(change).content.decode()
    assert again in page
    assert "given up" in page
    assert "&#x27;dead&#x27;" not in page
    assert browser.get(again).status_code == 405
    assert browser.post(again).status_code == 302
    assert states() == {"ready"}
    assert again not in browser.get(change).content.decode()


def test_the_list_says_how_much_waits_and_leads_to_what_was_given_up(
    admin: User, tenant: TenantModel, neighbour: TenantModel
) -> None:
    row(tenant, "1", kind="delivery")
    row(tenant, "2", state="ready", run_after="2020-01-01T00:00:00Z")
    row(neighbour, "3", kind="analysis")
    page = browser_of(admin).get(reverse(LIST))
    waiting = {each["figures"].kind: each["figures"] for each in page.context["waiting"]}
    assert set(waiting) == {"delivery", "turn"}
    assert (waiting["delivery"].dead, waiting["turn"].ready) == (1, 1)
    assert "state__exact=dead&amp;kind=delivery" in page.content.decode()
    dead = browser_of(admin).get(reverse(LIST), {"state__exact": "dead", "kind": "delivery"})
    assert [item.ref_id for item in dead.context["cl"].result_list] == ["1"]


def test_an_empty_list_says_why_it_is_empty(admin: User, tenant: TenantModel) -> None:
    page = browser_of(admin).get(reverse(LIST), headers={"Accept-Language": "es"}).content.decode()
    assert "Aquí no espera nada" in page


def test_figures_tell_the_oldest_that_is_due_and_the_oldest_that_was_not_rung_for(tenant: TenantModel) -> None:
    row(tenant, "1", state="ready")
    row(tenant, "2", state="ready")
    row(tenant, "3", state="ready")
    with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_workitem SET run_after = now() - interval '50 s', rung_at = now() WHERE ref_id = '1'"
        )
        cursor.execute(
            "UPDATE tenants_workitem SET run_after = now() - interval '9 s', rung_at = now() - interval '1 h'"
            " WHERE ref_id = '2'"
        )
        cursor.execute("UPDATE tenants_workitem SET run_after = now() + interval '1 h' WHERE ref_id = '3'")
    (turn,) = [each for each in work_figures(using=OPERATIONS) if each.kind == "turn"]
    assert turn.ready == 3
    assert turn.oldest == pytest.approx(50, abs=5)
    assert turn.unrung == pytest.approx(9, abs=5)


def test_dead_work_is_put_away_undone_and_the_audit_log_says_by_whom(
    tenant: TenantModel, neighbour: TenantModel, owner: User, taken_back: Taken
) -> None:
    dead, waiting, theirs = row(tenant), row(tenant, "2", state="ready"), row(neighbour, "3")
    assert dismiss([dead.pk, waiting.pk, theirs.pk], tenant_id=tenant.pk, by=owner) == 1
    states = {item.pk: item.state for item in WorkItem.objects.all()}
    assert states == {dead.pk: "done", waiting.pk: "ready", theirs.pk: "dead"}
    assert taken_back == []
    with all_tenants():
        assert list(AuditLog.objects.filter(action="work_dismissed").values_list("object_id")) == [(str(dead.pk),)]


def test_the_list_puts_dead_work_away(tenant: TenantModel, owner: User, taken_back: Taken) -> None:
    item = row(tenant)
    chosen = {"action": "dismiss_chosen", "_selected_action": [item.pk]}
    page = browser_of(owner, tenant).post(reverse(LIST), chosen, follow=True)
    assert "1 row was put away." in page.content.decode()
    item.refresh_from_db()
    assert (item.state, item.last_error) == ("done", "ValueError: broken")
