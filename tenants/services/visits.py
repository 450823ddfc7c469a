"""The operator in a tenant that is not its own: each act is in that tenant's audit log (decision 28)."""

from uuid import UUID

from tenants.callers import Caller
from tenants.models import TenantModel
from tenants.scope import in_tenant
from tenants.signals import identity_changed


def tell_of_visit(caller: Caller, act: str, ip_address: str | None = None) -> None:
    """Tell who listens (the audit log), in a transaction of its own: what fails afterwards was tried all the same.

    `act` says by which way (`GET api/v1/chats/`), never with what.
    """
    if caller.tenant_id is not None and caller.user is not None and caller.is_visiting:
        _tell("operator_acted", caller.user.pk, caller.tenant_id, ip_address, act=act)


def tell_of_entry(user_id: UUID, tenant_id: UUID, ip_address: str | None = None) -> None:
    """Tell that the administration shows the operator a tenant."""
    _tell("operator_entered", user_id, tenant_id, ip_address)


def _tell(action: str, user_id: UUID, tenant_id: UUID, ip_address: str | None, **details: str) -> None:
    with in_tenant(tenant_id):
        identity_changed.send(
            sender=TenantModel,
            action=action,
            user=user_id,
            tenant_id=tenant_id,
            object_type="tenantmodel",
            object_id=str(tenant_id),
            ip_address=ip_address,
            details=details,
        )
