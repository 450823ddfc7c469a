"""Invitations: mailed or handed over, accepted once, by the person whom they are for."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from notifications.services.telling import tell_outside
from tenants.models import Invitation, Membership, TenantModel, User, WorkItem
from tenants.scope import OPERATIONS, in_tenant, tenant_scope
from tenants.services.credentials import forget_credentials
from tenants.services.schedules import SCHEDULES
from tests.support.cast import PASSWORD, client_of, client_with_key

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
URL = "/api/v1/invitations/"
CHOSEN = "seventeen green umbrellas"


def invite(client: APIClient, email: str = "new@acme.example", role: str = "agent") -> Any:
    return client.post(URL, {"email": email, "role": role})


def token_of(response: Any) -> str:
    return str(response.json()["link"]).rstrip("/").rpartition("/")[2]


def sign_up(token: str, **fields: str) -> Any:
    return APIClient().post(f"{URL}sign-up/", {"token": token, "password": CHOSEN, **fields})


def role_of(tenant: TenantModel, email: str) -> str | None:
    with in_tenant(tenant):
        return Membership.objects.filter(user__email=email).values_list("role", flat=True).first()


def test_somebody_new_chooses_a_password_and_is_a_member(admin: User, tenant: TenantModel) -> None:
    answer = sign_up(token_of(invite(client_of(admin), "New@acme.example")), first_name="Ana")
    assert answer.status_code == 201
    assert answer.json() == {"tenant": "acme", "role": "agent", "email": "new@acme.example"}
    user = User.objects.get(email="new@acme.example")
    assert user.check_password(CHOSEN)
    assert not user.is_superuser
    assert role_of(tenant, user.email) == "agent"


def test_a_link_works_once(admin: User, tenant: TenantModel) -> None:
    token = token_of(invite(client_of(admin)))
    assert sign_up(token).status_code == 201
    assert sign_up(token).status_code == 404


def test_who_has_a_user_accepts_as_that_user(admin: User, tenant: TenantModel, outsider: User) -> None:
    token = token_of(invite(client_of(admin), outsider.email, "viewer"))
    assert sign_up(token).status_code == 409
    assert client_of(outsider).post(f"{URL}accept/", {"token": token}).status_code == 200
    assert role_of(tenant, outsider.email) == "viewer"
    assert outsider.check_password(PASSWORD)


def test_somebody_elses_invitation_is_refused(admin: User, tenant: TenantModel, outsider: User) -> None:
    token = token_of(invite(client_of(admin), "boss@acme.example"))
    assert client_of(outsider).post(f"{URL}accept/", {"token": token}).status_code == 403
    assert role_of(tenant, outsider.email) is None


def test_who_works_for_two_tenants_names_one(admin: User, tenant: TenantModel, outsider: User) -> None:
    token = token_of(invite(client_of(admin), outsider.email, "viewer"))
    client = client_of(outsider)
    client.post(f"{URL}accept/", {"token": token})
    forget_credentials()
    assert {each["name"] for each in client.get("/api/v1/auth/me/").json()["tenants"]} == {"acme", "neighbour"}
    assert client.get("/api/v1/chats/").status_code == 400
    assert client.get("/api/v1/chats/", headers={"X-Tenant": "acme"}).status_code == 200
    assert client.post("/api/v1/chats/", {"user_id": "x"}, headers={"X-Tenant": "acme"}).status_code == 403
    assert client.post("/api/v1/chats/", {"user_id": "x"}, headers={"X-Tenant": "neighbour"}).status_code == 201


@pytest.mark.parametrize("spoil", ["expired", "withdrawn", "renewed", "suspended"])
def test_a_link_that_is_worth_nothing_is_not_found(admin: User, tenant: TenantModel, spoil: str) -> None:
    client = client_of(admin)
    invitation = invite(client)
    token, path = token_of(invitation), f"{URL}{invitation.json()['id']}/"
    if spoil == "expired":
        with in_tenant(tenant):
            Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    elif spoil == "withdrawn":
        assert client.delete(path).status_code == 204
    elif spoil == "renewed":
        renewed = client.post(f"{path}send-again/")
        assert token_of(renewed) != token
    else:
        TenantModel.objects.filter(pk=tenant.pk).update(is_active=False)
    assert sign_up(token).status_code == 404
    assert not User.objects.filter(email="new@acme.example").exists()


@pytest.mark.parametrize(("who", "role", "status"), [
    ("viewer", "viewer", 403), ("colleague", "viewer", 403), ("admin", "admin", 201), ("admin", "owner", 403),
    ("owner", "owner", 201),
])  # fmt: skip
def test_nobody_invites_above_its_own_rights(
    tenant: TenantModel, who: str, role: str, status: int, request: pytest.FixtureRequest
) -> None:
    assert invite(client_of(request.getfixturevalue(who)), role=role).status_code == status


def test_a_key_never_invites_an_owner(tenant: TenantModel) -> None:
    assert invite(client_with_key(tenant), role="owner").status_code == 403
    assert invite(client_with_key(tenant), role="agent").status_code == 201


def test_an_administrator_does_not_take_an_owners_invitation_over(owner: User, admin: User) -> None:
    first = invite(client_of(owner), role="owner")
    assert invite(client_of(admin), role="viewer").status_code == 403
    assert client_of(admin).delete(f"{URL}{first.json()['id']}/").status_code == 403


def test_members_are_not_invited(admin: User, colleague: User) -> None:
    assert invite(client_of(admin), colleague.email).status_code == 409


def test_a_weak_password_is_refused_and_the_link_stays_good(admin: User, tenant: TenantModel) -> None:
    token = token_of(invite(client_of(admin)))
    refused = sign_up(token, password="12345")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["attr"] == "password"
    assert sign_up(token).status_code == 201


def test_the_link_is_shown_once_and_stored_nowhere(admin: User, tenant: TenantModel) -> None:
    client = client_of(admin)
    token = token_of(invite(client))
    listed = client.get(URL).json()["results"]
    assert listed[0]["link"] is None
    with in_tenant(tenant):
        row = Invitation.objects.values().get()
    assert token not in json.dumps(row, default=str)


def test_a_neighbours_invitation_is_not_found(admin: User, outsider: User) -> None:
    path = f"{URL}{invite(client_of(admin)).json()['id']}/"
    client = client_of(outsider)
    assert [client.get(path).status_code, client.delete(path).status_code] == [404, 404]


def test_where_mail_is_sent_only_its_reader_has_the_link(
    admin: User, tenant: TenantModel, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_URL = "smtp://mail.acme.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert invite(client_of(admin)).json()["link"] is None
    work = WorkItem.objects.get(kind="notification")
    with tenant_scope(tenant):
        tell_outside(work.ref_id)
        tell_outside(work.ref_id)
    (sent,) = mail.outbox
    assert sent.to == ["new@acme.example"]
    token = str(sent.body).partition("/invitations/")[2].partition("/")[0]
    assert token not in str(WorkItem.objects.values())
    assert sign_up(token).status_code == 201


def test_an_invitation_goes_a_month_after_it_ran_out(
    admin: User, tenant: TenantModel, neighbour: TenantModel, outsider: User
) -> None:
    for client in (client_of(admin), client_of(outsider)):
        for days in (29, 31, -1):
            invite(client, f"{days + 1}-days@acme.example")
    for each in (tenant, neighbour):
        with in_tenant(each):
            for days in (29, 31, -1):
                ended = timezone.now() - timedelta(days=days)
                Invitation.objects.filter(email=f"{days + 1}-days@acme.example").update(expires_at=ended)
    with tenant_scope(tenant):
        assert SCHEDULES["tenants.old_invitations"].run() == "1 invitations removed"
    with in_tenant(tenant):
        kept = set(Invitation.objects.values_list("email", flat=True))
    assert kept == {"30-days@acme.example", "0-days@acme.example"}
    with in_tenant(neighbour):
        assert Invitation.objects.count() == 3
