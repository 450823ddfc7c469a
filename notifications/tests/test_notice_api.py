"""One's own notifications by REST, and nobody else's."""

import pytest

from notifications.services import NotificationService
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import Visitor, client_of, client_with_key

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/api/v1/notifications/"
PREFERENCES = "/api/v1/notification-preferences/"
UPSET = "A conversation waits for a person: somebody is upset."


def tell(tenant: TenantModel, user: User, times: int = 1) -> None:
    """Tell somebody something."""
    with in_tenant(tenant):
        for _time in range(times):
            NotificationService.send_notification(user, UPSET, "escalation", data={"chat_id": "x"})


def test_a_person_reads_their_own_in_their_language_and_marks_them(tenant: TenantModel, colleague: User) -> None:
    tell(tenant, colleague, times=2)
    client = client_of(colleague)
    shown = client.get(LIST, HTTP_ACCEPT_LANGUAGE="es").json()["results"]
    assert [note["message"] for note in shown] == ["Una conversación espera a una persona: alguien está molesto."] * 2
    read = client.post(f"{LIST}{shown[0]['id']}/read/").json()
    assert read["read_at"] is not None
    assert len(client.get(f"{LIST}?unread=true").json()["results"]) == 1
    assert client.get(f"{LIST}unread-count/").json() == {"count": 1}
    assert client.post(f"{LIST}read-all/").json() == {"count": 1}
    assert client.get(f"{LIST}unread-count/").json() == {"count": 0}


def test_nobody_reads_anothers(tenant: TenantModel, colleague: User, owner: User, outsider: User) -> None:
    tell(tenant, colleague)
    note_id = client_of(colleague).get(LIST).json()["results"][0]["id"]
    for other in (owner, outsider):
        assert client_of(other).get(LIST).json()["results"] == []
        assert client_of(other).post(f"{LIST}{note_id}/read/").status_code == 404


def test_programs_and_visitors_have_none(tenant: TenantModel, visitor: Visitor) -> None:
    assert client_with_key(tenant).get(LIST).status_code == 403
    assert visitor.client.get(LIST).status_code == 403


def test_pages_go_on_by_cursor(tenant: TenantModel, colleague: User) -> None:
    tell(tenant, colleague, times=3)
    client = client_of(colleague)
    first = client.get(f"{LIST}?page_size=2").json()
    assert (len(first["results"]), first["previous"]) == (2, None)
    assert len(client.get(first["next"]).json()["results"]) == 1


def test_a_person_chooses_how_to_be_told_and_wrong_choices_are_refused(tenant: TenantModel, colleague: User) -> None:
    client = client_of(colleague)
    before = {row["notification_type"]: row for row in client.get(PREFERENCES).json()}
    assert before["escalation"] == {"notification_type": "escalation", "channels": ["email"], "digest": "none"}
    assert before["chat_created"]["channels"] == []
    wanted = {"notification_type": "escalation", "channels": ["email"], "digest": "hourly"}
    after = client.post(PREFERENCES, wanted, format="json").json()
    assert wanted in after
    for wrong in ({"channels": ["pigeon"]}, {"digest": "yearly"}, {"notification_type": "gossip"}):
        assert client.post(PREFERENCES, {**wanted, **wrong}, format="json").status_code == 400
    assert client.get(PREFERENCES).json() == after
