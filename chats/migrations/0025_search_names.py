"""Parts of titles, names and ids are searched in a table of their own, which triggers keep.

Text operators are not leakproof, so under a policy no index of theirs would be used; and in an index on the chats
themselves each message would write its chat's title anew. As with messages (0018) the index holds hashes: of tenant,
kind, a range of 65,536 rows and each three letters in a row. A search begins with the latest range and ends when it has
enough, so neither other tenants nor all that a frequent part would find cost anything.
"""

import django.db.models.deletion
from django.db import migrations, models

import tenants.models
from tenants.rls import TenantPolicy

# Small letters without accents, as people type them who search.
PLAIN = r"""
CREATE FUNCTION charla_plain(raw text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(normalize(left(raw, 600), NFD), '[\u0300-\u036f]', '', 'g'))
$$;
"""
PLAIN_BACK = "DROP FUNCTION charla_plain(text)"

TRIGGERS = r"""
CREATE FUNCTION charla_name_chat() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    name text := charla_plain(concat_ws(E'\n',
        CASE WHEN NOT NEW.title_is_encrypted THEN NULLIF(NEW.title, '') END,
        CASE WHEN NEW.contact_id IS NULL THEN NEW.user_id END));
BEGIN
    IF name = '' THEN
        DELETE FROM chats_searchname WHERE chat_key = NEW.id;
    ELSE
        INSERT INTO chats_searchname (tenant_id, chat_key, text) VALUES (NEW.tenant_id, NEW.id, name)
        ON CONFLICT (chat_key) DO UPDATE SET text = EXCLUDED.text;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER name_added_chat AFTER INSERT ON chats_chatmodel FOR EACH ROW EXECUTE FUNCTION charla_name_chat();
CREATE TRIGGER name_changed_chat AFTER UPDATE OF title, title_is_encrypted, contact_id, user_id ON chats_chatmodel
    FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.title_is_encrypted <> NEW.title_is_encrypted
        OR OLD.contact_id IS DISTINCT FROM NEW.contact_id OR OLD.user_id <> NEW.user_id)
    EXECUTE FUNCTION charla_name_chat();

CREATE FUNCTION charla_name_contact() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO chats_searchname (tenant_id, contact_key, text)
    VALUES (NEW.tenant_id, NEW.id, charla_plain(concat_ws(E'\n', NULLIF(NEW.name, ''), NEW.external_id)))
    ON CONFLICT (contact_key) DO UPDATE SET text = EXCLUDED.text;
    RETURN NULL;
END $$;
CREATE TRIGGER name_added_contact AFTER INSERT ON chats_contact FOR EACH ROW EXECUTE FUNCTION charla_name_contact();
CREATE TRIGGER name_changed_contact AFTER UPDATE OF name, external_id ON chats_contact
    FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.external_id <> NEW.external_id)
    EXECUTE FUNCTION charla_name_contact();

CREATE FUNCTION charla_forget_names() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_TABLE_NAME = 'chats_contact' THEN
        DELETE FROM chats_searchname USING removed WHERE contact_key = removed.id;
    ELSE
        DELETE FROM chats_searchname USING removed WHERE chat_key = removed.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_names_of_chats AFTER DELETE ON chats_chatmodel
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION charla_forget_names();
CREATE TRIGGER forget_names_of_contacts AFTER DELETE ON chats_contact
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION charla_forget_names();
"""
TRIGGERS_BACK = """
DROP TRIGGER forget_names_of_contacts ON chats_contact;
DROP TRIGGER forget_names_of_chats ON chats_chatmodel;
DROP FUNCTION charla_forget_names();
DROP TRIGGER name_changed_contact ON chats_contact;
DROP TRIGGER name_added_contact ON chats_contact;
DROP FUNCTION charla_name_contact();
DROP TRIGGER name_changed_chat ON chats_chatmodel;
DROP TRIGGER name_added_chat ON chats_chatmodel;
DROP FUNCTION charla_name_chat();
"""

# The cost keeps the planner from computing keys row by row where the index has them, also before the first ANALYZE.
KEYS = """
CREATE FUNCTION charla_name_seed(tenant uuid, of_person boolean, bucket bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(tenant::text || of_person::text COLLATE "C", bucket)
$$;

CREATE FUNCTION charla_part_keys(name text, seed bigint) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT hashtextextended(substr(name, place, 3) COLLATE "C", seed))
    FROM generate_series(1, length(name) - 2) AS place
$$;

CREATE FUNCTION charla_name_keys(tenant uuid, id bigint, of_person boolean, name text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100000 AS $$
    SELECT public.charla_part_keys(name, public.charla_name_seed(tenant, of_person, id >> 16))
$$;

CREATE INDEX chats_searchname_keys ON chats_searchname
    USING gin (charla_name_keys(tenant_id, id, contact_key IS NOT NULL, text)) WITH (fastupdate = off);
"""
KEYS_BACK = """
DROP INDEX chats_searchname_keys;
DROP FUNCTION charla_name_keys(uuid, bigint, boolean, text);
DROP FUNCTION charla_part_keys(text, bigint);
DROP FUNCTION charla_name_seed(uuid, boolean, bigint);
"""

# Each word must be a part of the name. Words of one or two letters have no keys: alone they are looked for in the
# latest names one by one, where so short a part is soon found. BETWEEN, because with = the order by id may be taken from
# the primary key, which walks through what the other tenants have.
SEARCH = r"""
CREATE FUNCTION charla_search_names(words text[], of_person boolean, wanted integer)
RETURNS TABLE (chat_key bigint, contact_key uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    current_tenant uuid := NULLIF(current_setting('app.tenant_id', true), '')::uuid;
    plain text[] := ARRAY(SELECT charla_plain(word) FROM unnest(words) AS word);
    patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(plain) AS word);
    high bigint; low bigint; lowest bigint; span bigint := 1; found integer; missing integer := wanted;
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(plain) AS word WHERE length(word) > 2) THEN
        RETURN QUERY
        SELECT name.chat_key, name.contact_key FROM chats_searchname AS name
        WHERE name.tenant_id BETWEEN current_tenant AND current_tenant AND (name.contact_key IS NOT NULL) = of_person
          AND name.text LIKE ALL (patterns)
        ORDER BY name.tenant_id DESC, name.id DESC LIMIT wanted;
        RETURN;
    END IF;
    SELECT name.id >> 16 INTO high FROM chats_searchname AS name
    WHERE name.tenant_id BETWEEN current_tenant AND current_tenant ORDER BY name.tenant_id DESC, name.id DESC LIMIT 1;
    SELECT name.id >> 16 INTO lowest FROM chats_searchname AS name
    WHERE name.tenant_id BETWEEN current_tenant AND current_tenant ORDER BY name.tenant_id, name.id LIMIT 1;
    WHILE high >= lowest AND missing > 0 LOOP
        low := greatest(high - span + 1, lowest);
        RETURN QUERY
        WITH probes AS MATERIALIZED (
            SELECT ARRAY(SELECT unnest(charla_part_keys(word, charla_name_seed(current_tenant, of_person, bucket)))
                         FROM unnest(plain) AS word) AS keys
            FROM generate_series(low, high) AS bucket
        )
        SELECT name.chat_key, name.contact_key
        FROM probes CROSS JOIN LATERAL (
            SELECT * FROM chats_searchname AS name
            WHERE charla_name_keys(name.tenant_id, name.id, name.contact_key IS NOT NULL, name.text) @> probes.keys
            OFFSET 0
        ) AS name
        WHERE name.tenant_id = current_tenant AND name.text LIKE ALL (patterns)
        ORDER BY name.id DESC LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found; high := low - 1; span := span * 2;
    END LOOP;
END $$;
"""
SEARCH_BACK = "DROP FUNCTION charla_search_names(text[], boolean, integer)"


class Migration(migrations.Migration):
    dependencies = [("chats", "0024_counted_often")]

    operations = [
        migrations.CreateModel(
            name="SearchName",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("chat_key", models.BigIntegerField(null=True, unique=True)),
                ("contact_key", models.UUIDField(null=True, unique=True)),
                ("text", models.TextField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.models.tenant_in_scope,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "name to search for",
                "verbose_name_plural": "names to search for",
            },
        ),
        TenantPolicy("SearchName"),
        migrations.RunSQL(PLAIN, PLAIN_BACK),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
        migrations.RunSQL(KEYS, KEYS_BACK),
        migrations.RunSQL(SEARCH, SEARCH_BACK),
    ]
