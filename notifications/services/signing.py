"""Standard Webhooks (standardwebhooks.com): how a receiver knows that a call is Charla's."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Return a signing secret: 256 random bits in the standard's writing."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_headers(*, message_id: str, at: datetime, body: str, signed_by: Sequence[str]) -> dict[str, str]:
    """Return the headers of one attempt, with a signature by each secret: while one is replaced, both are valid."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in signed_by),
    }
