"""What was erased, so that a backup which is restored later does not bring it back (domain.md, "ErasureLedger")."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.fields import UUIDv7Field
from tenants.models import TenantOwned


class ErasureLedger(TenantOwned):
    """One person whose data was asked to be erased, and the receipt once that was done. Holds no personal data.

    `person` is the contact's id, without a key: the row is compared with whatever a backup brings back. `identity` is
    a keyed hash of channel and id, by which a person who asks again later is recognised.
    """

    id = UUIDv7Field(primary_key=True)
    person = models.UUIDField(_("contact"), editable=False)
    identity = models.CharField(max_length=64, editable=False)
    requested_by = models.UUIDField(_("asked for by"), null=True, editable=False)
    requested_at = models.DateTimeField(_("asked for"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("done"), null=True, editable=False)
    receipt = models.JSONField(_("receipt"), default=dict, editable=False)
    signature = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-requested_at"]
        constraints = [models.UniqueConstraint(fields=["tenant", "person"], name="one_erasure_per_person")]
        indexes = [models.Index(fields=["tenant", "identity"], name="erasures_by_identity")]

    def __str__(self) -> str:
        return str(self.person)
