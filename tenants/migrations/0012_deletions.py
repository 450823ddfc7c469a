"""The ledger of deleted rows; `migrate` gives every table its trigger when it is done (tenants/backups/ledger.py)."""

import django.db.models.functions.datetime
from django.db import migrations, models

import tenants.deletion_models

# Its owner writes the ledger: whoever deletes a row needs no right to it, and cannot leave the trace out.
FUNCTION = """
CREATE FUNCTION charla_record_deletions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    EXECUTE format('INSERT INTO public.tenants_deletion (table_name, key) SELECT %L, %I::text FROM removed',
        TG_TABLE_NAME, TG_ARGV[0]);
    RETURN NULL;
END $$
"""
# What was deleted is nobody's to read or to change but the operations role's.
CLOSE = """
DO $$ DECLARE grantee text; BEGIN
    FOR grantee IN SELECT DISTINCT a.grantee::regrole::text FROM pg_class c, aclexplode(c.relacl) a
        JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = 'public.tenants_deletion'::regclass AND NOT r.rolbypassrls AND NOT r.rolsuper
    LOOP
        EXECUTE format('REVOKE ALL ON public.tenants_deletion FROM %s', grantee);
    END LOOP;
END $$
"""
REMOVE = "DROP FUNCTION charla_record_deletions() CASCADE"


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0011_backups"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table_name", models.CharField(max_length=63, verbose_name="table")),
                ("key", models.TextField(verbose_name="key")),
                (
                    "xid",
                    tenants.deletion_models.TransactionId(
                        db_default=tenants.deletion_models.CurrentTransaction(), editable=False
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="deleted"),
                ),
            ],
            options={
                "verbose_name": "deletion",
                "verbose_name_plural": "deletions",
                "indexes": [models.Index(fields=["deleted_at"], name="deletion_age")],
            },
        ),
        migrations.RunSQL(FUNCTION, REMOVE),
        migrations.RunSQL(CLOSE, migrations.RunSQL.noop),
    ]
