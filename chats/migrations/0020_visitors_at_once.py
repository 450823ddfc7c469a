"""Many visitors' sessions by one look-up: asking about the callers of open sockets (chats/services/visitors.py).

As `charla_visitor`, it comes before a tenant is known and takes secrets' hashes alone (decision 3). PostgreSQL runs a
definer function for itself, so a call for each of ten thousand hashes costs five times as much as one for all.
"""

from django.db import migrations

LOOKUP = """
CREATE FUNCTION charla_visitors(wanted text[]) RETURNS TABLE (token_hash varchar, tenant_id uuid, contact_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT v.token_hash, v.tenant_id, v.contact_id
    FROM chats_visitorsession v JOIN tenants_tenantmodel t ON t.id = v.tenant_id
    WHERE v.token_hash = ANY (wanted) AND v.expires_at > now() AND t.is_active
$$;
"""
LOOKUP_BACK = "DROP FUNCTION charla_visitors(text[]);"


class Migration(migrations.Migration):
    dependencies = [("chats", "0019_message_search_index")]

    operations = [migrations.RunSQL(LOOKUP, LOOKUP_BACK)]
