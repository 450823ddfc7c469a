"""Whether callers who were let in a while ago would be let in as they were: for connections that stay open.

A handful of statements for any number of callers, past every cache. Source: issue “access”, api.md (“WebSocket”).
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.models import get_token_model

from tenants.callers import Caller, CallerKind
from tenants.models import User
from tenants.services.credentials import scopes_of
from tenants.services.sessions import idle_since
from tenants.session_models import LoginSession

MEMBERSHIPS = """
SELECT wanted.id, found.tenant_id, found.role
FROM unnest(%s::uuid[]) AS wanted (id), LATERAL charla_memberships(wanted.id) AS found
"""
KEYS = """
SELECT wanted.hash, found.permissions
FROM unnest(%s::text[]) AS wanted (hash), LATERAL charla_api_key(wanted.hash) AS found
"""


class Standing(Enum):
    """What became of a caller."""

    SAME = "same"
    CHANGED = "changed"  # lets in still, with other rights
    GONE = "gone"


def standings(callers: Sequence[Caller]) -> list[Standing]:
    """Return what became of each person and key, in their order; a visitor is the business of `chats`."""
    people = [caller for caller in callers if caller.kind is CallerKind.PERSON]
    keys = {caller.proof for caller in callers if caller.kind is CallerKind.KEY}
    roles, operators = _roles({caller.user.pk for caller in people if caller.user})
    proofs = _living_proofs(people)
    scopes = {hashed: scopes_of(permissions) for hashed, permissions in _rows(KEYS, keys)}

    def standing(caller: Caller) -> Standing:
        if caller.kind is CallerKind.KEY:
            return _compared(scopes.get(caller.proof), caller.scopes)
        user_id = caller.user.pk if caller.user else None
        if caller.proof not in proofs:
            return Standing.GONE
        role = "owner" if user_id in operators else roles.get((user_id, caller.tenant_id))
        return _compared(role, caller.role)

    return [standing(caller) for caller in callers]


def _compared(now: Any, then: Any) -> Standing:
    if now is None:
        return Standing.GONE
    return Standing.SAME if now == then else Standing.CHANGED


def _rows(query: str, wanted: Iterable[Any]) -> list[tuple[Any, ...]]:
    asked = list(wanted)
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, [asked])
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _roles(user_ids: set[Any]) -> tuple[dict[tuple[Any, UUID | None], str], set[Any]]:
    """Return the roles of active users by (user, tenant), and which of them are operators."""
    if not user_ids:
        return {}, set()
    active = dict(User.objects.filter(pk__in=user_ids, is_active=True).values_list("pk", "is_superuser"))
    roles: dict[tuple[Any, UUID | None], str] = {
        (user_id, tenant_id): role for user_id, tenant_id, role in _rows(MEMBERSHIPS, active)
    }
    return roles, {user_id for user_id, is_superuser in active.items() if is_superuser}


def _living_proofs(people: list[Caller]) -> set[str]:
    digests = {caller.proof for caller in people if caller.credential is not None}
    keys = {caller.proof for caller in people if caller.credential is None}
    living: set[str] = set()
    if digests:
        tokens = get_token_model().objects.filter(digest__in=digests, expiry__gt=timezone.now())
        tokens = tokens.exclude(login_session__last_seen_at__lte=idle_since())
        living |= set(tokens.values_list("digest", flat=True))
    if keys:
        living |= _living_sessions(keys)
    return living


def _living_sessions(keys: set[str]) -> set[str]:
    """Return the keys of sessions that are open still: not logged out, run out, or older than a new password."""
    over = LoginSession.objects.filter(session_key__in=keys).filter(
        Q(last_seen_at__lte=idle_since()) | Q(expires_at__lte=timezone.now())
    )
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    rows = rows.exclude(session_key__in=over.values("session_key"))
    opened = {row.session_key: row.get_decoded() for row in rows}
    ids = {content.get(SESSION_KEY) for content in opened.values()} - {None}
    hashes = {str(user.pk): user.get_session_auth_hash() for user in User.objects.filter(pk__in=ids)}
    return {
        key
        for key, content in opened.items()
        if constant_time_compare(content.get(HASH_SESSION_KEY, ""), hashes.get(content.get(SESSION_KEY, ""), "-"))
    }
