"""Tickets that open one chat's socket, once and soon: a browser can send a socket no Authorization header.

What stands in an address or a subprotocol ends up in proxies' logs. A visitor's token there would be good for thirty
days; a ticket has been used by the time that anybody reads it. It is signed, not stored, so it needs no database.
"""

import hashlib
import secrets
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from chats.services.visitors import caller_of_proof
from tenants.callers import Caller
from tenants.limits.once import is_first

PREFIX: Final = "tk_"
LIFE_SECONDS: Final = 30
_signer = TimestampSigner(salt="chats.socket", sep="~")


def make_ticket(visitor: Caller, chat_id: UUID) -> str:
    """Return a ticket of a visitor for one of its chats; its letters are those of a socket's subprotocol."""
    return PREFIX + _signer.sign(f"{visitor.proof}.{chat_id.hex}.{secrets.token_hex(8)}")


def redeem(ticket: str, chat_id: UUID | None) -> Caller | None:
    """Return the visitor whose ticket this is; None when it is old, used, changed or for another chat."""
    try:
        proof, chat, _nonce = _signer.unsign(ticket.removeprefix(PREFIX), max_age=LIFE_SECONDS).split(".")
    except (BadSignature, ValueError):
        return None
    if chat_id is None or chat != chat_id.hex:
        return None
    used = hashlib.sha256(ticket.encode()).hexdigest()
    return caller_of_proof(proof) if is_first(f"ticket:{used}", 2 * LIFE_SECONDS) else None
