"""The mood of each message of a person."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chats.models import ChatModel, ContentChatModel
from tenants.fields import TenantForeignKey
from tenants.models import TenantOwned


class Sentiment(models.TextChoices):
    """What a message sounds like."""

    POSITIVE = "positive", pgettext_lazy("sentiment", "positive")
    NEUTRAL = "neutral", pgettext_lazy("sentiment", "neutral")
    NEGATIVE = "negative", pgettext_lazy("sentiment", "negative")


class SentimentChatModel(TenantOwned):
    """A message's sentiment, once a message; a correction by the staff keeps what the analyzer said in `original`."""

    message = TenantForeignKey(
        ContentChatModel, verbose_name=_("message"), on_delete=models.CASCADE, related_name="sentiments", db_index=False
    )
    chat = TenantForeignKey(
        ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="sentiments", db_index=False
    )
    sentiment = models.CharField(_("sentiment"), max_length=8, choices=Sentiment.choices)
    score = models.DecimalField(_("score"), max_digits=3, decimal_places=2)
    confidence = models.DecimalField(_("confidence"), max_digits=3, decimal_places=2)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    analyzer = models.CharField(_("analyzer"), max_length=64)
    timestamp = models.DateTimeField(_("time of the message"), editable=False)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("corrected by"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", db_index=False, editable=False,
    )  # fmt: skip
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True, editable=False)
    original = models.JSONField(_("before the correction"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("sentiment of a message")
        verbose_name_plural = _("sentiments of messages")
        indexes = [
            models.Index(fields=["chat", "message"], name="sentiments_of_chat"),
            # With what figures of a period need, so that they are read from the index alone.
            models.Index(fields=["tenant", "timestamp"], include=["sentiment", "score"], name="sentiments_by_time"),
            models.Index(
                fields=["tenant", "corrected_at"],
                condition=models.Q(corrected_at__isnull=False),
                name="sentiments_corrected",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["message"], name="one_sentiment_per_message"),
            models.CheckConstraint(condition=models.Q(score__range=(-1, 1)), name="sentiment_score_within_one"),
            models.CheckConstraint(condition=models.Q(confidence__range=(0, 1)), name="sentiment_confidence_in_one"),
        ]

    def __str__(self) -> str:
        return f"{self.get_sentiment_display()} {self.score}"
