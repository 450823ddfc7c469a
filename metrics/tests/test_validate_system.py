"""validate_system: over every app's validators, and what no app needs to say of its models."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from chats.models import ChatModel
from metrics.services.validating import validate
from metrics.validators import VALIDATORS, Validator
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tests.support.database import owner_connection

KEY = "chats_chatmodel_agent_id_tenant_fk"


def run(**options: Any) -> tuple[int, dict[str, Any]]:
    """Run validate_system; return its exit status and its answer."""
    out, status = io.StringIO(), 0
    try:
        call_command("validate_system", json=True, no_progress=True, stdout=out, **options)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue())


def findings(told: dict[str, Any], tenant: str) -> dict[str, int]:
    """Return what was found in a tenant, by validator."""
    return {each["name"]: each["left"] for each in told["tenants"].get(tenant, []) if each["left"]}


@pytest.mark.django_db
def test_an_installation_in_order_passes(tenant: TenantModel, neighbour: TenantModel, chat: ChatModel) -> None:
    status, told = run(module="chats")
    assert (status, {name: findings(told, name) for name in told["tenants"]}) == (0, {"acme": {}, "neighbour": {}})


@pytest.mark.django_db
def test_every_check_of_every_app_can_be_made_by_the_applications_role(tenant: TenantModel, chat: ChatModel) -> None:
    _status, told = run()
    assert [each["name"] for verdicts in told["tenants"].values() for each in verdicts if each["error"]] == []


@pytest.mark.django_db
def test_a_module_is_looked_at_alone(tenant: TenantModel) -> None:
    _status, told = run(module="agents", tenant=tenant.name)
    assert {each["name"].partition(".")[0] for each in told["tenants"]["acme"]} == {"agents"}


@pytest.mark.django_db
def test_a_value_that_nothing_knows_is_told(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        ChatModel.objects.update(channel="pigeon")
    status, told = run(module="chats", fix_issues=True)
    assert (status, findings(told, "acme")) == (1, {"chats.value.chatmodel.channel": 1})


@pytest.mark.django_db(transaction=True)
def test_a_reference_to_a_row_that_is_gone_is_taken_out(tenant: TenantModel, chat: ChatModel) -> None:
    """As after a restore that left the constraints out."""
    with owner_connection(connections["default"].settings_dict["NAME"]) as owner:
        (made,) = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [KEY]
        ).fetchone() or ("",)
        owner.execute(f"ALTER TABLE chats_chatmodel DROP CONSTRAINT {KEY}")
        try:
            with in_tenant(tenant), connection.cursor() as cursor:
                cursor.execute("UPDATE chats_chatmodel SET agent_id = uuidv7()")
            assert findings(run(module="chats")[1], "acme") == {"chats.reference.chatmodel.agent": 1}
            assert run(module="chats", fix_issues=True)[0] == 0
        finally:
            owner.execute(f"ALTER TABLE chats_chatmodel ADD CONSTRAINT {KEY} {made}")
    with in_tenant(tenant):
        assert ChatModel.objects.get().agent_id is None


@pytest.mark.django_db
def test_a_validator_that_breaks_hides_no_other_and_fails_the_run(tenant: TenantModel, chat: ChatModel) -> None:
    def breaks(keys: list[Any]) -> list[Any]:
        raise RuntimeError("the table is gone")

    entries = {
        "chats.broken": Validator("rows", ChatModel, breaks),
        "chats.fine": Validator("rows", ChatModel, lambda keys: keys),
    }
    with VALIDATORS.lent(**entries), tenant_scope(tenant):
        broken, fine = validate([*entries])
        assert ("gone" in broken.error, fine.found) == (True, 1)
        with pytest.raises(CommandError, match=r"could not be made: chats\.broken"):
            call_command("validate_system", no_progress=True, tenant=tenant.name, stdout=io.StringIO())


@pytest.mark.django_db
def test_rows_are_looked_at_page_by_page(tenant: TenantModel) -> None:
    pages: list[int] = []

    def note(keys: list[Any]) -> list[Any]:
        pages.append(len(keys))
        return keys

    with in_tenant(tenant):
        for number in range(5):
            ChatModel.objects.create(user_id=str(number))
    with VALIDATORS.lent(noted=Validator("rows", ChatModel, note)), tenant_scope(tenant):
        (found,) = validate(["noted"], page=2)
    assert (pages, found.looked_at, found.found) == ([2, 2, 1], 5, 5)
