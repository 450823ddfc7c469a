"""Policies, the append-only rule, the chain, and the error log's counter (decision 13).

A row is chained by a deferred trigger, so the tenant's lock is taken as the last thing before the commit, however early
the row was written. The functions that must see or write past the policy belong to the owner role.
"""

from django.db import migrations

from tenants.rls import TENANT_SETTING, TenantPolicy

WITHOUT_TENANT = """
CREATE POLICY before_a_tenant_is_known ON audit_auditlog FOR INSERT WITH CHECK (tenant_id IS NULL);
"""
WITHOUT_TENANT_BACK = "DROP POLICY before_a_tenant_is_known ON audit_auditlog;"

CHAIN = """
CREATE FUNCTION audit_row_hash(entry public.audit_auditlog, previous text, place bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
        previous, place, entry.id, entry.tenant_id, entry.actor_id, entry.action, entry.object_type, entry.object_id,
        entry.details, entry.ip_address, entry.request_id, (extract(epoch FROM entry.created_at) * 1000000)::bigint
    )::text, 'UTF8')), 'hex')
$$;

CREATE FUNCTION audit_begin() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.position = NULL;
    NEW.previous_hash = '';
    NEW.hash = '';
    NEW.created_at = clock_timestamp();
    RETURN NEW;
END $$;

CREATE FUNCTION audit_seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    place bigint;
    previous text;
BEGIN
    PERFORM pg_advisory_xact_lock(7238452, hashtext(coalesce(NEW.tenant_id::text, '')));
    IF NEW.tenant_id IS NULL THEN
        SELECT l.position, l.hash INTO place, previous FROM audit_auditlog l
        WHERE l.tenant_id IS NULL AND l.position IS NOT NULL ORDER BY l.position DESC LIMIT 1;
    ELSE
        SELECT l.position, l.hash INTO place, previous FROM audit_auditlog l
        WHERE l.tenant_id = NEW.tenant_id AND l.position IS NOT NULL ORDER BY l.position DESC LIMIT 1;
    END IF;
    place = coalesce(place, 0) + 1;
    previous = coalesce(previous, '');
    UPDATE audit_auditlog l SET position = place, previous_hash = previous, hash = audit_row_hash(l, previous, place)
    WHERE l.id = NEW.id AND l.position IS NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    chain text[] = ARRAY['position', 'previous_hash', 'hash'];
BEGIN
    IF TG_OP = 'UPDATE' AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        IF OLD.position IS NULL AND NEW.position IS NOT NULL AND to_jsonb(NEW) - chain = to_jsonb(OLD) - chain THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_begin BEFORE INSERT ON audit_auditlog FOR EACH ROW EXECUTE FUNCTION audit_begin();
CREATE CONSTRAINT TRIGGER audit_seal AFTER INSERT ON audit_auditlog DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_seal();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditlog
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit_auditlog
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
CHAIN_BACK = """
DROP TRIGGER audit_never_emptied ON audit_auditlog;
DROP TRIGGER audit_append_only ON audit_auditlog;
DROP TRIGGER audit_seal ON audit_auditlog;
DROP TRIGGER audit_begin ON audit_auditlog;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_seal();
DROP FUNCTION audit_begin();
DROP FUNCTION audit_row_hash(public.audit_auditlog, text, bigint);
"""

ERRORS = f"""
CREATE FUNCTION charla_record_error(
    tenant uuid, person uuid, print text, kind text, message text, trace text, request jsonb
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF tenant IS NOT NULL AND tenant IS DISTINCT FROM {TENANT_SETTING} THEN
        RAISE EXCEPTION 'An error of another tenant cannot be recorded.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO audit_errorlog AS e (tenant_id, user_id, fingerprint, error_type, error_message, stack_trace,
        request_data, count)
    VALUES (tenant, person, print, kind, message, trace, request, 1)
    ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET
        count = e.count + 1, last_seen = clock_timestamp(), user_id = excluded.user_id, error_message = excluded.error_message,
        stack_trace = excluded.stack_trace, request_data = excluded.request_data;
END $$;
"""
ERRORS_BACK = "DROP FUNCTION charla_record_error(uuid, uuid, text, text, text, text, jsonb);"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        TenantPolicy("AuditLog"),
        migrations.RunSQL(WITHOUT_TENANT, WITHOUT_TENANT_BACK),
        migrations.RunSQL(CHAIN, CHAIN_BACK),
        TenantPolicy("ErrorLog"),
        migrations.RunSQL(ERRORS, ERRORS_BACK),
    ]
