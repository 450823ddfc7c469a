"""Log-ins that are open, where people log in from, and their second factors; `tenants.models` brings them to Django.

They belong to people, who may be in several tenants, so they stand outside the policies (decision 3).
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.fields import UUIDv7Field


class LoginSession(models.Model):
    """One log-in that is open: a token of the API, or a cookie of the administration (tenants/services/sessions.py).

    It ends with its row: at a log-out, a revocation, a new password, `expires_at`, or too long after `last_seen_at`.
    """

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+"
    )
    token = models.OneToOneField(
        "knox.AuthToken", null=True, on_delete=models.CASCADE, related_name="login_session", editable=False
    )
    session_key = models.CharField(max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001 - or a token
    address = models.GenericIPAddressField(_("address"), null=True, editable=False)
    user_agent = models.CharField(_("program"), max_length=200, default="", editable=False)
    second_factor = models.BooleanField(_("second factor"), default=False, editable=False)
    created_at = models.DateTimeField(_("logged in"), db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("ends at the latest"), editable=False)

    class Meta:
        verbose_name = _("open log-in")
        verbose_name_plural = _("open log-ins")
        ordering = ["-last_seen_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(token__isnull=True) ^ models.Q(session_key__isnull=True),
                name="a_token_or_a_cookie",
            )
        ]
        indexes = [models.Index(fields=["last_seen_at"], name="login_session_seen")]

    def __str__(self) -> str:
        return f"{self.user} ({self.created_at:%Y-%m-%d %H:%M})"


class KnownAddress(models.Model):
    """A network that a person has logged in from, as a keyed hash: guesses from elsewhere do not close it."""

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    network_hash = models.CharField(max_length=64)
    last_used_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "network_hash"], name="a_network_once_per_person")]
        indexes = [models.Index(fields=["last_used_at"], name="known_address_age")]

    def __str__(self) -> str:
        return str(self.id)


class SecondFactor(models.Model):
    """What a person's authenticator app shares with us (RFC 6238); asked for from `confirmed_at` on.

    `secret` is sealed with the installation's keys. `last_step` is the last time step that was used: none counts twice.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="second_factor"
    )
    secret = models.TextField()
    last_step = models.BigIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.user_id)


class RecoveryCode(models.Model):
    """A code that stands in for a lost app, once: using it removes the row. 118 random bits, so SHA-256 is enough."""

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="a_recovery_code_once")]

    def __str__(self) -> str:
        return str(self.id)
