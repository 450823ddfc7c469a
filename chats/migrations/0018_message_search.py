"""The search in messages: what is indexed, and the SECURITY DEFINER function that asks with a tenant predicate of its own.

A clear message keeps its folded words in `search_vector`, which a trigger fills: a generated column would rewrite the
table under a lock, and the ORM has no use for the words. A sealed one has keyed hashes of them in `word_keys`, written
by the program with the row: so a message costs no statement more, and whatever erases a row erases its words.

One index serves both. It holds hashes of tenant, word and a range of 65,536 ids, not words: a search begins with the
latest range and ends when it has a page, so neither the other tenants nor the matches of years ago cost anything. Text
operators are not leakproof, so under a policy no index of theirs would be used (architecture.md, "Tenancy").
"""

from django.db import migrations, models

import tenants.encryption.word_keys

COLUMN = "ALTER TABLE chats_contentchatmodel ADD COLUMN search_vector tsvector"
COLUMN_BACK = "ALTER TABLE chats_contentchatmodel DROP COLUMN search_vector"

# Names are spelled out with their schema, so that the functions need no search_path of their own, which costs each row.
TRIGGER = """
CREATE FUNCTION charla_message_language(language text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN language IN ('es', 'en') THEN language ELSE '' END
$$;

CREATE FUNCTION charla_index_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_encrypted THEN
        NEW.search_vector := NULL;
    ELSE
        NEW.search_vector := public.charla_fold(public.charla_message_language(NEW.language), left(NEW.content, 50000));
        NEW.word_keys := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER index_added_message BEFORE INSERT ON chats_contentchatmodel
    FOR EACH ROW EXECUTE FUNCTION charla_index_message();
CREATE TRIGGER index_changed_message BEFORE UPDATE OF content, language, is_encrypted ON chats_contentchatmodel
    FOR EACH ROW EXECUTE FUNCTION charla_index_message();
"""
TRIGGER_BACK = """
DROP TRIGGER index_changed_message ON chats_contentchatmodel;
DROP TRIGGER index_added_message ON chats_contentchatmodel;
DROP FUNCTION charla_index_message();
DROP FUNCTION charla_message_language(text);
"""

# The cost keeps the planner from computing keys row by row where the index has them, also before the first ANALYZE.
KEYS = """
CREATE FUNCTION charla_message_seed(tenant uuid, language text, bucket bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(tenant::text || language COLLATE "C", bucket)
$$;

CREATE FUNCTION charla_message_keys(tenant uuid, id bigint, language text, words tsvector, sealed bigint[])
RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100000 AS $$
    SELECT array_agg(key) FROM (
        SELECT hashtextextended(word COLLATE "C", seed) AS key
        FROM (SELECT public.charla_message_seed(tenant, public.charla_message_language(language), id >> 16) AS seed)
             AS seeded, unnest(tsvector_to_array(words)) AS word
        UNION ALL
        SELECT hashint8extended(word, seed)
        FROM (SELECT public.charla_message_seed(tenant, 'sealed', id >> 16) AS seed) AS seeded, unnest(sealed) AS word
    ) AS keys
$$;
"""
KEYS_BACK = """
DROP FUNCTION charla_message_keys(uuid, bigint, text, tsvector, bigint[]);
DROP FUNCTION charla_message_seed(uuid, text, bigint);
"""

# `asked` is a list of {"language", "words", "query", "keys", "without"}: the question as it is folded in each language;
# words and keys are those that a message must have, `query` is a tsquery with the phrases and what must not stand there,
# `without` are keys that a sealed message must not have. Ranges of ids double, so that rare words take few statements.
SEARCH = """
CREATE FUNCTION charla_search_messages(
    asked jsonb, before bigint, wanted integer, in_chat uuid, in_sender text, in_after timestamptz, in_before timestamptz
) RETURNS TABLE (id bigint, chat_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    current_tenant uuid := NULLIF(current_setting('app.tenant_id', true), '')::uuid;
    high bigint; low bigint; lowest bigint; span bigint := 1; found integer; missing integer := wanted;
BEGIN
    SELECT least(max(m.id), before - 1) >> 16, min(m.id) >> 16 INTO high, lowest
    FROM chats_contentchatmodel AS m WHERE m.tenant_id = current_tenant;
    WHILE high >= lowest AND missing > 0 LOOP
        low := greatest(high - span + 1, lowest);
        RETURN QUERY
        WITH questions AS MATERIALIZED (
            SELECT q->>'language' AS language, (q->>'query')::tsquery AS query,
                   ARRAY(SELECT jsonb_array_elements_text(q->'words')) AS words,
                   ARRAY(SELECT jsonb_array_elements_text(q->'keys')::bigint) AS keys,
                   ARRAY(SELECT jsonb_array_elements_text(q->'without')::bigint) AS without
            FROM jsonb_array_elements(asked) AS q
        ), probes AS MATERIALIZED (
            SELECT query, NULL::bigint[] AS without, (
                SELECT array_agg(hashtextextended(word COLLATE "C", charla_message_seed(current_tenant, language, bucket)))
                FROM unnest(words) AS word) AS probe
            FROM questions, generate_series(low, high) AS bucket
            UNION ALL
            SELECT NULL, without, (
                SELECT array_agg(hashint8extended(word, charla_message_seed(current_tenant, 'sealed', bucket)))
                FROM unnest(keys) AS word)
            FROM questions, generate_series(low, high) AS bucket WHERE cardinality(keys) > 0
        )
        SELECT m.id, m.chat_id
        FROM probes CROSS JOIN LATERAL (
            SELECT m.id, m.chat_id, m.tenant_id, m.search_vector, m.word_keys, m.sender, m.timestamp
            FROM chats_contentchatmodel AS m
            WHERE charla_message_keys(m.tenant_id, m.id, m.language, m.search_vector, m.word_keys) @> probes.probe
            OFFSET 0
        ) AS m JOIN chats_chatmodel AS chat ON chat.id = m.chat_id
        WHERE m.tenant_id = current_tenant AND m.id < before AND chat.status <> 'deleted'
          AND (probes.query IS NULL OR m.search_vector @@ probes.query)
          AND (probes.without IS NULL OR NOT m.word_keys && probes.without)
          AND (in_chat IS NULL OR chat.chat_id = in_chat) AND (in_sender IS NULL OR m.sender = in_sender)
          AND (in_after IS NULL OR m.timestamp >= in_after) AND (in_before IS NULL OR m.timestamp < in_before)
        ORDER BY m.id DESC LIMIT missing;
        GET DIAGNOSTICS found = ROW_COUNT;
        missing := missing - found; high := low - 1; span := span * 2;
    END LOOP;
END $$;
"""
SEARCH_BACK = "DROP FUNCTION charla_search_messages(jsonb, bigint, integer, uuid, text, timestamptz, timestamptz)"


class Migration(migrations.Migration):
    dependencies = [("chats", "0017_messages_by_their_key")]

    operations = [
        migrations.AddField(
            model_name="contentchatmodel",
            name="word_keys",
            field=tenants.encryption.word_keys.WordKeysField(
                base_field=models.BigIntegerField(), editable=False, null=True, size=None
            ),
        ),
        migrations.RunSQL(COLUMN, COLUMN_BACK),
        migrations.RunSQL(TRIGGER, TRIGGER_BACK),
        migrations.RunSQL(KEYS, KEYS_BACK),
        migrations.RunSQL(SEARCH, SEARCH_BACK),
    ]
