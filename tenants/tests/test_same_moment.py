"""Two who ask for the same thing at the same moment: one has it, the other is told, and neither is a fault of ours."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.signals import pre_save

from tenants.models import Invitation, TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import client_of

pytestmark = pytest.mark.django_db
ADDRESS = "ana@example.com"


@pytest.fixture
def somebody_quicker() -> Iterator[None]:
    """Store another invitation of the address after the request has looked for one, and before it stores its own."""

    def store(instance: Invitation, **_named: Any) -> None:
        pre_save.disconnect(store, sender=Invitation)
        quicker = Invitation(email=instance.email, role="viewer", expires_at=instance.expires_at)
        quicker.token_hash = uuid4().hex * 2
        quicker.save()

    pre_save.connect(store, sender=Invitation, weak=False)
    yield
    pre_save.disconnect(store, sender=Invitation)


@pytest.mark.usefixtures("somebody_quicker")
def test_who_invites_an_address_at_the_same_moment_as_another_is_told_of_a_conflict(
    admin: User, tenant: TenantModel
) -> None:
    answer = client_of(admin).post("/api/v1/invitations/", {"email": ADDRESS, "role": "agent"})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "conflict"
    with in_tenant(tenant):
        assert not Invitation.objects.exists()  # what a refused request did is undone


def test_and_may_try_again(admin: User) -> None:
    assert client_of(admin).post("/api/v1/invitations/", {"email": ADDRESS, "role": "agent"}).status_code == 201
