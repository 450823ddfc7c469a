"""What happened, and what went wrong (domain.md, "audit")."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantModel, TenantOwned


def tenant_or_none() -> "models.ForeignKey[TenantModel | None, TenantModel | None]":
    """Return the key to a tenant of rows that outlive it, and that may come before one is known.

    The application's role may add a row without a tenant, and reads none; the operator reads them by the operations
    role.
    """
    return models.ForeignKey(
        TenantModel, verbose_name=_("tenant"), null=True, blank=True, editable=False, on_delete=models.DO_NOTHING,
        related_name="+", db_constraint=False, db_index=False,
    )  # fmt: skip


class AuditLog(TenantOwned):
    """One thing that somebody did. The database refuses to change it, and chains it to the row before it.

    `position`, `previous_hash` and `hash` are given by a trigger at commit, one row of a tenant after the other
    (decision 13). Actors have ids without foreign keys; personal data is there as a keyed hash alone.
    """

    tenant = tenant_or_none()  # type: ignore[assignment]
    actor_id = models.UUIDField(_("actor"), null=True, editable=False)
    action = models.CharField(_("action"), max_length=64, editable=False)
    object_type = models.CharField(_("kind of object"), max_length=64, editable=False)
    object_id = models.CharField(_("object"), max_length=64, editable=False)
    details = models.JSONField(_("details"), default=dict, editable=False)
    ip_address = models.CharField(_("address (hash)"), max_length=32, default="", editable=False)
    request_id = models.CharField(_("request"), max_length=64, default="", editable=False)
    created_at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    position = models.BigIntegerField(_("place in the chain"), null=True, editable=False)
    previous_hash = models.CharField(max_length=64, default="", editable=False)
    hash = models.CharField(_("hash"), max_length=64, default="", editable=False)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="audit_by_time"),
            models.Index(fields=["tenant", "object_type", "object_id"], name="audit_by_object"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "position"],
                condition=models.Q(position__isnull=False),
                nulls_distinct=False,
                name="audit_chain_place",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}".strip()


class AuditArchive(TenantOwned):
    """A range of old entries that left the audit log for a file (audit/services/archiving.py).

    Written by the database's `charla_archive_audit` alone, and never changed: the chain goes on behind `last_hash`.
    `digest` is the file's SHA-256; `signature` is the installation's, over all of it.
    """

    tenant = tenant_or_none()  # type: ignore[assignment]
    first_place = models.BigIntegerField(editable=False)
    last_place = models.BigIntegerField(editable=False)
    last_hash = models.CharField(max_length=64, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    signature = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("archived range of the audit log")
        verbose_name_plural = _("archived ranges of the audit log")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "first_place"], name="audit_archived_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.first_place}–{self.last_place}"


class ErrorLog(TenantOwned):
    """An error that nothing caught; the same one again raises `count` (same type, raised at the same place)."""

    tenant = tenant_or_none()  # type: ignore[assignment]
    user_id = models.UUIDField(_("user"), null=True, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    error_type = models.CharField(_("type"), max_length=255, editable=False)
    error_message = models.TextField(_("message"), editable=False)
    stack_trace = models.TextField(_("stack trace"), editable=False)
    request_data = models.JSONField(_("request"), default=dict, editable=False)
    count = models.IntegerField(_("times"), default=1, editable=False)
    created_at = models.DateTimeField(_("first seen"), db_default=Now(), editable=False)
    last_seen = models.DateTimeField(_("last seen"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("error")
        verbose_name_plural = _("errors")
        ordering = ["-last_seen"]
        indexes = [models.Index(fields=["tenant", "-last_seen"], name="errors_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "fingerprint"], nulls_distinct=False, name="error_once")
        ]

    def __str__(self) -> str:
        return f"{self.error_type}: {self.error_message[:80]}"
