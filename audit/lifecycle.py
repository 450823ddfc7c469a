"""What the error log knows of a person that is to be erased. The audit log has keyed hashes alone, and stays."""

from typing import Final

from django.conf import settings
from django.db import connection

from tenants.backups.media import newest_stays
from tenants.lifecycle import CleanupKind, Person, cleanup_steps, erasure_steps
from tenants.scope import current_tenant_id
from tenants.services.ageing import AgedTable

FORGET: Final = """
DELETE FROM audit_errorlog WHERE tenant_id = %s AND EXISTS (
    SELECT FROM unnest(%s::text[]) AS name
    WHERE strpos(error_message, name) > 0 OR strpos(stack_trace, name) > 0 OR strpos(request_data::text, name) > 0)
"""

ERRORS: Final = AgedTable(
    "audit_errorlog", "last_seen", "last_seen", CleanupKind.LOGS,
    setting="log_retention_days", default=lambda: settings.LOG_RETENTION_DAYS,
)  # fmt: skip
cleanup_steps.add("audit.errors", ERRORS.step())
newest_stays.add("audit", "Checkpoints and archives.")


@erasure_steps.register("audit.errors")
def forget_errors_about(person: Person) -> int:
    """Remove the tenant's errors that name the person: an error's words may quote what was being worked on."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [current_tenant_id(), list(person.identifiers)])
        removed: int = cursor.rowcount
    return removed
