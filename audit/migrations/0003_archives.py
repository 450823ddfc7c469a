"""Closed ranges of old audit entries may leave the table: by the owner's archive function alone (decision 13).

The function removes the oldest entries of one chain and puts in their place a row that says which they were, with the
hash of the last one and a signature that the application made. Roles with BYPASSRLS may call it, the application's
may not, and no entry of the last thirty days goes. A row of an archive is never changed and never removed.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.rls import TENANT_SETTING, TenantPolicy

ARCHIVE = f"""
CREATE FUNCTION audit_archive_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Archives of the audit log are made by charla_archive_audit alone: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_archive_only BEFORE INSERT OR UPDATE OR DELETE ON audit_auditarchive
    FOR EACH ROW EXECUTE FUNCTION audit_archive_refuse();
CREATE TRIGGER audit_archive_never_emptied BEFORE TRUNCATE ON audit_auditarchive
    FOR EACH STATEMENT EXECUTE FUNCTION audit_archive_refuse();

CREATE FUNCTION charla_archive_audit(
    tenant uuid, first_place bigint, last_place bigint, last_hash text, digest text, sealed_by text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    begins bigint;
    removed bigint;
BEGIN
    IF NOT (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = session_user) THEN
        RAISE EXCEPTION 'This role may not archive the audit log.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF tenant IS DISTINCT FROM {TENANT_SETTING} THEN
        RAISE EXCEPTION 'The audit log of another tenant cannot be archived.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(7238452, hashtext(coalesce(tenant::text, '')));
    SELECT coalesce(max(a.last_place), 0) + 1 INTO begins FROM audit_auditarchive a
    WHERE a.tenant_id IS NOT DISTINCT FROM tenant;
    IF $2 <> begins OR $3 < begins THEN
        RAISE EXCEPTION 'The range must begin at place %.', begins USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM audit_auditlog l WHERE l.position > $3
        AND (l.tenant_id = tenant OR tenant IS NULL AND l.tenant_id IS NULL))
    THEN
        RAISE EXCEPTION 'The last entry stays: the next one is chained to it.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM audit_auditlog l WHERE l.position = $3 AND l.hash = $4
        AND (l.tenant_id = tenant OR tenant IS NULL AND l.tenant_id IS NULL))
    THEN
        RAISE EXCEPTION 'The range does not end with this hash.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM audit_auditlog l WHERE l.position <= $3 AND l.created_at > now() - interval '30 days'
        AND (l.tenant_id = tenant OR tenant IS NULL AND l.tenant_id IS NULL))
    THEN
        RAISE EXCEPTION 'Entries of the last thirty days stay.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO audit_auditarchive (tenant_id, first_place, last_place, last_hash, digest, signature)
    VALUES (tenant, $2, $3, $4, $5, $6);
    DELETE FROM audit_auditlog l
    WHERE l.position <= $3 AND (l.tenant_id = tenant OR tenant IS NULL AND l.tenant_id IS NULL);
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed <> last_place - first_place + 1 THEN
        RAISE EXCEPTION 'The range has holes: % of its entries are there.', removed
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN removed;
END $$;
"""
ARCHIVE_BACK = """
DROP FUNCTION charla_archive_audit(uuid, bigint, bigint, text, text, text);
DROP TRIGGER audit_archive_never_emptied ON audit_auditarchive;
DROP TRIGGER audit_archive_only ON audit_auditarchive;
DROP FUNCTION audit_archive_refuse();
"""

# As before, and: the owner, who alone runs the function above, may remove what an archive stands for.
REFUSE = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    chain text[] = ARRAY['position', 'previous_hash', 'hash'];
BEGIN
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
            AND to_jsonb(NEW) - chain = to_jsonb(OLD) - chain
        THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' AND EXISTS (
            SELECT FROM audit_auditarchive a WHERE a.tenant_id IS NOT DISTINCT FROM OLD.tenant_id
            AND OLD.position BETWEEN a.first_place AND a.last_place)
        THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
"""
REFUSE_BACK = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only_chain"),
        ("tenants", "0010_work_due_by_tenant"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditArchive",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_place", models.BigIntegerField(editable=False)),
                ("last_place", models.BigIntegerField(editable=False)),
                ("last_hash", models.CharField(editable=False, max_length=64)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("signature", models.CharField(editable=False, max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "archived range of the audit log",
                "verbose_name_plural": "archived ranges of the audit log",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "first_place"), name="audit_archived_once", nulls_distinct=False
                    )
                ],
            },
        ),
        TenantPolicy("AuditArchive"),
        migrations.RunSQL(ARCHIVE, ARCHIVE_BACK),
        migrations.RunSQL(REFUSE, REFUSE_BACK),
    ]
