"""Who is told what, and that they are told once."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.utils import translation

from notifications.models import Notification, NotificationPreference, Room, RoomMessage
from notifications.services import NotificationService
from notifications.services.rooms import set_url
from tenants.models import Membership, Role, TenantModel, User, WorkItem
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.work import Lease
from tenants.signals import work_died

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])


def waiting_chat(**fields: Any) -> Any:
    """Return what the service needs to know of a chat."""
    return SimpleNamespace(**{"chat_id": uuid4(), "assigned_to_id": None, "owner_version": 1, **fields})


def told(tenant: TenantModel) -> list[tuple[str, str]]:
    """Return who was told, and what."""
    with in_tenant(tenant), translation.override("en"):
        return sorted((note.recipient.email, note.text) for note in Notification.objects.select_related("recipient"))


def emails() -> int:
    """Return how many e-mails wait to be sent."""
    return WorkItem.objects.filter(kind="notification", ref_id__startswith="email:").count()


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"


def test_everybody_who_may_answer_is_told_of_an_escalation_once(
    tenant: TenantModel, owner: User, colleague: User, viewer: User, outsider: User
) -> None:
    chat = waiting_chat()
    for _time in range(3):
        with in_tenant(tenant):
            NotificationService.send_escalation_alert(chat, None, "requested")
    text = "A conversation waits for a person, who was asked for."
    assert told(tenant) == [(colleague.email, text), (owner.email, text)]
    assert emails() == 2


def test_a_second_escalation_of_the_chat_is_told_again(tenant: TenantModel, colleague: User) -> None:
    chat = waiting_chat()
    for version in (1, 3):
        chat.owner_version = version
        with in_tenant(tenant):
            NotificationService.send_escalation_alert(chat, None, "requested")
    assert len(told(tenant)) == 2


def test_the_member_who_has_the_chat_is_told_alone(tenant: TenantModel, owner: User, colleague: User) -> None:
    with in_tenant(tenant):
        NotificationService.send_escalation_alert(waiting_chat(assigned_to_id=colleague.pk), None, "agent_failed")
    assert [email for email, _text in told(tenant)] == [colleague.email]


def test_nobody_is_told_by_nobody(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        assert NotificationService.send_notification(None, "Hello", "chat_created") is None


def test_a_rolled_back_cause_tells_nobody(tenant: TenantModel, colleague: User) -> None:
    with pytest.raises(RuntimeError), in_tenant(tenant):
        NotificationService.send_notification(colleague, "Hello", "escalation")
        raise RuntimeError
    assert (told(tenant), emails()) == ([], 0)


def test_it_is_read_in_the_readers_language(tenant: TenantModel, colleague: User) -> None:
    with in_tenant(tenant):
        NotificationService.send_escalation_alert(waiting_chat(), None, "negative_sentiment")
        note = Notification.objects.get()
        with translation.override("es"):
            assert note.text == "Una conversación espera a una persona: alguien está molesto."


@pytest.mark.parametrize(
    ("channels", "digest", "expected"), [([], "none", 0), (["email"], "none", 1), (["email"], "daily", 0)]
)
def test_a_person_chooses_how_to_be_told(
    tenant: TenantModel, colleague: User, channels: list[str], digest: str, expected: int
) -> None:
    with in_tenant(tenant):
        NotificationPreference.objects.create(
            user=colleague, notification_type="escalation", channels=channels, digest=digest
        )
        NotificationService.send_escalation_alert(waiting_chat(), None, "requested")
    assert emails() == expected
    assert len(told(tenant)) == 1


def test_without_a_mail_server_nothing_waits_to_be_mailed(tenant: TenantModel, colleague: User, settings: Any) -> None:
    settings.EMAIL_URL = ""
    with in_tenant(tenant):
        NotificationService.send_escalation_alert(waiting_chat(), None, "requested")
    assert (emails(), len(told(tenant))) == (0, 1)


def test_a_room_is_told_once_of_the_types_it_wants(tenant: TenantModel, settings: Any) -> None:
    with in_tenant(tenant):
        for name, types in (("support", ["escalation"]), ("silent", ["work_died"])):
            room = Room(id=uuid4(), kind="slack", name=name, types=types)
            set_url(room, "https://hooks.slack.com/services/x")
            room.save(force_insert=True)
        chat = waiting_chat()
        for _time in range(2):
            NotificationService.send_escalation_alert(chat, None, "requested")
        assert list(RoomMessage.objects.values_list("room__name", flat=True)) == ["support"]
        assert "hooks.slack.com" not in Room.objects.get(name="support").sealed_url


def dead_slot(tenant: TenantModel, entry: str) -> Lease:
    """Return a slot of the schedule that was given up."""
    return Lease(7, "schedule", tenant.pk, f"{entry}:20261122T050000:{tenant.pk}", None, 5, 0, uuid4())


def test_each_entry_of_the_schedule_that_fails_is_told_by_its_name_in_both_languages(
    tenant: TenantModel, owner: User, operator: User
) -> None:
    for entry in ("audit.verify", "analysis.reports", "audit.verify"):
        work_died.send(sender=object, item=dead_slot(tenant, entry), error="away")
    with in_tenant(tenant):
        notices = list(Notification.objects.filter(recipient=owner).order_by("id"))
    words = {}
    for language in ("en", "es"):
        with translation.override(language):
            words[language] = [notice.text for notice in notices]
    assert [text.partition(". ")[0] for text in words["en"]] == [
        "Scheduled work failed: verify the audit log",
        "Scheduled work failed: make and mail the reports that are due",
    ]
    assert [text.partition(". ")[0] for text in words["es"]] == [
        "Falló un trabajo programado: comprobar el registro de auditoría",
        "Falló un trabajo programado: hacer y enviar por correo los informes que tocan",
    ]


def test_a_backup_that_fails_is_told_to_the_operators_wherever_they_are_members(
    tenant: TenantModel, owner: User, neighbour: TenantModel, operator: User
) -> None:
    with in_tenant(neighbour):
        Membership.objects.create(user=operator, role=Role.VIEWER)
    work_died.send(sender=object, item=dead_slot(tenant, "tenants.backup"), error="no room")
    assert told(tenant) == []
    assert [email for email, _text in told(neighbour)] == [operator.email]


def test_a_backup_that_fails_is_told_to_somebody_where_no_operator_is_a_member(
    tenant: TenantModel, owner: User, operator: User
) -> None:
    work_died.send(sender=object, item=dead_slot(tenant, "tenants.backup"), error="no room")
    assert [email for email, _text in told(tenant)] == [owner.email]


def test_an_entry_that_is_gone_is_told_of_as_its_kind(tenant: TenantModel, owner: User) -> None:
    work_died.send(sender=object, item=dead_slot(tenant, "tenants.gone"), error="away")
    assert [email for email, text in told(tenant) if "“schedule”" in text] == [owner.email]


def test_dead_work_is_told_to_those_who_run_the_tenant_once_an_hour(
    tenant: TenantModel, owner: User, colleague: User
) -> None:
    lease = Lease(7, "delivery", tenant.pk, "1", None, 5, 0, uuid4())
    for _time in range(2):
        work_died.send(sender=object, item=lease, error="away")
    assert [email for email, _text in told(tenant)] == [owner.email]
