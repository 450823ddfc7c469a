"""What people want: a tenant's intents by examples, and which of them each message has."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chats.models import ChatModel, ContentChatModel
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned

MOST_EXAMPLES = 5_000
LONGEST_EXAMPLE = 1_000


def validate_examples(value: Any) -> None:
    """Raise ValidationError unless the value is a list of texts that are neither blank nor overlong."""
    if not isinstance(value, list) or len(value) > MOST_EXAMPLES:
        raise ValidationError(_("Examples are a list of at most %(most)d texts.") % {"most": MOST_EXAMPLES})
    for example in value:
        if not isinstance(example, str) or not example.strip() or len(example) > LONGEST_EXAMPLE:
            raise ValidationError(_("Each example is a text of 1 to %(most)d characters.") % {"most": LONGEST_EXAMPLE})


class Intent(TenantOwned):
    """Something that people want, with sentences that say so: the classifier is trained from them."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True, default="")
    examples = models.JSONField(_("examples"), default=list, blank=True, validators=[validate_examples])
    is_outside = models.BooleanField(
        _("none of them"), default=False, db_default=False,
        help_text=_("The examples are of messages that have none of the intents."),
    )  # fmt: skip
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("intent")
        verbose_name_plural = _("intents")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="intent_name_once_per_tenant")]

    def __str__(self) -> str:
        return self.name


class MessageIntent(TenantOwned):
    """A message's intent, once a message; no `intent` means none of the tenant's."""

    message = TenantForeignKey(
        ContentChatModel, verbose_name=_("message"), on_delete=models.CASCADE, related_name="intents", db_index=False
    )
    chat = TenantForeignKey(
        ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="message_intents", db_index=False
    )
    intent = TenantForeignKey(
        Intent, verbose_name=_("intent"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        db_index=False,
    )  # fmt: skip
    confidence = models.DecimalField(_("confidence"), max_digits=3, decimal_places=2)
    classifier = models.CharField(_("classifier"), max_length=64)
    timestamp = models.DateTimeField(_("time of the message"), editable=False)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("corrected by"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", db_index=False, editable=False,
    )  # fmt: skip
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True, editable=False)
    original = models.JSONField(_("before the correction"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("intent of a message")
        verbose_name_plural = _("intents of messages")
        indexes = [
            models.Index(fields=["chat", "message"], name="intents_of_chat"),
            models.Index(fields=["tenant", "timestamp"], include=["intent"], name="intents_by_time"),
            models.Index(fields=["intent", "timestamp"], name="messages_of_intent"),
            models.Index(
                fields=["tenant", "corrected_at"],
                condition=models.Q(corrected_at__isnull=False),
                name="intents_corrected",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["message"], name="one_intent_per_message"),
            models.CheckConstraint(condition=models.Q(confidence__range=(0, 1)), name="intent_confidence_within_one"),
        ]

    def __str__(self) -> str:
        return f"{self.intent or '–'} {self.confidence}"
