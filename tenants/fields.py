"""Model fields that every app uses for tenant rows."""

import secrets
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models
from django.db.models.expressions import Func


class UUIDv7(Func):
    """The database's `uuidv7()`: time-ordered, so that inserts touch the end of the index."""

    function = "uuidv7"
    arity = 0
    output_field = models.UUIDField()


class UUIDv7Field(models.UUIDField):  # type: ignore[type-arg]
    """A UUID that the database makes when none is given (decision 25)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_default", UUIDv7())
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)


if TYPE_CHECKING:
    TenantForeignKey = models.ForeignKey  # so that the checker knows what it points to
else:

    class TenantForeignKey(models.ForeignKey):
        """A foreign key between two tenant tables.

        Django's own constraint is left out: the migration adds the composite one on (tenant_id, x_id), because foreign
        key checks pass row-level security by (decision 4; tenants.rls.CompositeForeignKey).
        """

        def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
            kwargs["db_constraint"] = False
            super().__init__(to, on_delete, **kwargs)

        def deconstruct(self) -> tuple[str, str, Any, Any]:
            """Describe the field to migrations without the fixed `db_constraint`."""
            name, path, args, kwargs = super().deconstruct()
            kwargs.pop("db_constraint", None)
            return name, path, args, kwargs


def uuid7() -> UUID:
    """Return a UUID of version 7, as PostgreSQL's uuidv7() makes them: for rows that need their id before they are."""
    milliseconds, random = time.time_ns() // 1_000_000, secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & ((1 << 62) - 1))
