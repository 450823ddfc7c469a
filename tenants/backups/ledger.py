"""The triggers that write the ledger of deleted rows, on every table that there is."""

from datetime import timedelta
from typing import Any, Final

from django.db import connections, transaction
from django.utils import timezone

from tenants.deletion_models import Deletion
from tenants.scope import OPERATIONS

KEPT: Final = timedelta(days=8)  # a day more than a chain of increments lasts (increments.LONGEST_CHAIN)
# Tables that later migrations make get theirs too: it runs after each `migrate`, as the owner.
INSTALL: Final = """
DO $$ DECLARE found record; BEGIN
    FOR found IN
        SELECT c.relname AS name, a.attname AS key
        FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'tenants_deletion'
        AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'record_deletions')
    LOOP
        EXECUTE format('CREATE TRIGGER record_deletions AFTER DELETE ON public.%I REFERENCING OLD TABLE AS removed'
            ' FOR EACH STATEMENT EXECUTE FUNCTION charla_record_deletions(%L)', found.name, found.key);
    END LOOP;
END $$
"""
IS_THERE: Final = "SELECT to_regproc('public.charla_record_deletions') IS NOT NULL"


def install_triggers(using: str, **_kwargs: Any) -> None:
    """Give every table its trigger (a receiver of post_migrate); nothing where the ledger is not there yet, or gone."""
    with connections[using].cursor() as cursor:
        cursor.execute(IS_THERE)
        if cursor.fetchone()[0]:
            cursor.execute(INSTALL)


def remove_old_deletions() -> int:
    """Remove what no increment asks for any more; return how many rows."""
    with transaction.atomic(using=OPERATIONS):
        removed, _by_model = Deletion.objects.using(OPERATIONS).filter(deleted_at__lt=timezone.now() - KEPT).delete()
    return removed
