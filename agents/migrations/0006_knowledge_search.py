"""The search functions: SECURITY DEFINER with a tenant predicate of their own.

Array and text operators are not leakproof, so under a policy their index would go unused (architecture.md, "Tenancy").
The index holds keys made of base, language and word, not words: a search never walks the postings of another base, let
alone of another tenant, so its cost does not grow with the installation. Heading words have a second key of their own.
"""

from django.db import migrations

KEYS = """
CREATE FUNCTION charla_word_key(base uuid, language text, word text, heading boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(word COLLATE "C",
        hashtextextended(base::text || language COLLATE "C", CASE WHEN heading THEN 1 ELSE 0 END))
$$;

-- The cost keeps the planner from computing keys row by row where the index has them, also before the first ANALYZE.
CREATE FUNCTION charla_chunk_keys(base uuid, language text, words tsvector) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100000 AS $$
    SELECT array_agg(hashtextextended(word.lexeme COLLATE "C", seed.value))
    FROM unnest(words) AS word CROSS JOIN LATERAL (
        SELECT hashtextextended(base::text || language COLLATE "C", 0) AS value
        UNION ALL SELECT hashtextextended(base::text || language COLLATE "C", 1) WHERE 'A' = ANY (word.weights)) AS seed
$$;

CREATE INDEX agents_knowledgechunk_keys ON agents_knowledgechunk
    USING gin (charla_chunk_keys(base_id, language, search_vector)) WITH (fastupdate = off);
"""
KEYS_BACK = """
DROP INDEX agents_knowledgechunk_keys;
DROP FUNCTION charla_chunk_keys(uuid, text, tsvector);
DROP FUNCTION charla_word_key(uuid, text, text, boolean);
"""

# First the chunks that have any of the rarest words, as many words as fit the budget of postings, scored by the weight of
# the words that they have (those in the heading count again); when even the rarest word is too frequent, the chunks that
# have the three rarest together and those with a word in their heading come before an arbitrary part of the rest.
# Then, for the best of them, where each of the words asked for stands. The tenant is checked there: keys of a base find
# chunks of that base alone, and beside a tenant predicate the planner would rather read all of a small tenant's chunks.
SEARCH = """
CREATE FUNCTION charla_search_chunks(
    in_bases uuid[], in_language text, in_words text[], in_weights float8[], in_frequencies integer[],
    budget integer, wanted integer
) RETURNS TABLE (
    id bigint, document_id uuid, "position" integer, heading text, content text, heading_words integer,
    content_words integer, hits jsonb
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    current_tenant uuid := NULLIF(current_setting('app.tenant_id', true), '')::uuid;
BEGIN
    RETURN QUERY
    WITH words AS (
        SELECT word, weight, frequency, sum(frequency) OVER (ORDER BY frequency, word) AS so_far,
               row_number() OVER (ORDER BY frequency, word) AS rank
        FROM unnest(in_words, in_weights, in_frequencies) AS given (word, weight, frequency)
        WHERE frequency > 0
    ), probes AS (
        SELECT ARRAY[charla_word_key(base, in_language, word, heading)] AS keys, weight
        FROM words, unnest(in_bases) AS base, (VALUES (true), (false)) AS field (heading)
        WHERE so_far <= budget OR rank = 1
        UNION ALL
        SELECT array_agg(charla_word_key(base, in_language, word, false)), sum(weight)
        FROM words, unnest(in_bases) AS base
        WHERE rank <= 3 AND EXISTS (SELECT FROM words WHERE rank = 1 AND frequency > budget)
        GROUP BY base
    ), best AS (
        SELECT found.id, sum(probes.weight) AS score
        FROM probes CROSS JOIN LATERAL (
            SELECT chunk.id FROM agents_knowledgechunk AS chunk
            WHERE charla_chunk_keys(chunk.base_id, chunk.language, chunk.search_vector) @> probes.keys
            LIMIT budget) AS found
        GROUP BY found.id ORDER BY score DESC, found.id LIMIT wanted
    )
    SELECT chunk.id, chunk.document_id, chunk.position, chunk.heading::text, chunk.content, chunk.heading_words,
           chunk.content_words,
           (SELECT jsonb_object_agg(word.lexeme, word.positions)
            FROM unnest(chunk.search_vector) AS word WHERE word.lexeme = ANY (in_words))
    FROM best JOIN agents_knowledgechunk AS chunk ON chunk.id = best.id
    WHERE chunk.tenant_id = current_tenant AND chunk.base_id = ANY (in_bases)
    ORDER BY best.score DESC, chunk.id;
END $$;
"""
SEARCH_BACK = "DROP FUNCTION charla_search_chunks(uuid[], text, text[], float8[], integer[], integer, integer)"


class Migration(migrations.Migration):
    dependencies = [("agents", "0005_policies_and_vocabulary")]

    operations = [
        migrations.RunSQL(KEYS, KEYS_BACK),
        migrations.RunSQL(SEARCH, SEARCH_BACK),
    ]
