"""Keys to providers: stored sealed, sent to the one address that they are for, never given back."""

from typing import Any, Final

from agents.models import ProviderCredential
from audit.services import AuditService
from tenants.encryption import seal, unseal
from tenants.models import User

SHOWN: Final = 4
LEAST_TO_SHOW: Final = 12
"""Of a shorter secret, four characters would be too much."""


def save_credential(
    credential: ProviderCredential, fields: dict[str, Any], *, secret: str | None, actor: User | None
) -> ProviderCredential:
    """Store a key with what changed of it; `secret` None or empty: as it is.

    A key whose provider or address changes needs its secret anew (ValueError), or it would be sent where its owner
    never meant it to go. Needs a tenant's scope and a transaction.
    """
    created = credential._state.adding
    if not secret and (created or moves(credential, fields)):
        raise ValueError("The secret is needed for a new provider or address.")
    for name, value in fields.items():
        setattr(credential, name, value)
    credential.base_url = credential.base_url.rstrip("/")
    credential.save()
    if secret:
        credential.sealed_secret = seal(secret, context=_place(credential))
        credential.ending = secret[-SHOWN:] if len(secret) >= LEAST_TO_SHOW else ""
        credential.save(update_fields=["sealed_secret", "ending", "updated_at"])
    changed = sorted({*fields, *(["secret"] if secret else [])})
    _audit("provider_credential_created" if created else "provider_credential_updated", credential, actor, changed)
    return credential


def moves(credential: ProviderCredential, fields: dict[str, Any]) -> bool:
    """Whether a change makes the key one for another provider or address."""
    now = (credential.provider, credential.base_url.rstrip("/"))
    then = (
        fields.get("provider", credential.provider),
        str(fields.get("base_url", credential.base_url)).rstrip("/"),
    )
    return now != then


def delete_credential(credential: ProviderCredential, *, actor: User | None) -> None:
    """Delete a key."""
    pk = credential.pk
    credential.delete()
    credential.pk = pk
    _audit("provider_credential_deleted", credential, actor, [])


def find_secret(provider: str, base_url: str) -> str:
    """Return the current tenant's secret for a provider at exactly this address, empty without one.

    Raises SealError when it cannot be opened. Needs a transaction.
    """
    found = ProviderCredential.objects.filter(provider=provider, base_url=base_url.rstrip("/")).first()
    return unseal(found.sealed_secret, context=_place(found)) if found else ""


def _place(credential: ProviderCredential) -> str:
    return f"agents_providercredential|secret|{credential.pk}"


def _audit(action: str, credential: ProviderCredential, actor: User | None, fields: list[str]) -> None:
    details = {"provider": credential.provider, "fields": fields}
    AuditService.log_event(action, actor, credential.tenant_id, "provider_credential", str(credential.pk), details)
