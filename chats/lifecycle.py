"""What conversations bring to a new tenant: the door of its web widget."""

from chats.models import Channel, ChannelKind
from tenants.lifecycle import init_steps
from tenants.models import TenantModel


@init_steps.register("chats.channel")
def ensure_web_channel(tenant: TenantModel) -> None:
    """Make the tenant's web channel, with its publishable key."""
    Channel.objects.get_or_create(name="web", defaults={"kind": ChannelKind.WEB})
