"""What a person writes in pieces, until it is answered as one (decision 8; json-to-postgresql.md, "buffers")."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.people import Contact
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class MessageBuffer(TenantOwned):
    """A burst of a contact's messages: their ids and chats' ids, and when the reply may begin.

    Written only on channels with a debounce. What must not be lost is in the work rows: the buffer says how long they
    wait, and goes with the reply.
    """

    id = UUIDv7Field(primary_key=True)
    contact = TenantForeignKey(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    messages = models.JSONField(_("messages"), default=list)
    first_message_at = models.DateTimeField(_("first message"))
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("message buffer")
        verbose_name_plural = _("message buffers")
        indexes = [models.Index(fields=["expires_at"], name="idx_buffers_expires")]
        constraints = [models.UniqueConstraint(fields=["contact"], name="one_buffer_per_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {len(self.messages)}"
