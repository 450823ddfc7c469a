"""What is known of the backups: where each lies, what it holds, and whether it was ever proved."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class BackupKind(models.TextChoices):
    """What a backup holds."""

    DATABASE = "database", _("database")
    MEDIA = "media", _("files")
    CONFIG = "config", _("configuration")
    FULL = "full", _("everything")


class Backup(models.Model):
    """One backup of the installation, or of one tenant; its id is also in the file."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(_("holds"), max_length=10, choices=BackupKind.choices)
    tenant_name = models.CharField(_("tenant"), max_length=63, blank=True, default="")
    base = models.UUIDField(_("increment to"), null=True, blank=True)
    path = models.CharField(_("file"), max_length=1_000)
    size = models.BigIntegerField(_("bytes"), default=0)
    row_count = models.BigIntegerField(_("rows"), default=0)
    program = models.CharField(_("version"), max_length=50, blank=True, default="")
    made_at = models.DateTimeField(_("made"), db_default=Now())
    seconds = models.FloatField(_("took seconds"), default=0)
    is_encrypted = models.BooleanField(_("encrypted"), default=True)
    checked_at = models.DateTimeField(_("last read whole"), null=True, blank=True)
    proved_at = models.DateTimeField(_("last proved restorable"), null=True, blank=True)
    last_error = models.CharField(_("error"), max_length=500, blank=True, default="")
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    class Meta:
        app_label = "tenants"
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["-made_at"], name="backup_made")]

    def __str__(self) -> str:
        return f"{self.kind} {self.made_at:%Y-%m-%d %H:%M}" if self.made_at else str(self.id)
