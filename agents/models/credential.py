"""Keys to providers of language models: a tenant's own, sealed, never read back out (decision 20)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.fields import validate_address
from agents.models.ai_model import Provider
from tenants.fields import UUIDv7Field
from tenants.models import TenantOwned

OUTSIDE = [(choice.value, choice.label) for choice in Provider if choice is not Provider.BUILTIN]


class ProviderCredential(TenantOwned):
    """A key to one provider at one address; of the secret only the last four characters can be seen."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    provider = models.CharField(_("provider"), max_length=50, choices=OUTSIDE)
    base_url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        validators=[validate_address],
        help_text=_("The key is sent to this address alone. It is that of the models it is for; empty like theirs."),
    )
    sealed_secret = models.TextField(editable=False, db_default="")
    ending = models.CharField(_("ends in"), max_length=4, editable=False, db_default="")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("key to a provider")
        verbose_name_plural = _("keys to providers")
        ordering = ["provider", "base_url"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "provider", "base_url"],
                name="provider_credential_once_per_address",
                violation_error_message=_("There is a key for this provider and address already."),
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_provider_display()} {self.base_url}".strip()
