"""Who changes members, tenants and users: what it may touch, and what is told of it (decision 28)."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from tenants.callers import RANK, Caller
from tenants.models import Role, TenantModel, User
from tenants.signals import identity_changed


class AccessError(Exception):
    """Refused, and nothing has changed. `code` is one of decision 34's, `attr` the field it is about."""

    def __init__(self, code: str, detail: str, attr: str | None = None) -> None:
        self.code, self.detail, self.attr = code, detail, attr
        super().__init__(detail)


@dataclass(frozen=True)
class Actor:
    """A person or a program that acts, at most with a role's rights in the tenant in scope; the operator in any."""

    user: User | None
    role: Role | None
    ip_address: str | None = None

    @property
    def is_operator(self) -> bool:
        """Whether it runs the installation."""
        return bool(self.user and self.user.is_superuser and self.user.is_active)

    def needs(self, least: Role) -> None:
        """Raise AccessError (`permission_denied`) for anybody below a role."""
        if not self.is_operator and (self.role is None or RANK[self.role] < RANK[least]):
            raise AccessError("permission_denied", _("Your role may not do this."))

    def tell(self, action: str, about: models.Model, **details: Any) -> None:
        """Tell who listens (the audit log) what was done."""
        is_tenant = isinstance(about, TenantModel)
        identity_changed.send(
            sender=type(about),
            action=action,
            user=self.user,
            tenant_id=about.pk if is_tenant else getattr(about, "tenant_id", None),
            object_type=about._meta.model_name,
            object_id=str(about.pk),
            ip_address=self.ip_address,
            details=details,
        )


def actor_of(caller: Caller, ip_address: str | None) -> Actor:
    """Return a caller as an actor: a key has an administrator's rank at most, whatever its scopes (decision 29)."""
    role = Role(caller.role) if caller.role else (Role.ADMIN if caller.key_id else None)
    return Actor(caller.user, role, ip_address)
