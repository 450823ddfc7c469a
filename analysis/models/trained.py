"""What was learnt from labelled texts: weights, the figures they reached, and which are in use."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import UUIDv7Field
from tenants.models import TenantOwned


class TrainedKind(models.TextChoices):
    """What a trained model tells of a text."""

    SENTIMENT = "sentiment", _("sentiment")
    INTENTS = "intents", _("intents")


class Trained(models.Model):
    """Weights as their classifier writes them; one row of a kind and language is in use (`is_active`)."""

    id = UUIDv7Field(primary_key=True)
    kind = models.CharField(_("kind"), max_length=12, choices=TrainedKind.choices)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    version = models.CharField(_("version"), max_length=64)
    weights = models.BinaryField(_("weights"))
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    is_active = models.BooleanField(_("in use"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


class TrainedModel(Trained, TenantOwned):
    """A tenant's own: its intents, or a sentiment model learnt with its staff's corrections."""

    class Meta:
        verbose_name = _("trained model")
        verbose_name_plural = _("trained models")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["tenant", "kind", "-created_at"], name="trained_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "language"],
                condition=models.Q(is_active=True),
                name="one_trained_model_in_use",
            )
        ]


class SharedTrainedModel(Trained):
    """The installation's, for tenants without one of their own; holds nothing of any tenant."""

    objects: ClassVar[models.Manager["SharedTrainedModel"]] = models.Manager()

    class Meta:
        verbose_name = _("trained model of the installation")
        verbose_name_plural = _("trained models of the installation")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language"], condition=models.Q(is_active=True), name="one_shared_model_in_use"
            )
        ]
