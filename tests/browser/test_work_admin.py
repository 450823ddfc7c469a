"""Dead work and schedules as people see them: in both themes, on a phone, and what their buttons do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect, sync_playwright

from tenants.models import Schedule, TenantModel, User, WorkItem
from tenants.services.schedules import know_entries
from tests.browser.conftest import FLAGS
from tests.support.administration import browser_of
from tests.support.chromium import chromium

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
LOOKS: dict[str, dict[str, Any]] = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
DELIVERY = "019a0000-0000-7000-8000-000000000001"
WORK, SCHEDULES = "/admin/tenants/workitem/", "/admin/tenants/schedule/"


@contextmanager
def looking(user: User, tenant: TenantModel, site: str, **options: Any) -> Iterator[Page]:
    """Open a browser in which a person of the staff is logged in. No statement may run here meanwhile."""
    session = browser_of(user, tenant).cookies[settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en", **options})
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def fits(page: Page) -> bool:
    """Tell whether nothing makes the page wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.fixture
def dead(tenant: TenantModel) -> list[WorkItem]:
    """A tenant's work: two rows that were given up, one that waits."""
    given_up = {"tenant_id": tenant.pk, "state": "dead", "attempts": 5, "finished_at": "2026-01-01T00:00Z"}
    rows = [
        WorkItem(kind="turn", dedupe_key="message:41", ref_id="41", last_error="ProviderError: HTTP 500", **given_up),
        WorkItem(
            kind="delivery",
            dedupe_key=f"delivery:{DELIVERY}",
            ref_id=DELIVERY,
            last_error="KeyError: 'chat'\n…",
            **given_up,
        ),
        WorkItem(kind="turn", dedupe_key="message:42", ref_id="42", tenant_id=tenant.pk),
    ]
    return WorkItem.objects.bulk_create(rows)


@pytest.mark.parametrize("look", LOOKS)
def test_dead_work_is_found_and_run_again(
    live_server: Any, tenant: TenantModel, admin: User, dead: list[WorkItem], look: str
) -> None:
    with looking(admin, tenant, live_server.url, **LOOKS[look]) as page:
        page.goto(live_server.url + WORK)
        figures = page.locator(".ch-work")
        expect(figures).to_contain_text("agent's turn")
        assert fits(page)
        figures.get_by_role("row").filter(has_text="agent's turn").get_by_role("link").click()
        expect(page.get_by_text("ProviderError: HTTP 500")).to_be_visible()
        expect(page.get_by_text("KeyError")).to_have_count(0)
        page.goto(f"{live_server.url}{WORK}{dead[0].pk}/change/")
        assert fits(page)
        page.locator(".ch-again button").click()
        expect(page.get_by_text("1 row is run again.")).to_be_visible()
        page.goto(f"{live_server.url}{WORK}?state__exact=dead")
        page.locator("[name=_selected_action]").first.check()
        page.select_option("select[name=action]", "run_chosen_again")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text("1 row is run again.")).to_be_visible()
        expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    assert set(WorkItem.objects.values_list("state", flat=True)) == {"ready"}


@pytest.mark.parametrize("look", LOOKS)
def test_the_operator_switches_a_schedule_off(live_server: Any, tenant: TenantModel, operator: User, look: str) -> None:
    know_entries()
    Schedule.objects.filter(name="chats.archive_completed").update(
        last_run="2026-01-01T00:00Z", last_outcome="ConnectionError: the broker did not answer"
    )
    with looking(operator, tenant, live_server.url, **LOOKS[look]) as page:
        page.goto(live_server.url + SCHEDULES)
        expect(page.get_by_text("ConnectionError: the broker did not answer")).to_be_visible()
        assert fits(page)
        page.get_by_role("link", name="Complete conversations that fell silent").click()
        page.locator("[name=is_enabled]").uncheck(force=True)
        page.locator("[name=_save]").click()
        page.wait_for_url(f"{live_server.url}{SCHEDULES}")
    assert not Schedule.objects.get(pk="chats.complete_silent").is_enabled
