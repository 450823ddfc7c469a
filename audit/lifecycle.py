"""What the error log knows of a person that is to be erased. The audit log has keyed hashes alone, and stays."""

from typing import Final

from django.db import connection

from tenants.lifecycle import Person, erasure_steps
from tenants.scope import current_tenant_id

FORGET: Final = """
DELETE FROM audit_errorlog WHERE tenant_id = %s AND EXISTS (
    SELECT FROM unnest(%s::text[]) AS name
    WHERE strpos(error_message, name) > 0 OR strpos(stack_trace, name) > 0 OR strpos(request_data::text, name) > 0)
"""


@erasure_steps.register("audit.errors")
def forget_errors_about(person: Person) -> int:
    """Remove the tenant's errors that name the person: an error's words may quote what was being worked on."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [current_tenant_id(), list(person.identifiers)])
        removed: int = cursor.rowcount
    return removed
