"""What a migration of JSON state did, row by row, so that it can be undone exactly (commands.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.people import Contact
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class JsonStateBatch(TenantOwned):
    """One run over one or two files; `finished_at` is empty while it goes on or was cut off.

    `counts` are rows by what was done with them, and under `proof` the Proof of the run (chats/services/json_state).
    """

    id = UUIDv7Field(primary_key=True)
    threads_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    guests_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    counts = models.JSONField(_("counts"), default=dict, editable=False)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)

    class Meta:
        verbose_name = _("migration of JSON state")
        verbose_name_plural = _("migrations of JSON state")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.id)


class ChangedTable(models.TextChoices):
    """Whose rows a migration writes."""

    CONTACT = "contact", _("contact")
    THREAD = "thread", _("thread")
    STATE = "state", _("state")


class JsonStateChange(TenantOwned):
    """One row that a batch made or changed; goes when it is undone, and with its contact.

    `before` holds the fields that were changed as they were (of a row that was made: nothing), `after` as they were
    written. Both hold personal data, so erasing a person removes them.
    """

    id = models.BigAutoField(primary_key=True)
    batch = TenantForeignKey(JsonStateBatch, on_delete=models.CASCADE, related_name="changes", db_index=False)
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    table = models.CharField(max_length=7, choices=ChangedTable.choices)
    row = models.UUIDField()
    was_made = models.BooleanField(default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("change by a migration")
        verbose_name_plural = _("changes by migrations")
        indexes = [models.Index(fields=["contact"], name="state_changes_of_contact")]
        constraints = [models.UniqueConstraint(fields=["batch", "contact", "table", "row"], name="one_change_per_row")]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
