"""An endpoint's signing secrets: sealed in their rows, two of them valid while one takes the other's place."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from notifications.models import WebhookEndpoint
from notifications.services.signing import new_secret
from tenants.encryption import seal, unseal

Column = Literal["secret", "previous_secret"]
KEEP_PREVIOUS: Final = timedelta(hours=24)


def _context(endpoint: WebhookEndpoint, column: Column) -> str:
    return f"notifications_webhookendpoint|{column}|{endpoint.pk}"


def give_secret(endpoint: WebhookEndpoint) -> str:
    """Put a new secret into a stored endpoint, unsaved, and return it: nobody sees it again."""
    secret = new_secret()
    endpoint.secret = seal(secret, context=_context(endpoint, "secret"))
    return secret


def replace_secret(endpoint: WebhookEndpoint, *, keep_previous: timedelta = KEEP_PREVIOUS) -> str:
    """Do the same while the old one stays valid beside it for a time."""
    previous = unseal(endpoint.secret, context=_context(endpoint, "secret"))
    endpoint.previous_secret = seal(previous, context=_context(endpoint, "previous_secret"))
    endpoint.previous_secret_until = datetime.now(tz=UTC) + keep_previous
    return give_secret(endpoint)


def signing_secrets(endpoint: WebhookEndpoint) -> list[str]:
    """Return the secrets to sign with, the newest first; SealError when one cannot be opened."""
    secrets = [unseal(endpoint.secret, context=_context(endpoint, "secret"))]
    until = endpoint.previous_secret_until
    if endpoint.previous_secret and until is not None and until > datetime.now(tz=UTC):
        secrets.append(unseal(endpoint.previous_secret, context=_context(endpoint, "previous_secret")))
    return secrets
