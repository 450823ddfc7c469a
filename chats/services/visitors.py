"""A widget's visitors: from a publishable key to a token for one contact's chats (decisions 3, 20, 29)."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import TTLCache, cached
from django.db import connection, transaction
from django.utils import timezone

from chats.models import Channel, ChannelKind, ChatModel, Contact, VisitorSession
from chats.models.chat import OPEN_STATUSES
from chats.services.lifecycle import create_chat
from tenants.callers import Caller, CallerKind
from tenants.services.credentials import FRESH_SECONDS, secret_hash
from tenants.services.origins import is_allowed, is_own

SESSION_DAYS = 30
_doors: TTLCache[Any, Any] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)
_sessions: TTLCache[Any, Any] = TTLCache(maxsize=50_000, ttl=FRESH_SECONDS)


class OriginRefusedError(PermissionError):
    """The page that asks is none of those that the tenant allows."""


@dataclass(frozen=True)
class VisitorGrant:
    """A new session: its token is shown this once."""

    token: str
    expires_at: datetime
    contact: Contact
    chat: ChatModel


@cached(_doors, lock=Lock())
def tenant_of_key(publishable_key: str) -> tuple[UUID, UUID] | None:
    """Return (tenant id, channel id) of a publishable key, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, channel_id FROM charla_publishable_key(%s)", [publishable_key])
        row: tuple[UUID, UUID] | None = cursor.fetchone()
        return row


@cached(_sessions, lock=Lock())
def _session_row(hashed: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, contact_id, expires_at FROM charla_visitor(%s)", [hashed])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def caller_of_visitor(token: str) -> Caller | None:
    """Return the visitor that a token stands for, also when it has expired (see Caller.is_expired); else None."""
    return caller_of_proof(secret_hash(token))


def caller_of_proof(proof: str) -> Caller | None:
    """Return the visitor whose token has this hash."""
    row = _session_row(proof)
    if row is None:
        return None
    tenant_id, contact_id, expires_at = row
    return Caller(CallerKind.VISITOR, tenant_id, contact_id=contact_id, expires_at=expires_at, proof=proof)


def visitors_gone(visitors: Sequence[Caller]) -> set[str]:
    """Return the proofs of those visitors whose session is over, or whose tenant is suspended; past every cache."""
    if not visitors:
        return set()
    proofs = list({visitor.proof for visitor in visitors})
    with connection.cursor() as cursor:
        cursor.execute("SELECT token_hash, tenant_id, contact_id FROM charla_visitors(%s::text[])", [proofs])
        living = set(cursor.fetchall())
    return {each.proof for each in visitors if (each.proof, each.tenant_id, each.contact_id) not in living}


def check_origin(tenant_id: UUID, *, origin: str, host: str, fetch_site: str) -> None:
    """Raise OriginRefusedError unless the page is ours, or one of the tenant's allowed origins."""
    own_page = is_own(origin, host) if origin else fetch_site in ("same-origin", "")
    if not own_page and not is_allowed(tenant_id, origin):
        raise OriginRefusedError(origin)


@dataclass(frozen=True)
class Identity:
    """Whom the tenant's own page says the visitor is, and the proof of it (api.md, "Widget")."""

    identifier: str
    identifier_hash: str
    name: str = ""

    def is_proven_by(self, widget_secret: str) -> bool:
        """Tell whether the hash is the identifier's HMAC-SHA256 with the widget's secret."""
        right = hmac.new(widget_secret.encode(), self.identifier.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(right.encode(), self.identifier_hash.encode())


def open_session(*, locale: str = "", identity: Identity | None = None, channel: Channel | None = None) -> VisitorGrant:
    """Make a session and a chat in the current tenant, for a new contact.

    With an identity that the channel's widget secret proves, for the contact of that identity, whose open conversation
    goes on; else the visitor stays anonymous.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        known = _known_contact(identity, channel, locale)
        contact = known or Contact.objects.create(
            channel=ChannelKind.WEB, external_id=uuid.uuid4().hex, language=locale
        )
        session = VisitorSession.objects.create(
            contact=contact,
            token_hash=secret_hash(token),
            expires_at=timezone.now() + timedelta(days=SESSION_DAYS),
        )
        chat = (known and _open_chat(known)) or create_chat(
            user_id=contact.external_id, channel=ChannelKind.WEB, contact=contact
        )
    return VisitorGrant(token, session.expires_at, contact, chat)


def _known_contact(identity: Identity | None, channel: Channel | None, locale: str) -> Contact | None:
    if identity is None or channel is None or not identity.is_proven_by(channel.widget_secret):
        return None
    contact, _created = Contact.objects.get_or_create(
        channel=ChannelKind.WEB,
        external_id=identity.identifier,
        defaults={"name": identity.name, "language": locale},
    )
    return contact


def _open_chat(contact: Contact) -> ChatModel | None:
    """Return the person's latest conversation that goes on: it follows them to another browser."""
    going_on = ChatModel.objects.filter(contact=contact, status__in=OPEN_STATUSES)
    return going_on.order_by("-last_activity").first()


def web_channel(channel_id: UUID) -> Channel:
    """Return a channel of the current tenant."""
    return Channel.objects.select_related("tenant").get(pk=channel_id)


def forget_visitors() -> None:
    """Look keys and sessions up anew: after a revocation in this process, and between tests."""
    _doors.clear()
    _sessions.clear()
