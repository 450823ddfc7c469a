"""The ledger of deleted rows, for increments of backups (decision 16; tenants/backups/increments.py)."""

from django.db import models
from django.db.models.expressions import Func
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class TransactionId(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's 64-bit transaction id, `xid8`."""

    def db_type(self, connection: object) -> str:
        """Return the column's type."""
        return "xid8"


class CurrentTransaction(Func):
    """The transaction that writes the row."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionId()


class Deletion(models.Model):
    """A row that is gone: its table and its key. Triggers write it, and a schedule removes it after some days."""

    table_name = models.CharField(_("table"), max_length=63)
    key = models.TextField(_("key"))
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)
    deleted_at = models.DateTimeField(_("deleted"), db_default=Now())

    class Meta:
        app_label = "tenants"
        verbose_name = _("deletion")
        verbose_name_plural = _("deletions")
        indexes = [models.Index(fields=["deleted_at"], name="deletion_age")]

    def __str__(self) -> str:
        return f"{self.table_name} {self.key}"
