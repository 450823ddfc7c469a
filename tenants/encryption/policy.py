"""What is sealed: nothing (`off`), what a detector finds personal data in (`sensitive`), everything (`all`)."""

from typing import Final
from uuid import UUID

from django.conf import settings

from tenants.encryption.detectors import is_sensitive
from tenants.services.config import setting

OFF: Final = "off"
SENSITIVE: Final = "sensitive"
ALL: Final = "all"


def policy_of(tenant_id: UUID | None) -> str:
    """Return a tenant's own policy, else the installation's (ENABLE_MESSAGE_ENCRYPTION); at most five seconds old.

    None: of a tenant that says nothing.
    """
    installations = SENSITIVE if settings.CHAT_SETTINGS["ENABLE_MESSAGE_ENCRYPTION"] else OFF
    return str(setting(tenant_id, "encryption_policy") or installations)


def wants_sealing(tenant_id: UUID, text: str) -> bool:
    """Tell whether a tenant's policy wants a text sealed."""
    policy = policy_of(tenant_id)
    return policy == ALL or (policy == SENSITIVE and is_sensitive(text))
