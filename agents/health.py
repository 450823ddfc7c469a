"""What may be wrong with agents and their knowledge."""

from typing import Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from agents.models import AgentModel, KnowledgeBase, KnowledgeDocument
from agents.services.documents import rewrite
from agents.services.reaching import reach_providers
from metrics.probes import probe
from metrics.validators import VALIDATORS, Keys, Validator, add_model_validators, by_sql
from tenants.scope import current_tenant_id

WITHOUT_PASSAGES: Final = """
SELECT id FROM agents_knowledgedocument AS document
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND status = 'ready' AND content ~ '\\w'
  AND NOT EXISTS (SELECT FROM agents_knowledgechunk AS chunk WHERE chunk.document_id = document.id)
"""
# What the triggers keep, against what the passages come to.
MISCOUNTED: Final = """
WITH counted AS (
    SELECT base_id, language, count(*) AS chunks, sum(heading_words) AS headings, sum(content_words) AS contents
    FROM agents_knowledgechunk WHERE tenant_id = %(tenant)s AND base_id = ANY(%(keys)s) GROUP BY 1, 2
), kept AS (
    SELECT base_id, language, chunks, heading_words AS headings, content_words AS contents
    FROM agents_knowledgestatistics WHERE tenant_id = %(tenant)s AND base_id = ANY(%(keys)s) AND chunks <> 0
)
SELECT DISTINCT coalesce(counted.base_id, kept.base_id) FROM counted FULL JOIN kept USING (base_id, language)
WHERE (counted.chunks, counted.headings, counted.contents) IS DISTINCT FROM (kept.chunks, kept.headings, kept.contents)
"""
COUNT_ANEW: Final = (
    "DELETE FROM agents_knowledgestatistics WHERE tenant_id = %(tenant)s AND base_id = ANY(%(keys)s)",
    "DELETE FROM agents_knowledgeterm WHERE tenant_id = %(tenant)s AND base_id = ANY(%(keys)s)",
    """
    INSERT INTO agents_knowledgestatistics (tenant_id, base_id, language, chunks, heading_words, content_words)
    SELECT tenant_id, base_id, language, count(*), sum(heading_words), sum(content_words)
    FROM agents_knowledgechunk WHERE tenant_id = %(tenant)s AND base_id = ANY(%(keys)s) GROUP BY 1, 2, 3
    """,
    """
    INSERT INTO agents_knowledgeterm (tenant_id, base_id, language, lexeme, frequency)
    SELECT tenant_id, base_id, language, word.lexeme, count(*)
    FROM agents_knowledgechunk, unnest(search_vector) AS word
    WHERE tenant_id = %(tenant)s AND base_id = ANY(%(keys)s) GROUP BY 1, 2, 3, 4
    """,
)


def cut_anew(keys: Keys) -> int:
    """Cut documents into passages again; return how many were."""
    documents = KnowledgeDocument.objects.filter(pk__in=keys).select_related("base").order_by("pk")
    for document in documents:
        rewrite(document)
    return len(documents)


def count_anew(keys: Keys) -> int:
    """Count the words of bases again; return how many bases were."""
    with connection.cursor() as cursor:
        for statement in COUNT_ANEW:
            cursor.execute(statement, {"keys": keys, "tenant": current_tenant_id()})
    return len(keys)


def asleep(keys: Keys) -> Keys:
    """Return the active agents whose model is switched off and that have no other to fall back on."""
    rows = AgentModel.objects.filter(pk__in=keys, is_active=True, ai_model__is_active=False)
    return list(rows.exclude(fallback_model__is_active=True).values_list("pk", flat=True))


add_model_validators("agents")
VALIDATORS.add(
    "agents.passages",
    Validator(_("documents that the search does not know"), KnowledgeDocument, by_sql(WITHOUT_PASSAGES), cut_anew),
)
VALIDATORS.add(
    "agents.words",
    Validator(_("bases whose words are miscounted"), KnowledgeBase, by_sql(MISCOUNTED), count_anew, "name"),
)
VALIDATORS.add("agents.models", Validator(_("agents whose model is switched off"), AgentModel, asleep, None, "slug"))
probe(
    "providers",
    advice=_("Check the addresses of the AI models, and whether their providers answer."),
    outside=True,
)(reach_providers)
