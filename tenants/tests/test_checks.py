"""A deployment without encryption keys is told so, and what to do, before anybody's text is refused."""

from typing import Any

import pytest
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.management import CommandError, call_command

from tenants.checks import check_encryption_keys
from tenants.models import SystemConfig, TenantModel
from tenants.services.config import forget_settings

pytestmark = pytest.mark.django_db


def said(settings: Any, keys: str = "") -> list[CheckMessage]:
    """Return what the check says of an installation with these master keys."""
    settings.ENCRYPTION_KEYS = keys
    forget_settings()
    return [
        message
        for message in run_checks(tags=[Tags.database], databases=["default"])
        if str(message.id).startswith("charla")
    ]


def choose(tenant: TenantModel, policy: str) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(settings={"encryption_policy": policy})


def test_no_key_while_a_tenant_is_to_be_encrypted_is_an_error_that_says_what_to_do(
    settings: Any, tenant: TenantModel, neighbour: TenantModel
) -> None:
    choose(neighbour, "off")
    (message,) = said(settings)
    assert (message.id, message.is_serious()) == ("charla.E003", True)
    assert message.msg.endswith(f"to be encrypted of: {tenant.name}.")
    assert "token_urlsafe(32)" in str(message.hint)
    assert "docs/encryption.md" in str(message.hint)


@pytest.mark.parametrize("policy", ["sensitive", "all"])
def test_a_tenant_that_wants_it_itself_counts_where_the_installation_does_not(
    settings: Any, tenant: TenantModel, neighbour: TenantModel, policy: str
) -> None:
    settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "ENABLE_MESSAGE_ENCRYPTION": False}
    assert [message.id for message in said(settings)] == ["charla.W001"]
    choose(tenant, policy)
    assert tenant.name in said(settings)[0].msg


def test_the_installations_own_policy_counts_for_who_says_nothing(settings: Any, tenant: TenantModel) -> None:
    SystemConfig.objects.create(config_key="encryption_policy", config_value="off", config_type="string")
    assert [message.id for message in said(settings)] == ["charla.W001"]


def test_a_suspended_tenant_needs_no_key(settings: Any, tenant: TenantModel) -> None:
    TenantModel.objects.update(is_active=False)
    assert [message.id for message in said(settings)] == ["charla.W001"]


def test_with_a_key_nothing_is_said_and_one_that_is_none_is_named(settings: Any, tenant: TenantModel) -> None:
    assert said(settings, "k1:" + "A" * 43) == []
    (message,) = said(settings, "k1:short")
    assert (message.id, "“k1” is not" in message.msg) == ("charla.E002", True)


def test_it_asks_no_database_that_was_not_named(settings: Any, tenant: TenantModel) -> None:
    settings.ENCRYPTION_KEYS = ""
    assert check_encryption_keys(None, databases=None) == check_encryption_keys(None, databases=["operations"]) == []


def test_what_prepares_a_deployment_stops_there(settings: Any, tenant: TenantModel) -> None:
    settings.ENCRYPTION_KEYS = ""
    with pytest.raises(CommandError, match="CHARLA_ENCRYPTION_KEYS is empty"):
        call_command("check", tags=[Tags.database], databases=["default"])
