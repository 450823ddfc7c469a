"""The publishable key with which a web page speaks for a tenant (decision 29)."""

from chats.models import Channel, ChannelKind
from tenants.models import TenantModel
from tenants.scope import in_tenant


def publishable_key_of(tenant_name: str) -> str | None:
    """Return the key of the tenant's oldest active web channel, or None when there is no such tenant or channel."""
    tenant = TenantModel.objects.filter(name=tenant_name, is_active=True).first()
    if tenant is None:
        return None
    with in_tenant(tenant):
        web = Channel.objects.filter(kind=ChannelKind.WEB, is_active=True).order_by("created_at")
        return web.values_list("publishable_key", flat=True).first()
