"""What is remembered of a person between messages (json-to-postgresql.md): threads, context, state."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.people import Contact
from tenants.encryption.fields import SealedModel, SealedTextField
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class Thread(TenantOwned):
    """A conversation that an outside assistant keeps under an id of its own; a contact has one active at a time."""

    id = UUIDv7Field(primary_key=True)
    contact = TenantForeignKey(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="threads", db_index=False
    )
    external_thread_id = models.CharField(_("thread"), max_length=255)
    is_active = models.BooleanField(_("active"), default=True)
    last_message_at = models.DateTimeField(_("last message"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        indexes = [models.Index(fields=["contact"], name="threads_of_contact")]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_thread_id"], name="idx_users_thread_id"),
            models.UniqueConstraint(
                fields=["contact"], condition=models.Q(is_active=True), name="one_active_thread_per_contact"
            ),
        ]

    def __str__(self) -> str:
        return self.external_thread_id


class ContextCache(SealedModel, TenantOwned):
    """A text about a contact that holds for a while; sealed as the tenant's policy says (decision 14)."""

    SEALED = ("context_text",)
    SEALED_PLACE = ("contact_id",)

    id = UUIDv7Field(primary_key=True)
    contact = TenantForeignKey(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    context_text = SealedTextField(_("context"))
    is_encrypted = models.BooleanField(_("encrypted"), default=False, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("context")
        verbose_name_plural = _("contexts")
        indexes = [models.Index(fields=["expires_at"], name="idx_context_expires")]
        constraints = [models.UniqueConstraint(fields=["contact"], name="one_context_per_contact")]

    def __str__(self) -> str:
        return str(self.contact_id)


class ContactState(TenantOwned):
    """What a bot noted about a contact."""

    id = UUIDv7Field(primary_key=True)
    contact = TenantForeignKey(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    last_voice_input = models.DateTimeField(_("last voice message"), null=True, blank=True)
    preferences = models.JSONField(_("preferences"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("contact's state")
        verbose_name_plural = _("contacts' states")
        constraints = [models.UniqueConstraint(fields=["contact"], name="one_state_per_contact")]

    def __str__(self) -> str:
        return str(self.contact_id)
