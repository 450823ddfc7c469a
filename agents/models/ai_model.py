"""The installation's models, their versions and how they did. No secret is in them (decision 20)."""

from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.fields import validate_address
from tenants.fields import UUIDv7Field

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Provider(models.TextChoices):
    """Who runs a model."""

    BUILTIN = "builtin", _("built in")
    OPENAI = "openai", "OpenAI"
    ANTHROPIC = "anthropic", "Anthropic"
    OPENAI_COMPATIBLE = "openai_compatible", _("OpenAI-compatible")


class ModelType(models.TextChoices):
    """What a model is for."""

    CHAT = "chat", _("conversation")
    COMPLETION = "completion", _("completion")
    EMBEDDING = "embedding", _("embedding")


def price(label: "StrPromise") -> "models.DecimalField[Any, Any]":
    """Return the field of a price in US dollars per million tokens."""
    return models.DecimalField(label, max_digits=12, decimal_places=4, default=0)


class AIModel(models.Model):
    """A model that agents may use; the installation's, shared by all tenants."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(_("name"), max_length=100, unique=True)
    provider = models.CharField(_("provider"), max_length=50, choices=Provider.choices, default=Provider.BUILTIN)
    model_type = models.CharField(_("type"), max_length=50, choices=ModelType.choices, default=ModelType.CHAT)
    version = models.CharField(_("version"), max_length=50, blank=True)
    remote_name = models.CharField(
        _("name at the provider"),
        max_length=200,
        blank=True,
        db_default="",
        help_text=_("By which the provider knows the model, such as gpt-4.1-mini. Empty: the name above."),
    )
    base_url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        validators=[validate_address],
        help_text=_("Of an OpenAI-compatible server, such as https://openrouter.ai/api/v1. Empty: the provider's own."),
    )
    max_tokens = models.PositiveIntegerField(_("longest reply in tokens"), default=1024)
    temperature = models.FloatField(
        _("temperature"), default=0.7, validators=[MinValueValidator(0), MaxValueValidator(2)]
    )
    context_window = models.PositiveIntegerField(_("context window in tokens"), default=8192)
    input_price = price(_("price of a million tokens in"))
    output_price = price(_("price of a million tokens out"))
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("AI model")
        verbose_name_plural = _("AI models")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ModelVersion(models.Model):
    """A version of a model; at most one is its default."""

    id = UUIDv7Field(primary_key=True)
    model = models.ForeignKey(AIModel, verbose_name=_("model"), on_delete=models.CASCADE, related_name="versions")
    version_number = models.CharField(_("version"), max_length=50)
    release_notes = models.TextField(_("release notes"), blank=True)
    is_default = models.BooleanField(_("default"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        constraints = [
            models.UniqueConstraint(fields=["model", "version_number"], name="model_version_once"),
            models.UniqueConstraint(
                fields=["model"], condition=models.Q(is_default=True), name="model_one_default_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.version_number}"


class ModelPerformance(models.Model):
    """A figure of a model's real replies, one row an hour: the mean and how many replies it stands for."""

    id = UUIDv7Field(primary_key=True)
    model = models.ForeignKey(AIModel, verbose_name=_("model"), on_delete=models.CASCADE, related_name="performance")
    metric_name = models.CharField(_("figure"), max_length=100)
    metric_value = models.FloatField(_("value"))
    sample_size = models.PositiveIntegerField(_("replies"), default=1)
    recorded_at = models.DateTimeField(_("hour"))

    class Meta:
        verbose_name = _("model performance")
        verbose_name_plural = _("model performance")
        constraints = [
            models.UniqueConstraint(
                fields=["model", "metric_name", "recorded_at"], name="model_performance_once_an_hour"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.metric_name} {self.metric_value:g}"
