"""Channels, the contacts who write through them, and a browser's session (domain.md, "chats")."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import Language, TenantOwned


def new_publishable_key() -> str:
    """Return a key that a web page may show (decision 29)."""
    return f"pk_{secrets.token_urlsafe(24)}"


def new_widget_secret() -> str:
    """Return the secret with which a tenant's own server vouches for a visitor's identity (api.md, "Widget")."""
    return secrets.token_urlsafe(32)


class ChannelKind(models.TextChoices):
    """Ways by which people write."""

    WEB = "web", _("web widget")
    API = "api", "API"
    WHATSAPP = "whatsapp", "WhatsApp"
    CONSOLE = "console", _("console")


class Channel(TenantOwned):
    """A tenant's door for one kind of channel; a web one has the publishable key of its widget."""

    id = UUIDv7Field(primary_key=True)
    kind = models.CharField(_("kind"), max_length=10, choices=ChannelKind.choices, default=ChannelKind.WEB)
    name = models.CharField(_("name"), max_length=100)
    publishable_key = models.CharField(_("publishable key"), max_length=64, unique=True, default=new_publishable_key)
    widget_secret = models.CharField(max_length=64, default=new_widget_secret, editable=False)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="channel_name_once_per_tenant")]

    def __str__(self) -> str:
        return self.name


class Contact(TenantOwned):
    """A person who writes to a tenant; `external_id` is who that is in its channel."""

    id = UUIDv7Field(primary_key=True)
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelKind.choices, default=ChannelKind.WEB)
    external_id = models.CharField(_("id in its channel"), max_length=255)
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.EmailField(_("e-mail"), max_length=255, blank=True)
    chat_address = models.CharField(_("address"), max_length=255, blank=True)
    labels = models.JSONField(_("labels"), default=list, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=Language.choices, blank=True)
    last_activity = models.DateTimeField(_("last activity"), auto_now_add=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    anonymized_at = models.DateTimeField(_("anonymised"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="contacts_by_creation"),
            models.Index(fields=["tenant", "-last_activity", "-id"], name="contacts_by_activity"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel", "external_id"], name="contact_once_per_channel")
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class VisitorSession(TenantOwned):
    """A browser's right to one contact's conversations: only the token's SHA-256 is stored."""

    id = UUIDv7Field(primary_key=True)
    contact = TenantForeignKey(Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="sessions")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("visitor session")
        verbose_name_plural = _("visitor sessions")

    def __str__(self) -> str:
        return str(self.id)
