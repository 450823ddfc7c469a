"""What holds from now on: constraints, policies, composite keys; and the vocabulary that triggers keep."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy

# Statement-level with transition tables: every way in which chunks come, change or go keeps the counts right, and a
# batch of 500 chunks costs one statement. The order of the rows keeps two imports from waiting for each other in a ring.
VOCABULARY = """
CREATE FUNCTION charla_count_chunks() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO agents_knowledgestatistics AS had (tenant_id, base_id, language, chunks, heading_words, content_words)
        SELECT tenant_id, base_id, language, count(*), sum(heading_words), sum(content_words)
        FROM added GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, base_id, language) DO UPDATE SET chunks = had.chunks + EXCLUDED.chunks,
            heading_words = had.heading_words + EXCLUDED.heading_words,
            content_words = had.content_words + EXCLUDED.content_words;
        INSERT INTO agents_knowledgeterm AS had (tenant_id, base_id, language, lexeme, frequency)
        SELECT tenant_id, base_id, language, word.lexeme, count(*)
        FROM added, unnest(search_vector) AS word GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, base_id, language, lexeme) DO UPDATE SET frequency = had.frequency + EXCLUDED.frequency;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE agents_knowledgestatistics AS had SET chunks = had.chunks - gone.chunks,
            heading_words = had.heading_words - gone.heading_words,
            content_words = had.content_words - gone.content_words
        FROM (SELECT tenant_id, base_id, language, count(*) AS chunks, sum(heading_words) AS heading_words,
                     sum(content_words) AS content_words FROM removed GROUP BY 1, 2, 3) AS gone
        WHERE (had.tenant_id, had.base_id, had.language) = (gone.tenant_id, gone.base_id, gone.language);
        WITH gone AS (
            SELECT tenant_id, base_id, language, word.lexeme, count(*) AS frequency
            FROM removed, unnest(search_vector) AS word GROUP BY 1, 2, 3, 4
        ), locked AS (
            SELECT had.id, had.frequency - gone.frequency AS remaining
            FROM agents_knowledgeterm AS had JOIN gone USING (tenant_id, base_id, language, lexeme)
            ORDER BY had.tenant_id, had.base_id, had.language, had.lexeme FOR UPDATE OF had
        ), fewer AS (
            UPDATE agents_knowledgeterm AS had SET frequency = locked.remaining
            FROM locked WHERE had.id = locked.id AND locked.remaining > 0
        )
        DELETE FROM agents_knowledgeterm AS had USING locked WHERE had.id = locked.id AND locked.remaining <= 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_added_chunks AFTER INSERT ON agents_knowledgechunk
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION charla_count_chunks();
CREATE TRIGGER count_removed_chunks AFTER DELETE ON agents_knowledgechunk
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION charla_count_chunks();
CREATE TRIGGER count_changed_chunks AFTER UPDATE ON agents_knowledgechunk
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION charla_count_chunks();

CREATE FUNCTION charla_forget_chunks() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    TRUNCATE agents_knowledgeterm, agents_knowledgestatistics;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_truncated_chunks AFTER TRUNCATE ON agents_knowledgechunk
    FOR EACH STATEMENT EXECUTE FUNCTION charla_forget_chunks();
"""
VOCABULARY_BACK = """
DROP TRIGGER forget_truncated_chunks ON agents_knowledgechunk;
DROP TRIGGER count_changed_chunks ON agents_knowledgechunk;
DROP TRIGGER count_removed_chunks ON agents_knowledgechunk;
DROP TRIGGER count_added_chunks ON agents_knowledgechunk;
DROP FUNCTION charla_forget_chunks();
DROP FUNCTION charla_count_chunks();
"""
TENANT = models.ForeignKey(
    db_index=False,
    default=tenants.models.tenant_in_scope,
    editable=False,
    on_delete=django.db.models.deletion.PROTECT,
    related_name="+",
    to="tenants.tenantmodel",
    verbose_name="tenant",
)


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_agents_get_their_tenant")]

    operations = [
        migrations.AlterField("agentmodel", "tenant", TENANT),
        migrations.AddConstraint(
            "agentmodel", models.UniqueConstraint(fields=("tenant", "slug"), name="agent_slug_once_per_tenant")
        ),
        migrations.AddConstraint(
            "agentmodel",
            models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("tenant",), name="agent_one_default_per_tenant"
            ),
        ),
        TenantPolicy("AgentModel"),
        TenantPolicy("KnowledgeBase"),
        TenantPolicy("AgentKnowledgeBase"),
        TenantPolicy("KnowledgeDocument"),
        TenantPolicy("KnowledgeChunk"),
        TenantPolicy("KnowledgeTerm"),
        TenantPolicy("KnowledgeStatistics"),
        CompositeForeignKey("AgentKnowledgeBase", "agent", "AgentModel"),
        CompositeForeignKey("AgentKnowledgeBase", "knowledge_base", "KnowledgeBase"),
        CompositeForeignKey("KnowledgeDocument", "base", "KnowledgeBase"),
        CompositeForeignKey("KnowledgeChunk", "document", "KnowledgeDocument"),
        CompositeForeignKey("KnowledgeChunk", "base", "KnowledgeBase"),
        CompositeForeignKey("KnowledgeTerm", "base", "KnowledgeBase"),
        CompositeForeignKey("KnowledgeStatistics", "base", "KnowledgeBase"),
        migrations.RunSQL(VOCABULARY, VOCABULARY_BACK),
    ]
