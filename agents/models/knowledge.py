"""Knowledge: bases of documents, cut into chunks, with the vocabulary that the search weighs words by."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from agents.fields import ChunkVector, TsVectorField, WordCount
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import Language, TenantOwned

OTHER_LANGUAGE = "simple"
CHUNK_LANGUAGES = [*Language.choices, (OTHER_LANGUAGE, _("other"))]


class KnowledgeBase(TenantOwned):
    """A named collection of documents; an empty language means that each document tells its own."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, blank=True)
    schema_version = models.PositiveSmallIntegerField(_("schema version"), default=2, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("knowledge base")
        verbose_name_plural = _("knowledge bases")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="knowledge_base_name_once")]

    def __str__(self) -> str:
        return self.name


class DocumentStatus(models.TextChoices):
    """Whether a document can be found."""

    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class KnowledgeDocument(TenantOwned):
    """One thing to know: an entry of an FAQ, a page, a file's text."""

    id = UUIDv7Field(primary_key=True)
    base = TenantForeignKey(
        KnowledgeBase, verbose_name=_("knowledge base"), on_delete=models.CASCADE, related_name="documents"
    )
    title = models.CharField(_("title or question"), max_length=500, blank=True)
    source = models.CharField(_("source"), max_length=500, blank=True)
    key = models.CharField(_("identity in its base"), max_length=64, editable=False)
    source_hash = models.CharField(_("hash of what was imported"), max_length=64, editable=False)
    content = models.TextField(_("content"))
    language = models.CharField(_("language"), max_length=6, choices=CHUNK_LANGUAGES, blank=True)
    metadata = models.JSONField(_("further facts"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=DocumentStatus.choices, default=DocumentStatus.READY)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "base", "key"], name="knowledge_document_once_per_base")
        ]

    def __str__(self) -> str:
        return self.title or self.content[:60]


class KnowledgeChunk(TenantOwned):
    """A passage of a document as the search finds it: at most some hundred words under the document's title."""

    document = TenantForeignKey(
        KnowledgeDocument, verbose_name=_("document"), on_delete=models.CASCADE, related_name="chunks", db_index=False
    )
    base = TenantForeignKey(
        KnowledgeBase, verbose_name=_("knowledge base"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    position = models.PositiveIntegerField(_("position"))
    heading = models.CharField(_("heading"), max_length=500, blank=True)
    content = models.TextField(_("content"))
    language = models.CharField(_("language"), max_length=6, choices=CHUNK_LANGUAGES, default=OTHER_LANGUAGE)
    heading_words = models.GeneratedField(
        expression=WordCount("language", "heading"), output_field=models.IntegerField(), db_persist=True
    )
    content_words = models.GeneratedField(
        expression=WordCount("language", "content"), output_field=models.IntegerField(), db_persist=True
    )
    search_vector = models.GeneratedField(
        expression=ChunkVector("language", "heading", "content"), output_field=TsVectorField(), db_persist=True
    )
    embedding = VectorField(_("embedding"), null=True, editable=False)
    embedding_model = models.CharField(_("embedding model"), max_length=100, blank=True, editable=False)

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")
        ordering = ["document", "position"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "document", "position"], name="knowledge_chunk_position_once")
        ]
        indexes = [models.Index(fields=["tenant", "base"], name="knowledge_chunk_of_base")]

    def __str__(self) -> str:
        return f"{self.heading or self.content[:60]} #{self.position}"


class KnowledgeTerm(TenantOwned):
    """A word of a base's vocabulary and in how many chunks it stands; kept by triggers on the chunks."""

    base = TenantForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=6)
    lexeme = models.TextField()
    frequency = models.IntegerField()

    class Meta:
        verbose_name = _("word of a base")
        verbose_name_plural = _("words of a base")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "base", "language", "lexeme"], name="knowledge_term_once")
        ]

    def __str__(self) -> str:
        return self.lexeme


class KnowledgeStatistics(TenantOwned):
    """How many chunks a base has in a language and how long they are; kept by triggers on the chunks."""

    base = TenantForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=6)
    chunks = models.IntegerField()
    heading_words = models.BigIntegerField()
    content_words = models.BigIntegerField()

    class Meta:
        verbose_name = _("figures of a base")
        verbose_name_plural = _("figures of bases")
        constraints = [models.UniqueConstraint(fields=["tenant", "base", "language"], name="knowledge_statistics_once")]

    def __str__(self) -> str:
        return f"{self.base_id} {self.language}: {self.chunks}"
