"""What the staff are told: in the administration, by e-mail, and in the rooms where a team talks (Slack, Teams)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class NotificationType(models.TextChoices):
    """What a notification is about."""

    CHAT_CREATED = "chat_created", _("a new conversation")
    ESCALATION = "escalation", _("a conversation waits for a person")
    WEBHOOK_PAUSED = "webhook_paused", _("a webhook was paused")
    WORK_DIED = "work_died", _("work was given up")
    REPORT_READY = "report_ready", _("a report is ready")
    PERFORMANCE = "performance", _("the installation is strained")


class OutsideChannel(models.TextChoices):
    """Where a person may be told besides the administration."""

    EMAIL = "email", _("e-mail")


class Digest(models.TextChoices):
    """How e-mails are gathered."""

    NONE = "none", _("one by one, at once")
    HOURLY = "hourly", _("together, every hour")
    DAILY = "daily", _("together, every day")


class RoomKind(models.TextChoices):
    """Whose incoming webhook a room has."""

    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"


def rendered(message: str, params: dict[str, Any]) -> str:
    """Return a message in the active language: `message` is the English text, as gettext knows it."""
    return gettext(message) % spoken(params) if params else gettext(message)


def spoken(params: dict[str, Any]) -> dict[str, Any]:
    """Return a message's values in the active language: `what` is itself an English text, as gettext knows it."""
    return {**params, "what": gettext(params["what"])} if "what" in params else params


class Notification(TenantOwned):
    """Something that one person is told once; it is kept as English text and values, and read in the reader's language.

    `data` holds ids (`chat_id`), never what people wrote. `dedupe_key` makes one of however many tasks tell of it.
    """

    id = UUIDv7Field(primary_key=True)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("recipient"), on_delete=models.CASCADE, related_name="+"
    )
    notification_type = models.CharField(_("type"), max_length=40, choices=NotificationType.choices)
    message = models.CharField(_("message"), max_length=500)
    params = models.JSONField(default=dict, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    dedupe_key = models.CharField(max_length=120, blank=True, default="", editable=False)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    emailed_at = models.DateTimeField(_("e-mailed"), null=True, blank=True, editable=False)
    wants_email = models.CharField(max_length=10, choices=Digest.choices, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["tenant", "recipient", "-created_at"], name="notifications_of_person"),
            models.Index(
                fields=["tenant", "recipient"], condition=models.Q(read_at__isnull=True), name="notifications_unread"
            ),
            models.Index(
                fields=["wants_email", "created_at"],
                condition=models.Q(emailed_at__isnull=True) & ~models.Q(wants_email=""),
                name="notifications_to_email",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "recipient", "dedupe_key"],
                condition=~models.Q(dedupe_key=""),
                name="notified_once",
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """Return the message in the active language."""
        return rendered(self.message, self.params)


class NotificationPreference(TenantOwned):
    """How a person wants to be told of one type; without a row the type's default holds. The bell always rings."""

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+"
    )
    notification_type = models.CharField(_("type"), max_length=40, choices=NotificationType.choices)
    channels = models.JSONField(_("channels"), default=list, blank=True)
    digest = models.CharField(_("digest"), max_length=10, choices=Digest.choices, default=Digest.NONE)

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user", "notification_type"], name="one_preference_per_type")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.notification_type}"


class Room(TenantOwned):
    """A room where a team talks, by its incoming webhook. The address is a secret: sealed, never shown again."""

    id = UUIDv7Field(primary_key=True)
    kind = models.CharField(_("kind"), max_length=10, choices=RoomKind.choices)
    name = models.CharField(_("name"), max_length=100)
    sealed_url = models.TextField(editable=False)
    types = models.JSONField(_("types"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="room_name_once_per_tenant")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_kind_display()})"


class RoomMessage(TenantOwned):
    """Something that a room is told once; without a type it is a trial of the room."""

    room = TenantForeignKey(Room, verbose_name=_("room"), on_delete=models.CASCADE, related_name="+", db_index=False)
    notification_type = models.CharField(_("type"), max_length=40, choices=NotificationType.choices, blank=True)
    message = models.CharField(_("message"), max_length=500)
    params = models.JSONField(default=dict, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    dedupe_key = models.CharField(max_length=120, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("message to a room")
        verbose_name_plural = _("messages to rooms")
        constraints = [models.UniqueConstraint(fields=["room", "dedupe_key"], name="room_told_once")]

    def __str__(self) -> str:
        return rendered(self.message, self.params)
