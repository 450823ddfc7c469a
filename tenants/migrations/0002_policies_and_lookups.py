"""Row-level security of memberships and keys, the look-ups that come before a tenant is known, the documented trigger.

The two functions belong to the owner role (BYPASSRLS) and take a secret's hash or a user's id: decision 3.
"""

from django.db import migrations

from tenants.rls import TenantPolicy

UPDATED_AT = """
CREATE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.updated_at = CURRENT_TIMESTAMP;
    RETURN NEW;
END $$;
CREATE TRIGGER update_users_updated_at BEFORE UPDATE ON tenants_user
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
"""
UPDATED_AT_BACK = """
DROP TRIGGER update_users_updated_at ON tenants_user;
DROP FUNCTION update_updated_at_column();
"""

LOOKUPS = """
CREATE FUNCTION charla_api_key(wanted text)
RETURNS TABLE (id uuid, tenant_id uuid, user_id uuid, permissions jsonb, expiry_date timestamptz, key_name varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT k.id, k.tenant_id, k.user_id, k.permissions, k.expiry_date, k.key_name
    FROM tenants_apikey k JOIN tenants_tenantmodel t ON t.id = k.tenant_id
    WHERE k.key_hash = wanted AND k.is_active AND t.is_active
$$;
CREATE FUNCTION charla_memberships(wanted uuid) RETURNS TABLE (tenant_id uuid, tenant_name varchar, role varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT m.tenant_id, t.name, m.role
    FROM tenants_membership m JOIN tenants_tenantmodel t ON t.id = m.tenant_id
    WHERE m.user_id = wanted AND t.is_active
    ORDER BY t.name
$$;
"""
LOOKUPS_BACK = """
DROP FUNCTION charla_memberships(uuid);
DROP FUNCTION charla_api_key(text);
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        TenantPolicy("Membership"),
        TenantPolicy("APIKey"),
        migrations.RunSQL(UPDATED_AT, UPDATED_AT_BACK),
        migrations.RunSQL(LOOKUPS, LOOKUPS_BACK),
    ]
