"""Who is calling, whatever the door: a person, a program with a key, or a visitor of a widget (api.md)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tenants.models import Role, User

RANK: Final = {Role.VIEWER: 0, Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}
# The least role that may write under a first path segment; reading takes a viewer (decision 28).
WRITES: Final = {
    "chats": Role.AGENT,
    "contacts": Role.AGENT,
    "sentiments": Role.AGENT,
    "message-intents": Role.AGENT,
    "intents": Role.ADMIN,
    "agents": Role.ADMIN,
    "ai-models": Role.ADMIN,
    "provider-credentials": Role.ADMIN,
    "knowledge-bases": Role.ADMIN,
    "knowledge": Role.ADMIN,
    "api-keys": Role.ADMIN,
    "webhooks": Role.ADMIN,
    "reports": Role.ADMIN,
    "memberships": Role.ADMIN,
    "invitations": Role.ADMIN,
    "tenants": Role.ADMIN,
}
# What a scope may name: with those that owners alone write, and those that nobody does.
RESOURCES: Final = {*WRITES, "analytics", "audit-logs", "config", "error-logs", "events", "usage", "users"}
SPEAK_AS: Final = "messages:speak_as"


class CallerKind(StrEnum):
    """Kinds of callers."""

    PERSON = "person"
    KEY = "key"
    VISITOR = "visitor"


@dataclass(frozen=True)
class Caller:
    """An authenticated caller in at most one tenant.

    `credential` is what a log-out revokes; `proof` is what the credential is found by (a hash, or a session's key).
    """

    kind: CallerKind
    tenant_id: UUID | None
    role: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    user: User | None = None
    contact_id: UUID | None = None
    key_id: UUID | None = None
    expires_at: datetime | None = None
    credential: Any = None
    proof: str = field(default="", repr=False)
    is_visiting: bool = False  # the operator in a tenant that is not its own: audited (decision 28)

    @property
    def is_visitor(self) -> bool:
        """Whether the caller sees one contact's chats alone."""
        return self.kind is CallerKind.VISITOR

    @property
    def is_operator(self) -> bool:
        """Whether the caller runs the installation."""
        return self.user is not None and self.user.is_superuser

    @property
    def is_expired(self) -> bool:
        """Whether the credential has run out since it was checked."""
        return self.expires_at is not None and self.expires_at <= datetime.now(tz=UTC)

    def may(self, resource: str, action: str) -> bool:
        """Tell whether the caller may `read` or `write` under a first path segment."""
        if self.kind is CallerKind.KEY:
            return bool(self.scopes & {"*", f"{resource}:{action}"})
        if self.kind is CallerKind.VISITOR or self.role is None:
            return False
        return self.has_rank(Role.VIEWER if action == "read" else WRITES.get(resource, Role.OWNER))

    def has_rank(self, least: Role) -> bool:
        """Tell whether the person has at least this role in the tenant."""
        return self.role is not None and RANK[Role(self.role)] >= RANK[least]

    def may_speak_as(self) -> bool:
        """Tell whether the caller may post messages in another's name (api.md, `sender`)."""
        return bool(self.scopes & {"*", SPEAK_AS}) or (self.kind is CallerKind.PERSON and self.may("chats", "write"))
