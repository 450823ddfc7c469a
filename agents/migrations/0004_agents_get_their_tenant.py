"""Agents from before tenants go to the oldest tenant, or to one named `default` made for them; names become slugs."""

from django.db import migrations

FILL = r"""
INSERT INTO tenants_tenantmodel (name, display_name, is_active, default_language, timezone, settings, created_at, updated_at)
SELECT 'default', '', true, 'es', 'UTC', '{}', now(), now()
WHERE EXISTS (SELECT FROM agents_agentmodel WHERE tenant_id IS NULL) AND NOT EXISTS (SELECT FROM tenants_tenantmodel);

UPDATE agents_agentmodel
SET tenant_id = (SELECT id FROM tenants_tenantmodel ORDER BY created_at, id LIMIT 1)
WHERE tenant_id IS NULL;

UPDATE agents_agentmodel AS agent
SET slug = CASE WHEN named.number = 1 THEN named.stem ELSE named.stem || '-' || named.number END
FROM (SELECT id, stem, row_number() OVER (PARTITION BY tenant_id, stem ORDER BY created_at, id) AS number
      FROM (SELECT id, tenant_id, created_at,
                   coalesce(nullif(btrim(left(regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g'), 90), '-'), ''), 'agent')
                   AS stem FROM agents_agentmodel) AS stems) AS named
WHERE agent.id = named.id AND agent.slug = '';
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_todays_schema")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
