"""The bell, the page of all that one was told, and the choice of how to be told."""

import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from django.utils import translation

from chats.models import ChatModel
from notifications.models import Notification, NotificationPreference, NotificationType
from notifications.services import NotificationService, reading
from notifications.services.mailing import send_email
from tenants.models import TenantModel, User
from tenants.scope import OPERATIONS, in_tenant, tenant_scope
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])

BELL = "/admin/notifications/notification/bell/"
LIST = "/admin/notifications/notification/"
PREFERENCES = "/admin/notifications/notification/preferences/"
UPSET = "A conversation waits for a person: somebody is upset."


def tell(tenant: TenantModel, user: User, chat_id: object = "", times: int = 1) -> None:
    """Tell somebody of a chat."""
    with in_tenant(tenant):
        for _time in range(times):
            NotificationService.send_notification(user, UPSET, "escalation", data={"chat_id": str(chat_id)})


def page(client: Client, path: str, language: str = "en") -> str:
    """Return a page's text."""
    response = client.get(path, headers={"Accept-Language": language})
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is sent to sockets: the group, and the type of the frame."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(reading, "publish_frame", lambda group, frame: sent.append((group, frame["type"])))
    return sent


@pytest.mark.parametrize(("language", "name"), [("en", "Notifications"), ("es", "Notificaciones")])
def test_every_page_has_a_bell_that_listens_for_the_tenant_that_is_shown(
    tenant: TenantModel, viewer: User, language: str, name: str
) -> None:
    text = page(browser_of(viewer), "/admin/", language)
    assert f'data-bell="{BELL}" data-tenant="acme"' in text
    assert f'aria-label="{name}"' in text
    assert 'role="status" aria-live="polite"' in text
    assert re.search(r'<script src="/static/notifications/bell[^"]*\.js"', text)


def test_without_a_tenant_there_is_no_bell(operator: User) -> None:
    assert "data-bell" not in page(browser_of(operator), "/admin/")


def test_the_bell_counts_what_is_unread_and_shows_the_latest_in_the_readers_language(
    tenant: TenantModel, colleague: User
) -> None:
    tell(tenant, colleague, times=10)
    text = page(browser_of(colleague), BELL, "es")
    assert 'data-unread="10" data-shown="10" data-says="10 notificaciones sin leer"' in text
    assert text.count("Una conversación espera a una persona: alguien está molesto.") == 8


def test_past_a_hundred_the_bell_counts_no_further(tenant: TenantModel, colleague: User) -> None:
    tell(tenant, colleague, times=101)
    assert 'data-unread="100" data-shown="99+"' in page(browser_of(colleague), BELL)


def test_the_bell_is_never_kept_by_a_cache(tenant: TenantModel, colleague: User) -> None:
    assert {"private", "no-store"} <= set(browser_of(colleague).get(BELL)["Cache-Control"].split(", "))


def test_a_notification_is_read_when_it_is_opened_and_leads_to_its_chat(
    tenant: TenantModel, colleague: User, chat: ChatModel
) -> None:
    tell(tenant, colleague, chat.chat_id)
    client = browser_of(colleague)
    (link,) = re.findall(r'href="([^"]+/open/)"', page(client, BELL))
    answer = client.get(link)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/chats/chatmodel/{chat.pk}/change/")
    assert 'data-unread="0"' in page(client, BELL)


def test_what_is_about_nothing_that_can_be_shown_leads_to_the_list(tenant: TenantModel, colleague: User) -> None:
    tell(tenant, colleague)
    client = browser_of(colleague)
    (link,) = re.findall(r'href="([^"]+/open/)"', page(client, BELL))
    assert client.get(link)["Location"] == LIST


def test_all_are_read_at_once_and_only_by_post(tenant: TenantModel, colleague: User, owner: User) -> None:
    for user in (colleague, owner):
        tell(tenant, user, times=2)
    client = browser_of(colleague)
    assert client.get(f"{LIST}read/").status_code == 405
    assert client.post(f"{LIST}read/")["Location"] == LIST
    assert 'data-unread="0"' in page(client, BELL)
    assert 'data-unread="2"' in page(browser_of(owner), BELL)


def test_some_are_read_from_the_list(tenant: TenantModel, colleague: User) -> None:
    tell(tenant, colleague, times=2)
    with in_tenant(tenant):
        first = Notification.objects.earliest("created_at")
    browser_of(colleague).post(LIST, {"action": "mark_as_read", "_selected_action": [str(first.pk)]})
    with in_tenant(tenant):
        assert [row.pk for row in Notification.objects.filter(read_at__isnull=False)] == [first.pk]


def test_nobody_sees_or_opens_anothers(tenant: TenantModel, colleague: User, owner: User, outsider: User) -> None:
    tell(tenant, colleague)
    with in_tenant(tenant):
        told = Notification.objects.get()
    for other in (owner, outsider):
        client = browser_of(other)
        assert 'data-unread="0"' in page(client, BELL)
        assert str(told.pk) not in page(client, LIST)
        assert client.get(reverse("admin:notifications_open", args=[told.pk])).status_code == 404
    with in_tenant(tenant):
        told.refresh_from_db()
    assert told.read_at is None


def test_strangers_are_sent_to_the_log_in(client: Client) -> None:
    for path in (BELL, LIST, PREFERENCES):
        assert client.get(path)["Location"].startswith("/admin/login/")


def test_a_person_chooses_how_to_be_told(tenant: TenantModel, colleague: User) -> None:
    client = browser_of(colleague)
    wanted: dict[str, Any] = {f"digest_{name}": "none" for name in NotificationType.values}
    wanted |= {"email_chat_created": "on", "digest_chat_created": "daily"}
    assert client.post(PREFERENCES, wanted, headers={"Accept-Language": "es"})["Location"] == PREFERENCES
    with in_tenant(tenant):
        chosen = {row.notification_type: row for row in NotificationPreference.objects.filter(user=colleague)}
    assert (chosen["chat_created"].channels, chosen["chat_created"].digest) == (["email"], "daily")
    assert chosen["escalation"].channels == []
    shown = page(client, PREFERENCES, "es")
    assert "Su elección quedó guardada." in shown
    assert re.search(r'<input[^>]*name="email_chat_created"[^>]*\schecked[\s>]', shown)
    assert not re.search(r'<input[^>]*name="email_escalation"[^>]*\schecked[\s>]', shown)


def test_a_rhythm_that_does_not_exist_is_refused(tenant: TenantModel, colleague: User) -> None:
    wanted: dict[str, Any] = {f"digest_{name}": "yearly" for name in NotificationType.values}
    assert browser_of(colleague).post(PREFERENCES, wanted).status_code == 200
    with in_tenant(tenant):
        assert not NotificationPreference.objects.exists()


def test_the_page_that_e_mails_name_is_there(
    tenant: TenantModel, colleague: User, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    tell(tenant, colleague)
    with in_tenant(tenant):
        told = Notification.objects.get()
    with tenant_scope(tenant), translation.override("en"):
        send_email(str(told.pk))
    (address,) = re.findall(rf"{configured.PUBLIC_URL}(/\S*preferences\S*)", mailoutbox[0].body)
    assert "How you are told" in page(browser_of(colleague), address)


def test_a_persons_other_pages_hear_that_something_was_read(
    tenant: TenantModel, colleague: User, frames: list[tuple[str, str]], django_capture_on_commit_callbacks: Any
) -> None:
    tell(tenant, colleague)
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True), in_tenant(tenant):
            reading.mark_read(colleague)
    assert frames == [(f"person_{tenant.pk}_{colleague.pk}", "notification.read")]
