"""What was said: one row a message."""

from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chats.models.chat import ChatModel
from chats.models.sequences import take_sequence
from tenants.encryption.fields import SealedModel, SealedTextField
from tenants.encryption.word_keys import WordKeysField
from tenants.fields import TenantForeignKey
from tenants.models import TenantOwned

if TYPE_CHECKING:
    from chats.models.media import MediaContentModel


class Sender(models.TextChoices):
    """Who wrote (domain.md, 5)."""

    USER = "user", _("person")
    AGENT = "agent", _("AI agent")
    STAFF = "staff", _("staff")
    SYSTEM = "system", _("system")


class ContentType(models.TextChoices):
    """What a message is made of (chats-migrations.md, CONTENT_TYPES)."""

    TEXT = "text", _("text")
    IMAGE = "image", _("image")
    FILE = "file", _("file")
    AUDIO = "audio", _("audio")


CONTENT_TYPES = ContentType.choices
SENDER_CHOICES = Sender.choices
Role = Literal["user", "assistant", "system"]
ROLES: dict[Sender, Role] = {
    Sender.USER: "user",
    Sender.AGENT: "assistant",
    Sender.STAFF: "assistant",
    Sender.SYSTEM: "system",
}


class ContentChatModel(SealedModel, TenantOwned):
    """A message: its `sequence` (1, 2, 3… in the chat) is its order, and clients resume by it.

    `content` is clear on every instance, sealed or not in the database (tenants/encryption/fields.py).
    """

    SEALED = ("content",)
    SEALED_PLACE = ("chat_id", "sequence")
    SEALED_KEY = "encryption_key_id"

    reply_id: str = ""  # of the stream of deltas that this message ends; not stored
    files: "list[MediaContentModel] | None" = None  # what `media` has, once somebody has looked

    chat = TenantForeignKey(
        ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="contents", db_index=False
    )
    sequence: "models.IntegerField[Any, Any]" = models.IntegerField(_("number"), editable=False)
    content = SealedTextField(_("content"))
    content_type = models.CharField(_("kind"), max_length=50, choices=CONTENT_TYPES, default=ContentType.TEXT)
    sender = models.CharField(_("sender"), max_length=20, choices=SENDER_CHOICES, default=Sender.USER)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", db_index=False,
    )  # fmt: skip
    in_response_to = TenantForeignKey(
        "self", verbose_name=_("in response to"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        db_index=False,
    )  # fmt: skip
    client_message_id = models.CharField(max_length=64, blank=True, default="", editable=False)
    external_id = models.CharField(max_length=255, blank=True, default="", editable=False)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    tokens_used = models.IntegerField(_("tokens"), default=0)
    model_used = models.CharField(_("model used"), max_length=100, blank=True, default="")
    is_automatic = models.BooleanField(_("automatic"), default=False, editable=False)
    is_encrypted = models.BooleanField(_("encrypted"), default=False, editable=False)
    encryption_key_id = models.CharField(max_length=64, blank=True, default="", editable=False)
    word_keys = WordKeysField(models.BigIntegerField(), null=True, editable=False)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    timestamp = models.DateTimeField(_("time"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("chat content")
        verbose_name_plural = _("chat contents")
        ordering = ["sequence"]
        indexes = [
            models.Index(fields=["tenant", "timestamp"], name="idx_messages_created_at"),
            models.Index(
                fields=["tenant", "encryption_key_id", "id"],
                condition=models.Q(is_encrypted=True),
                name="messages_by_their_key",
            ),
            # When a message goes, the database looks for what answers it.
            models.Index(
                fields=["in_response_to"], condition=models.Q(in_response_to__isnull=False), name="messages_answering"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["chat", "sequence"], name="idx_messages_conversation_id"),
            models.UniqueConstraint(
                fields=["chat", "client_message_id"],
                condition=~models.Q(client_message_id=""),
                name="message_once_per_client_id",
            ),
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~models.Q(external_id=""),
                name="message_once_per_external_id",
            ),
            models.UniqueConstraint(
                fields=["tenant", "in_response_to"], condition=models.Q(is_automatic=True), name="one_automatic_reply"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} #{self.sequence}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the message; one without a `sequence` takes the chat's next, and the counters move with it."""
        if self._state.adding and self.sequence is None:
            self.sequence = take_sequence(self.chat_id)
        names = kwargs.get("update_fields")
        if names is not None and {"content", "language"} & set(names):
            kwargs["update_fields"] = {*names, "word_keys"}
        super().save(*args, **kwargs)

    @property
    def role(self) -> Role:
        """Return the speaker's role as language models name it."""
        return ROLES[Sender(self.sender)]
