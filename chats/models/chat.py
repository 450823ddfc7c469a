"""The conversation itself."""

from typing import Any, ClassVar

from django.conf import settings as django_settings
from django.db import models
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from model_utils import FieldTracker

from agents.models import AgentModel
from chats.models.people import ChannelKind, Contact
from tenants.encryption.fields import SealedModel, SealedTextField
from tenants.fields import TenantForeignKey, UUIDv7, uuid7
from tenants.models import TenantOwned


class ChatStatus(models.TextChoices):
    """Where a conversation stands (domain.md, 6)."""

    ACTIVE = "active", pgettext_lazy("conversation", "active")
    WAITING = "waiting", _("waiting for a person")
    COMPLETED = "completed", _("completed")
    ARCHIVED = "archived", _("archived")
    DELETED = "deleted", _("deleted")

    @property
    def is_open(self) -> bool:
        """Whether the conversation goes on: `is_active` is kept equal to this by a check constraint."""
        return self in OPEN_STATUSES


OPEN_STATUSES = (ChatStatus.ACTIVE, ChatStatus.WAITING)


class ChatModel(SealedModel, TenantOwned):
    """A conversation of one person (`user_id`, in its channel) with an agent, and with staff where they step in."""

    SEALED = ("title",)
    SEALED_FLAG = "title_is_encrypted"
    SEALED_PLACE = ("chat_id",)

    chat_id = models.UUIDField(_("chat"), unique=True, db_default=UUIDv7(), editable=False)
    user_id = models.CharField(_("person's id"), max_length=255)
    contact = TenantForeignKey(
        Contact, verbose_name=_("contact"), null=True, blank=True, on_delete=models.SET_NULL, related_name="chats"
    )
    agent = TenantForeignKey(
        AgentModel, verbose_name=_("agent"), null=True, blank=True, on_delete=models.PROTECT, related_name="chats"
    )
    assigned_to = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, verbose_name=_("assigned to"), null=True, blank=True,
        on_delete=models.SET_NULL, related_name="+", db_constraint=False,
    )  # fmt: skip
    session_id = models.CharField(_("session"), max_length=255, blank=True, null=True)  # noqa: DJ001 - as documented
    title = SealedTextField(_("title"), max_length=255, blank=True, default="")
    title_is_encrypted = models.BooleanField(default=False, db_default=False, editable=False)
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelKind.choices, default=ChannelKind.WEB)
    is_group = models.BooleanField(_("group"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=ChatStatus.choices, default=ChatStatus.ACTIVE)
    is_active = models.BooleanField(_("active"), default=True)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    agent_settings = models.JSONField(_("agent's settings"), default=dict, blank=True)
    model_used = models.CharField(_("model used"), max_length=100, blank=True, default="")
    total_tokens = models.BigIntegerField(_("tokens"), default=0)
    message_count = models.IntegerField(_("messages"), default=0)
    last_sequence = models.IntegerField(default=0, editable=False)
    answered_sequence = models.IntegerField(default=0, editable=False)
    owner_version = models.IntegerField(default=0, editable=False)
    last_activity = models.DateTimeField(_("last activity"), db_default=Now())
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    tracker: ClassVar[FieldTracker] = FieldTracker(fields=["status", "is_active", "agent_id"])

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        indexes = [
            models.Index(fields=["tenant", "user_id"], name="idx_conversations_user_id"),
            models.Index(fields=["tenant", "created_at"], name="chats_by_creation"),
            models.Index(fields=["tenant", "-last_activity"], name="chats_inbox"),
            models.Index(fields=["contact", "-last_activity"], name="chats_of_contact"),
            models.Index(
                fields=["tenant", "status", "-last_activity"],
                condition=models.Q(status__in=["active", "waiting"]),
                name="chats_open_by_status",
            ),
            models.Index(
                fields=["tenant", "updated_at"], condition=models.Q(status="completed"), name="chats_completed"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_active=True, status__in=["active", "waiting"])
                | models.Q(is_active=False, status__in=["completed", "archived", "deleted"]),
                name="chat_is_active_as_its_status",
            )
        ]

    def __str__(self) -> str:
        return str(self.chat_id) if self.title_is_encrypted else self.title or str(self.chat_id)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the chat; the id of a new one with a title is made here, for the title may be sealed for it."""
        if self._state.adding and self.title and isinstance(self.chat_id, DatabaseDefault):
            self.chat_id = uuid7()
        super().save(*args, **kwargs)

    @property
    def is_with_its_agent(self) -> bool:
        """Whether the agent answers: the chat is open, and nobody of the staff has it or is awaited."""
        return self.status == ChatStatus.ACTIVE and self.assigned_to_id is None
