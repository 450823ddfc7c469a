"""The operator in a tenant that is not its own: each act is in that tenant's audit log (decision 28)."""

from tenants.callers import Caller
from tenants.models import TenantModel
from tenants.scope import in_tenant
from tenants.signals import identity_changed


def tell_of_visit(caller: Caller, act: str, ip_address: str | None = None) -> None:
    """Tell who listens (the audit log), in a transaction of its own: what fails afterwards was tried all the same.

    `act` says by which way (`GET api/v1/chats/`), never with what.
    """
    if caller.tenant_id is None or not caller.is_visiting:
        return
    with in_tenant(caller.tenant_id):
        identity_changed.send(
            sender=TenantModel,
            action="operator_acted",
            user=caller.user,
            tenant_id=caller.tenant_id,
            object_type="tenantmodel",
            object_id=str(caller.tenant_id),
            ip_address=ip_address,
            details={"act": act},
        )
