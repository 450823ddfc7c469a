"""The manager of tenant rows: scoped, and loud without a scope."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models.expressions import Expression

from tenants.scope import ALL_TENANTS, current_tenant_id, scope

if TYPE_CHECKING:
    from tenants.models import User

M = TypeVar("M", bound=models.Model)


class TenantAtUse(Expression):
    """The tenant in whose scope the query runs; NoTenantScopeError when it runs in none."""

    output_field = models.UUIDField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return the tenant's id as a parameter."""
        return "%s", [current_tenant_id()]


class TenantManager(models.Manager[M]):
    """Rows of the current tenant; every tenant's inside all_tenants().

    A queryset may be made without a scope (filters and forms do, at import); to run it there raises NoTenantScopeError.
    """

    def get_queryset(self) -> models.QuerySet[M]:
        """Return the rows in scope."""
        current = scope()
        if current is ALL_TENANTS:
            return super().get_queryset()
        return super().get_queryset().filter(tenant_id=current or TenantAtUse())


class UserManager(BaseUserManager["User"]):
    """Makes users with a lower-case e-mail and a hashed password."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store one user; without a password nobody can log in as it."""
        user = self.model(email=email, **{"username": email, **fields})
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store the operator of the installation (decision 28)."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by e-mail, whatever its letters' case."""
        return self.get(email=(username or "").lower())
