"""The agents of a tenant: who answers, in which words, from which knowledge."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from agents.models.ai_model import AIModel
from agents.models.knowledge import KnowledgeBase
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import Language, TenantOwned

SLUG_LENGTH = 100


class Tone(models.TextChoices):
    """How an agent sounds (decision 23)."""

    NEUTRAL = "neutral", _("neutral")
    FRIENDLY = "friendly", _("friendly")
    ENTHUSIASTIC = "enthusiastic", _("enthusiastic")
    EMPATHETIC = "empathetic", _("empathetic")
    SUPPORTIVE = "supportive", _("supportive")
    PROFESSIONAL = "professional", _("professional")


class AgentModel(TenantOwned):
    """An agent that answers people from the tenant's knowledge, with a language model or without."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(_("name"), max_length=255)
    slug = models.SlugField(_("short name"), max_length=SLUG_LENGTH, blank=True, default="", db_index=False)
    description = models.TextField(_("description"), blank=True, default="")
    system_prompt = models.TextField(_("instructions"), blank=True, default="")
    greeting = models.TextField(_("greeting"), blank=True, default="")
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, blank=True, default="")
    is_default = models.BooleanField(_("default"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    ai_model = models.ForeignKey(
        AIModel, verbose_name=_("model"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    fallback_model = models.ForeignKey(
        AIModel, verbose_name=_("fallback model"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    temperature = models.FloatField(
        _("temperature"), null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(2)]
    )
    max_tokens = models.PositiveIntegerField(_("longest reply in tokens"), null=True, blank=True)
    tone = models.CharField(_("tone"), max_length=20, choices=Tone.choices, default=Tone.FRIENDLY)
    knowledge_bases: "models.ManyToManyField[KnowledgeBase, AgentKnowledgeBase]" = models.ManyToManyField(
        KnowledgeBase,
        verbose_name=_("knowledge bases"),
        through="AgentKnowledgeBase",
        related_name="agents",
        blank=True,
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="agent_slug_once_per_tenant"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(is_default=True), name="agent_one_default_per_tenant"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give a new agent the first free slug that its name suggests."""
        if not self.slug:
            self.slug = self._free_slug()
        super().save(*args, **kwargs)

    def _free_slug(self) -> str:
        stem = slugify(self.name)[: SLUG_LENGTH - 5] or "agent"
        taken = set(AgentModel.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 2))
        return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)

    @property
    def model_provider(self) -> str | None:
        """Who runs the agent's model; None while it uses the installation's default model."""
        return self.ai_model.provider if self.ai_model else None


class AgentKnowledgeBase(TenantOwned):
    """That an agent answers from a base; the tenant's own oldest pair comes first."""

    agent = TenantForeignKey(AgentModel, verbose_name=_("agent"), on_delete=models.CASCADE, related_name="+")
    knowledge_base = TenantForeignKey(
        KnowledgeBase, verbose_name=_("knowledge base"), on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        verbose_name = _("agent's knowledge base")
        verbose_name_plural = _("agents' knowledge bases")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "agent", "knowledge_base"], name="agent_knowledge_base_once")
        ]

    def __str__(self) -> str:
        return f"{self.agent} – {self.knowledge_base}"
