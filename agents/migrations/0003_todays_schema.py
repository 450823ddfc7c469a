"""Agents, models and knowledge as they are today; agents that are older have no tenant and no slug yet."""

import django.core.validators
import django.db.models.deletion
import pgvector.django.vector
from django.db import migrations, models

import agents.fields
import tenants.fields
import tenants.models

CASCADE = django.db.models.deletion.CASCADE
SPOKEN = [("es", "Spanish"), ("en", "English")]
WRITTEN = [*SPOKEN, ("simple", "other")]
TEMPERATURES = [django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(2)]


def key():
    return (
        "id",
        tenants.fields.UUIDv7Field(
            db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
        ),
    )


def big_key():
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def tenant(**kwargs):
    return models.ForeignKey(
        db_index=False,
        default=tenants.models.tenant_in_scope,
        editable=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="tenants.tenantmodel",
        verbose_name="tenant",
        **kwargs,
    )


def within(to, **kwargs):
    return tenants.fields.TenantForeignKey(on_delete=CASCADE, **{"related_name": "+", **kwargs}, to=to)


def of_model(related_name):
    return models.ForeignKey(on_delete=CASCADE, related_name=related_name, to="agents.aimodel", verbose_name="model")


def runs_on(verbose_name):
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.SET_NULL,
        related_name="+",
        to="agents.aimodel",
        verbose_name=verbose_name,
    )


def price(verbose_name):
    return models.DecimalField(decimal_places=4, default=0, max_digits=12, verbose_name=verbose_name)


def created():
    return ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created"))


def updated():
    return ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated"))


def named(verbose_name, verbose_name_plural, **options):
    return {"verbose_name": verbose_name, "verbose_name_plural": verbose_name_plural, **options}


PROVIDERS = [
    ("builtin", "built in"),
    ("openai", "OpenAI"),
    ("anthropic", "Anthropic"),
    ("openai_compatible", "OpenAI-compatible"),
]
MODEL_TYPES = [("chat", "conversation"), ("completion", "completion"), ("embedding", "embedding")]
TONES = [
    ("neutral", "neutral"),
    ("friendly", "friendly"),
    ("enthusiastic", "enthusiastic"),
    ("empathetic", "empathetic"),
    ("supportive", "supportive"),
    ("professional", "professional"),
]

AI_MODELS = [
    migrations.CreateModel(
        name="AIModel",
        fields=[
            key(),
            ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
            (
                "provider",
                models.CharField(choices=PROVIDERS, default="builtin", max_length=50, verbose_name="provider"),
            ),
            ("model_type", models.CharField(choices=MODEL_TYPES, default="chat", max_length=50, verbose_name="type")),
            ("version", models.CharField(blank=True, max_length=50, verbose_name="version")),
            ("base_url", models.URLField(blank=True, verbose_name="address")),
            ("max_tokens", models.PositiveIntegerField(default=1024, verbose_name="longest reply in tokens")),
            ("temperature", models.FloatField(default=0.7, validators=TEMPERATURES, verbose_name="temperature")),
            ("context_window", models.PositiveIntegerField(default=8192, verbose_name="context window in tokens")),
            ("input_price", price("price of a million tokens in")),
            ("output_price", price("price of a million tokens out")),
            ("is_active", models.BooleanField(default=True, verbose_name="active")),
            created(),
            updated(),
        ],
        options=named("AI model", "AI models", ordering=["name"]),
    ),
    migrations.CreateModel(
        name="ModelVersion",
        fields=[
            key(),
            ("version_number", models.CharField(max_length=50, verbose_name="version")),
            ("release_notes", models.TextField(blank=True, verbose_name="release notes")),
            ("is_default", models.BooleanField(default=False, verbose_name="default")),
            created(),
            ("model", of_model("versions")),
        ],
        options=named(
            "model version",
            "model versions",
            constraints=[
                models.UniqueConstraint(fields=["model", "version_number"], name="model_version_once"),
                models.UniqueConstraint(
                    condition=models.Q(("is_default", True)), fields=["model"], name="model_one_default_version"
                ),
            ],
        ),
    ),
    migrations.CreateModel(
        name="ModelPerformance",
        fields=[
            key(),
            ("metric_name", models.CharField(max_length=100, verbose_name="figure")),
            ("metric_value", models.FloatField(verbose_name="value")),
            ("sample_size", models.PositiveIntegerField(default=1, verbose_name="replies")),
            ("recorded_at", models.DateTimeField(verbose_name="hour")),
            ("model", of_model("performance")),
        ],
        options=named(
            "model performance",
            "model performance",
            constraints=[
                models.UniqueConstraint(
                    fields=["model", "metric_name", "recorded_at"], name="model_performance_once_an_hour"
                )
            ],
        ),
    ),
]

KNOWLEDGE = [
    migrations.CreateModel(
        name="KnowledgeBase",
        fields=[
            key(),
            ("name", models.CharField(max_length=100, verbose_name="name")),
            ("description", models.TextField(blank=True, verbose_name="description")),
            ("language", models.CharField(blank=True, choices=SPOKEN, max_length=2, verbose_name="language")),
            (
                "schema_version",
                models.PositiveSmallIntegerField(default=1, editable=False, verbose_name="schema version"),
            ),
            created(),
            updated(),
            ("tenant", tenant()),
        ],
        options=named(
            "knowledge base",
            "knowledge bases",
            ordering=["name"],
            constraints=[models.UniqueConstraint(fields=["tenant", "name"], name="knowledge_base_name_once")],
        ),
    ),
    migrations.CreateModel(
        name="KnowledgeDocument",
        fields=[
            key(),
            ("title", models.CharField(blank=True, max_length=500, verbose_name="title or question")),
            ("source", models.CharField(blank=True, max_length=500, verbose_name="source")),
            ("key", models.CharField(editable=False, max_length=64, verbose_name="identity in its base")),
            (
                "source_hash",
                models.CharField(editable=False, max_length=64, verbose_name="hash of what was imported"),
            ),
            ("content", models.TextField(verbose_name="content")),
            ("language", models.CharField(blank=True, choices=WRITTEN, max_length=6, verbose_name="language")),
            ("metadata", models.JSONField(blank=True, default=dict, verbose_name="further facts")),
            (
                "status",
                models.CharField(
                    choices=[("ready", "ready"), ("failed", "failed")],
                    default="ready",
                    max_length=10,
                    verbose_name="status",
                ),
            ),
            ("error", models.TextField(blank=True, verbose_name="error")),
            created(),
            updated(),
            ("tenant", tenant()),
            ("base", within("agents.knowledgebase", related_name="documents", verbose_name="knowledge base")),
        ],
        options=named(
            "document",
            "documents",
            ordering=["id"],
            constraints=[
                models.UniqueConstraint(fields=["tenant", "base", "key"], name="knowledge_document_once_per_base")
            ],
        ),
    ),
    migrations.CreateModel(
        name="KnowledgeChunk",
        fields=[
            big_key(),
            ("position", models.PositiveIntegerField(verbose_name="position")),
            ("heading", models.CharField(blank=True, max_length=500, verbose_name="heading")),
            ("content", models.TextField(verbose_name="content")),
            (
                "language",
                models.CharField(choices=WRITTEN, default="simple", max_length=6, verbose_name="language"),
            ),
            (
                "heading_words",
                models.GeneratedField(
                    db_persist=True,
                    expression=agents.fields.WordCount("language", "heading"),
                    output_field=models.IntegerField(),
                ),
            ),
            (
                "content_words",
                models.GeneratedField(
                    db_persist=True,
                    expression=agents.fields.WordCount("language", "content"),
                    output_field=models.IntegerField(),
                ),
            ),
            (
                "search_vector",
                models.GeneratedField(
                    db_persist=True,
                    expression=agents.fields.ChunkVector("language", "heading", "content"),
                    output_field=agents.fields.TsVectorField(),
                ),
            ),
            ("embedding", pgvector.django.vector.VectorField(editable=False, null=True, verbose_name="embedding")),
            (
                "embedding_model",
                models.CharField(blank=True, editable=False, max_length=100, verbose_name="embedding model"),
            ),
            ("tenant", tenant()),
            (
                "document",
                within("agents.knowledgedocument", related_name="chunks", verbose_name="document", db_index=False),
            ),
            ("base", within("agents.knowledgebase", verbose_name="knowledge base", db_index=False)),
        ],
        options=named(
            "passage",
            "passages",
            ordering=["document", "position"],
            constraints=[
                models.UniqueConstraint(fields=["tenant", "document", "position"], name="knowledge_chunk_position_once")
            ],
            indexes=[models.Index(fields=["tenant", "base"], name="knowledge_chunk_of_base")],
        ),
    ),
    migrations.CreateModel(
        name="KnowledgeTerm",
        fields=[
            big_key(),
            ("language", models.CharField(max_length=6)),
            ("lexeme", models.TextField()),
            ("frequency", models.IntegerField()),
            ("tenant", tenant()),
            ("base", within("agents.knowledgebase", db_index=False)),
        ],
        options=named(
            "word of a base",
            "words of a base",
            constraints=[
                models.UniqueConstraint(fields=["tenant", "base", "language", "lexeme"], name="knowledge_term_once")
            ],
        ),
    ),
    migrations.CreateModel(
        name="KnowledgeStatistics",
        fields=[
            big_key(),
            ("language", models.CharField(max_length=6)),
            ("chunks", models.IntegerField()),
            ("heading_words", models.BigIntegerField()),
            ("content_words", models.BigIntegerField()),
            ("tenant", tenant()),
            ("base", within("agents.knowledgebase", db_index=False)),
        ],
        options=named(
            "figures of a base",
            "figures of bases",
            constraints=[
                models.UniqueConstraint(fields=["tenant", "base", "language"], name="knowledge_statistics_once")
            ],
        ),
    ),
]

NEW_COLUMNS = {
    "tenant": tenant(null=True),
    "slug": models.SlugField(blank=True, db_index=False, default="", max_length=100, verbose_name="short name"),
    "description": models.TextField(blank=True, default="", verbose_name="description"),
    "system_prompt": models.TextField(blank=True, default="", verbose_name="instructions"),
    "greeting": models.TextField(blank=True, default="", verbose_name="greeting"),
    "language": models.CharField(blank=True, choices=SPOKEN, default="", max_length=2, verbose_name="language"),
    "is_default": models.BooleanField(default=False, verbose_name="default"),
    "is_active": models.BooleanField(default=True, verbose_name="active"),
    "ai_model": runs_on("model"),
    "fallback_model": runs_on("fallback model"),
    "temperature": models.FloatField(blank=True, null=True, validators=TEMPERATURES, verbose_name="temperature"),
    "max_tokens": models.PositiveIntegerField(blank=True, null=True, verbose_name="longest reply in tokens"),
    "tone": models.CharField(choices=TONES, default="friendly", max_length=20, verbose_name="tone"),
    "updated_at": models.DateTimeField(auto_now=True, verbose_name="updated"),
}
AGENTS = [
    *(migrations.AddField("agentmodel", name, field) for name, field in NEW_COLUMNS.items()),
    migrations.AlterModelOptions("agentmodel", named("agent", "agents", ordering=["name"])),
    migrations.CreateModel(
        name="AgentKnowledgeBase",
        fields=[
            big_key(),
            ("tenant", tenant()),
            ("agent", within("agents.agentmodel", verbose_name="agent")),
            ("knowledge_base", within("agents.knowledgebase", verbose_name="knowledge base")),
        ],
        options=named(
            "agent's knowledge base",
            "agents' knowledge bases",
            constraints=[
                models.UniqueConstraint(fields=["tenant", "agent", "knowledge_base"], name="agent_knowledge_base_once")
            ],
        ),
    ),
    migrations.AddField(
        "agentmodel",
        "knowledge_bases",
        models.ManyToManyField(
            blank=True,
            related_name="agents",
            through="agents.AgentKnowledgeBase",
            to="agents.knowledgebase",
            verbose_name="knowledge bases",
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("agents", "0002_text_search"), ("tenants", "0002_policies_and_lookups")]

    operations = [*AI_MODELS, *KNOWLEDGE, *AGENTS]
