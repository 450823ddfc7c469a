"""E-mail by a real SMTP server, Slack and Teams by a server that reads what they read."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller

from notifications.models import Digest, Notification, NotificationPreference, Room, RoomMessage
from notifications.services import NotificationService
from notifications.services.mailing import _html, send_digests
from notifications.services.rooms import set_url
from notifications.tests.outside import Wall, chat_service, work_off
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tests.support.stack import free_port

pytestmark = pytest.mark.django_db(transaction=True)


class Mailbox:
    """What an SMTP server took; it refuses as many mails as it is told to."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refusals = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take one mail."""
        if self.refusals:
            self.refusals -= 1
            return "451 Try again later"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server on loopback that Charla uses."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_URL = "smtp://127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield box
    controller.stop()


@pytest.fixture
def wall(settings: Any) -> Iterator[Wall]:
    """A chat service on loopback, which the operator allows."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    with chat_service() as server:
        yield server


def tell(tenant: TenantModel, user: User, key: str = "") -> None:
    """Tell somebody something that is mailed."""
    with in_tenant(tenant):
        text = "A conversation waits for a person: somebody is upset."
        NotificationService.send_notification(user, text, "escalation", dedupe_key=key)


def test_a_notification_arrives_by_mail_once_in_text_and_html(
    tenant: TenantModel, colleague: User, mailbox: Mailbox
) -> None:
    tenant.default_language = "es"
    tenant.save()
    tell(tenant, colleague)
    for _time in range(2):
        work_off(tenant)
    (mail,) = mailbox.mails
    assert mail["To"] == colleague.email
    assert mail["Subject"].strip() == "[Acme] Una conversación espera a una persona: alguien está molesto."
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]
    assert "trabajas para Acme" in mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    with in_tenant(tenant):
        assert mail["Message-ID"].startswith(f"<{Notification.objects.get().pk}@")


def test_a_mail_server_that_refuses_is_asked_again(tenant: TenantModel, colleague: User, mailbox: Mailbox) -> None:
    mailbox.refusals = 1
    tell(tenant, colleague)
    work_off(tenant)
    assert "451" in WorkItem.objects.get(kind="notification").last_error
    work_off(tenant)
    assert len(mailbox.mails) == 1
    assert WorkItem.objects.get(kind="notification").state == "done"


def test_a_digest_is_one_mail_with_all_and_nothing_twice(
    tenant: TenantModel, colleague: User, mailbox: Mailbox
) -> None:
    with in_tenant(tenant):
        NotificationPreference.objects.create(
            user=colleague, notification_type="escalation", channels=["email"], digest=Digest.HOURLY
        )
    for number in range(3):
        tell(tenant, colleague, key=str(number))
    work_off(tenant)
    assert mailbox.mails == []
    with tenant_scope(tenant):
        assert [send_digests(Digest.DAILY), send_digests(Digest.HOURLY), send_digests(Digest.HOURLY)] == [0, 1, 0]
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[Acme] 3 notifications"
    assert mail.get_body(("plain",)).get_content().count("somebody is upset") == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["slack", "teams"])
def test_a_room_is_told_in_its_own_format_and_asked_again_when_it_refuses(
    tenant: TenantModel, wall: Wall, kind: str
) -> None:
    wall.refusals = 1
    with in_tenant(tenant):
        room = Room(id=uuid4(), kind=kind, name="support", types=["escalation"])
        set_url(room, f"http://127.0.0.1:{wall.server_port}/hook")
        room.save(force_insert=True)
        chat = type("Chat", (), {"chat_id": uuid4(), "assigned_to_id": None, "owner_version": 1})
        NotificationService.send_escalation_alert(chat, None, "requested")
    work_off(tenant)
    with in_tenant(tenant):
        assert Room.objects.get().last_error == "503: upstream is away"
    for _time in range(2):
        work_off(tenant)
    (body,) = wall.posted
    said = body["text"] if kind == "slack" else body["attachments"][0]["content"]["body"][0]["text"]
    assert said == "A conversation waits for a person, who was asked for."
    with in_tenant(tenant):
        assert RoomMessage.objects.get().sent_at is not None
        assert Room.objects.get().last_error == ""


def test_a_room_inside_the_network_is_refused_when_saved(tenant: TenantModel) -> None:
    from notifications.outgoing import OutgoingRefusedError

    with in_tenant(tenant), pytest.raises(OutgoingRefusedError):
        set_url(Room(id=uuid4(), kind="slack", name="x"), "http://127.0.0.1:9/hook")


def test_a_value_in_a_mail_shows_its_letters_and_hides_no_address_behind_words(
    tenant: TenantModel, colleague: User
) -> None:
    note = Notification(
        tenant=tenant,
        recipient=colleague,
        message="The webhook %(name)s was paused.",
        params={"name": "**x** [click](https://evil.example) <img src=x>"},
    )
    assert _html(note) == (
        "<p>The webhook **x** [click](<a"
        ' href="https://evil.example" target="_blank" rel="noopener noreferrer nofollow">https://evil.example</a>'
        ") &lt;img src=x&gt; was paused.</p>"
    )
