"""Erasing a person and giving out its data as an administrator sees it: in both themes, on a phone, by the keyboard."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chats.models import ChatModel, ErasureLedger
from chats.services.messages import post_message
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.browser.test_work_admin import LOOKS, fits, looking

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])
SAID = "what I once said"
MOST_KEYS = 80


@pytest.fixture
def person(tenant: TenantModel, chat: ChatModel, settings: Any, tmp_path: Path) -> str:
    """The page of a contact with a conversation."""
    settings.MEDIA_ROOT = tmp_path / "media"
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content=SAID)
    return f"/admin/chats/contact/{chat.contact_id}/change/"


def press_tab_until(page: Page, name: str) -> None:
    """Go on from control to control as the keyboard does, until one of this name has the focus."""
    for _key in range(MOST_KEYS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText.trim()") == name:
            return
    pytest.fail(f"The keyboard does not reach “{name}”.")


@pytest.mark.parametrize("look", LOOKS)
def test_a_person_is_anonymised_by_the_keyboard_alone(
    live_server: Any, tenant: TenantModel, admin: User, person: str, look: str
) -> None:
    with looking(admin, tenant, live_server.url, **LOOKS[look]) as page:
        page.goto(live_server.url + person)
        page.goto(str(page.locator("a[href$='/anonymize/']").first.evaluate("link => link.href")))
        expect(page.get_by_role("heading", name="Anonymise this person for good?")).to_be_visible()
        expect(page.get_by_text("That is one conversation.")).to_be_visible()
        assert fits(page)
        press_tab_until(page, "Anonymise for good")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/admin/chats/contact/")
        expect(page.get_by_text("People who are being anonymised: 1.")).to_be_visible()
    with in_tenant(tenant):
        assert ErasureLedger.objects.get().requested_by == admin.pk


def test_the_page_speaks_spanish_and_can_be_left(
    live_server: Any, tenant: TenantModel, admin: User, person: str
) -> None:
    with looking(admin, tenant, live_server.url, locale="es") as page:
        page.goto(live_server.url + person.replace("/change/", "/anonymize/"))
        expect(page.get_by_role("heading", name="¿Anonimizar a esta persona para siempre?")).to_be_visible()
        press_tab_until(page, "No, volver")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/admin/chats/contact/")
    with in_tenant(tenant):
        assert not ErasureLedger.objects.exists()


def test_a_persons_data_is_a_download(live_server: Any, tenant: TenantModel, admin: User, person: str) -> None:
    with looking(admin, tenant, live_server.url) as page:
        page.goto(live_server.url + person)
        with page.expect_download() as began:
            page.get_by_role("link", name="Give out the data").first.click()
        with zipfile.ZipFile(began.value.path()) as packed:
            assert SAID in packed.read("person.json").decode()
