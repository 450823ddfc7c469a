"""The application's role must be bound by the policies, or nothing keeps tenants apart (decision 1)."""

from django.db import connection

OWN_RIGHTS = """
SELECT rolname, rolsuper, rolbypassrls, EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner = pg_roles.oid)
FROM pg_roles WHERE rolname = current_user
"""


class UnboundRoleError(RuntimeError):
    """The role of DATABASE_URL could read and write past the policies."""


def refuse_unbound_role() -> None:
    """Raise UnboundRoleError when the application's role is a superuser, has BYPASSRLS or owns tables."""
    with connection.cursor() as cursor:
        cursor.execute(OWN_RIGHTS)
        name, is_superuser, bypasses, owns = cursor.fetchone()
    if not connection.in_atomic_block:
        connection.close()  # the thread that loads the program serves no request
    for holds, what in ((is_superuser, "is a superuser"), (bypasses, "has BYPASSRLS"), (owns, "owns tables")):
        if holds:
            raise UnboundRoleError(
                f"The role “{name}” of DATABASE_URL {what}, so row-level security would not bind it:"
                " let DATABASE_URL name a role without these (see docs/security.md)."
            )
