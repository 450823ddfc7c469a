"""Rooms in the administration: an address goes in, is never shown again, and is tried."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from notifications.models import Room, RoomMessage
from notifications.services.rooms import set_url
from notifications.tests.outside import Wall, chat_service, work_off
from tenants.models import TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
LIST = "admin:notifications_room_changelist"
ADD = "admin:notifications_room_add"
WANTED = {"kind": "slack", "name": "support", "types": ["escalation"], "is_active": "on"}


@pytest.fixture
def wall(settings: Any) -> Iterator[Wall]:
    """A chat service on loopback, which the operator allows."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    with chat_service() as server:
        yield server


def address(wall: Wall) -> str:
    """Return the address of a room's webhook, with its secret."""
    return f"http://127.0.0.1:{wall.server_port}/services/T0/B0/very-secret"


def send_trial(user: User, room: Room) -> Any:
    """Choose the trial for a room in the list."""
    chosen = {"action": "send_trial", "_selected_action": [str(room.pk)]}
    return browser_of(user).post(reverse(LIST), chosen, follow=True)


def test_a_room_is_made_and_its_address_is_never_shown_again(tenant: TenantModel, admin: User, wall: Wall) -> None:
    browser_of(admin).post(reverse(ADD), {**WANTED, "url": address(wall)})
    with in_tenant(tenant):
        room = Room.objects.get()
    assert (room.name, room.types, room.is_active) == ("support", ["escalation"], True)
    assert "very-secret" not in room.sealed_url
    for place in (reverse(LIST), reverse("admin:notifications_room_change", args=[room.pk])):
        text = browser_of(admin).get(place).content.decode()
        assert "support" in text
        assert "very-secret" not in text
        assert room.sealed_url not in text


def test_a_trial_arrives_and_what_came_of_it_is_shown(tenant: TenantModel, admin: User, wall: Wall) -> None:
    browser_of(admin).post(reverse(ADD), {**WANTED, "url": address(wall)})
    with in_tenant(tenant):
        room = Room.objects.get()
    wall.refusals = 1
    assert "on its way" in send_trial(admin, room).content.decode()
    work_off(tenant)
    assert "503: upstream is away" in browser_of(admin).get(reverse(LIST)).content.decode()
    work_off(tenant)
    assert [body["text"] for body in wall.posted] == ["This is a trial: notifications of Charla arrive here."]
    assert "503" not in browser_of(admin).get(reverse(LIST)).content.decode()


def test_a_room_that_is_switched_off_is_not_tried(tenant: TenantModel, admin: User, wall: Wall) -> None:
    with in_tenant(tenant):
        room = Room(kind="teams", name="support", types=["escalation"], is_active=False)
        set_url(room, address(wall))
        room.save(force_insert=True)
    assert "switched off" in send_trial(admin, room).content.decode()
    with in_tenant(tenant):
        assert not RoomMessage.objects.exists()


def test_an_empty_address_keeps_the_one_there_is_and_another_replaces_it(
    tenant: TenantModel, admin: User, wall: Wall
) -> None:
    browser_of(admin).post(reverse(ADD), {**WANTED, "url": address(wall)})
    with in_tenant(tenant):
        room = Room.objects.get()
    place = reverse("admin:notifications_room_change", args=[room.pk])
    browser_of(admin).post(place, {**WANTED, "name": "desk", "url": ""})
    with in_tenant(tenant):
        renamed = Room.objects.get()
    assert (renamed.name, renamed.sealed_url) == ("desk", room.sealed_url)
    browser_of(admin).post(place, {**WANTED, "name": "desk", "url": address(wall)})
    with in_tenant(tenant):
        assert Room.objects.get().sealed_url != room.sealed_url


@pytest.mark.parametrize("url", ["", "http://169.254.169.254/", "ftp://example.com/", "no address"])
def test_without_an_address_that_can_be_called_there_is_no_room(tenant: TenantModel, admin: User, url: str) -> None:
    assert browser_of(admin).post(reverse(ADD), {**WANTED, "url": url}).status_code == 200
    with in_tenant(tenant):
        assert not Room.objects.exists()


def test_a_room_goes_with_what_it_was_told(tenant: TenantModel, admin: User, wall: Wall) -> None:
    browser_of(admin).post(reverse(ADD), {**WANTED, "url": address(wall)})
    with in_tenant(tenant):
        room = Room.objects.get()
    send_trial(admin, room)
    browser_of(admin).post(reverse("admin:notifications_room_delete", args=[room.pk]), {"post": "yes"})
    with in_tenant(tenant):
        assert (Room.objects.count(), RoomMessage.objects.count()) == (0, 0)


def test_who_answers_people_does_not_see_rooms(tenant: TenantModel, colleague: User) -> None:
    for place in (LIST, ADD):
        assert browser_of(colleague).get(reverse(place)).status_code == 403
