"""A role that policies do not bind is refused (decision 1)."""

import pytest
from django.db import connections

from tenants.services.roles import UnboundRoleError, refuse_unbound_role
from tests.support.database import default_connection_is, owner_settings

pytestmark = pytest.mark.django_db


def test_the_application_role_may_start() -> None:
    refuse_unbound_role()


@pytest.mark.django_db(transaction=True)
def test_the_owner_may_not() -> None:
    name = str(connections["default"].settings_dict["NAME"])
    with default_connection_is(owner_settings(name)), pytest.raises(UnboundRoleError, match="BYPASSRLS"):
        refuse_unbound_role()
