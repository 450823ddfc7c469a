"""What happened in a tenant: the feed that webhooks, the staff inbox and the API read (architecture.md, "Events")."""

from django.db import models
from django.db.models.expressions import Func
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


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


class Event(TenantOwned):
    """A change that the outside may care about, written in the change's own transaction; ids only, no text.

    Its order is `(xid, id)`, so that a reader never passes by one that committed late (decision 12).
    """

    type = models.CharField(_("type"), max_length=40)
    object_type = models.CharField(_("object"), max_length=20)
    object_id = models.CharField(max_length=40)
    data = models.JSONField(_("data"), default=dict)
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)
    created_at = models.DateTimeField(_("time"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["tenant", "xid", "id"], name="events_in_order")]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"
