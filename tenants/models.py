"""Tenants, the people who log in, their keys, the installation's settings and the durable work rows (domain.md)."""

from importlib import import_module
from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from tenants.fields import UUIDv7Field
from tenants.querysets import TenantManager, UserManager
from tenants.scope import scope
from tenants.services import tenant_settings
from tenants.services.config_values import ConfigType

EVERY_TENANT = "all"  # what `--tenant` says for it

import_module("tenants.session_models")  # which Django would not find elsewhere
import_module("tenants.backup_models")
import_module("tenants.deletion_models")


class Language(models.TextChoices):
    """The languages that Charla speaks to people."""

    SPANISH = "es", _("Spanish")
    ENGLISH = "en", _("English")


class Role(models.TextChoices):
    """What a member may do in a tenant (decision 28)."""

    OWNER = "owner", _("owner")
    ADMIN = "admin", _("administrator")
    AGENT = "agent", _("agent")
    VIEWER = "viewer", _("viewer")


class TenantModel(models.Model):
    """One organisation on the installation; everything that people write belongs to exactly one."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(_("name"), max_length=63, unique=True, validators=[validate_slug])
    display_name = models.CharField(_("display name"), max_length=255, blank=True)
    admin = models.ForeignKey(
        "tenants.User",
        verbose_name=_("administrator"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    is_active = models.BooleanField(_("active"), default=True)
    default_language = models.CharField(
        _("default language"), max_length=2, choices=Language.choices, default=Language.SPANISH
    )
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[tenant_settings.validate_timezone]
    )
    settings = models.JSONField(_("settings"), default=dict, blank=True, validators=[tenant_settings.validate])
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.display_name or self.name

    def clean(self) -> None:
        """Keep the word free by which commands mean every tenant."""
        super().clean()
        if self.name == EVERY_TENANT:
            raise ValidationError({"name": _("“all” means every tenant: choose another name.")})


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the staff, who logs in with an e-mail address; end users are contacts (domain.md, 4)."""

    id = UUIDv7Field(primary_key=True)
    email = models.EmailField(_("e-mail"), max_length=255, unique=True)
    username = models.CharField(_("user name"), max_length=255, unique=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the administration"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="users_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the e-mail in lower case, so that `unique` holds without regard to case."""
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Bring the e-mail to the form in which it is stored, before uniqueness is checked."""
        super().clean()
        self.email = self.email.lower()

    def get_full_name(self) -> str:
        """Return the person's name, or the e-mail when no name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        """Return the first name, or the user name."""
        return self.first_name or self.username


def tenant_in_scope() -> UUID | None:
    """Return the tenant that a new row belongs to unless it names another; None outside a tenant's scope."""
    current = scope()
    return current if isinstance(current, UUID) else None


class TenantOwned(models.Model):
    """Base of every model whose rows belong to one tenant; its table has the policy `tenant_isolation`."""

    tenant = models.ForeignKey(
        TenantModel, verbose_name=_("tenant"), on_delete=models.PROTECT, related_name="+", db_index=False,
        default=tenant_in_scope, editable=False,
    )  # fmt: skip

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True


class Membership(TenantOwned):
    """A user's role in a tenant."""

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    created_at = models.DateTimeField(_("granted"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(TenantOwned):
    """An open invitation to a tenant; accepting or withdrawing it removes the row (tenants/services/invitations.py).

    What its link holds is computed from `seed` and SECRET_KEY: the database alone lets nobody in.
    """

    id = UUIDv7Field(primary_key=True)
    email = models.EmailField(_("e-mail"), max_length=255)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    seed = models.CharField(max_length=64, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, verbose_name=_("invited by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        editable=False,
    )  # fmt: skip
    expires_at = models.DateTimeField(_("expires"), editable=False)
    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)
    created_at = models.DateTimeField(_("invited"), auto_now_add=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["email"]
        constraints = [models.UniqueConstraint(fields=["tenant", "email"], name="one_invitation_per_address")]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"


class APIKey(TenantOwned):
    """A program's key: only its SHA-256 is stored, the key itself is shown once (domain.md, 17)."""

    id = UUIDv7Field(primary_key=True)
    key_name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        User, verbose_name=_("made by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    permissions = models.JSONField(_("scopes"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    expiry_date = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["key_name"]

    def __str__(self) -> str:
        return f"{self.key_name} ({self.prefix}…)"


class SystemConfig(models.Model):
    """A setting of the whole installation; a tenant's own settings stand over it (decision 20)."""

    id = UUIDv7Field(primary_key=True)
    config_key = models.CharField(_("key"), max_length=100, unique=True)
    config_value = models.TextField(_("value"), blank=True)
    config_type = models.CharField(_("type"), max_length=50, choices=ConfigType.choices, default=ConfigType.STRING)
    description = models.TextField(_("description"), blank=True)
    is_encrypted = models.BooleanField(_("encrypted"), default=False, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("system setting")
        verbose_name_plural = _("system settings")
        ordering = ["config_key"]

    def __str__(self) -> str:
        return self.config_key

    def clean(self) -> None:
        """Refuse a value that does not fit its type, or its setting."""
        try:
            tenant_settings.check_config(self.config_key, self.config_value, self.config_type)
        except ValueError as error:
            raise ValidationError({"config_value": str(error)}) from error


class WorkState(models.TextChoices):
    """Where a work row stands."""

    READY = "ready", _("ready")
    LEASED = "leased", _("being worked on")
    DONE = "done", _("done")
    DEAD = "dead", _("given up")
    HELD = "held", _("held after a restore")


class WorkItem(models.Model):
    """The durable row behind a task: ids only, no text (architecture.md, "Work that must not be lost")."""

    kind = models.CharField(_("kind"), max_length=20)
    dedupe_key = models.CharField(max_length=120, unique=True)
    tenant = models.ForeignKey(
        TenantModel, verbose_name=_("tenant"), on_delete=models.CASCADE, related_name="+", null=True, db_index=False,
        db_constraint=False,
    )  # fmt: skip
    ref_id = models.CharField(max_length=120)
    conversation = models.BigIntegerField(null=True)
    state = models.CharField(_("state"), max_length=6, choices=WorkState.choices, default=WorkState.READY)
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    rung_at = models.DateTimeField(_("last rung"), db_default=Now())
    attempts = models.SmallIntegerField(_("failures"), default=0)
    lost_leases = models.SmallIntegerField(_("lost leases"), default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(_("last error"), default="")
    request_id = models.CharField(max_length=64, db_default="", default="")  # of the request that wanted it, for logs
    created_at = models.DateTimeField(_("created"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("work row")
        verbose_name_plural = _("work rows")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(kind="turn", state="leased"),
                name="one_turn_per_conversation",
            )
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=models.Q(state="ready"), name="work_due"),
            models.Index(fields=["tenant", "run_after"], condition=models.Q(state="ready"), name="work_due_by_tenant"),
            models.Index(fields=["lease_until"], condition=models.Q(state="leased"), name="work_leased"),
            models.Index(fields=["lease_token"], condition=models.Q(state="leased"), name="work_lease_token"),
            models.Index(fields=["conversation"], condition=models.Q(state="ready"), name="work_conversation"),
            models.Index(fields=["finished_at"], condition=models.Q(state="done"), name="work_finished"),
            models.Index(fields=["kind"], condition=models.Q(state="dead"), name="work_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref_id} ({self.state})"


class DataKey(TenantOwned):
    """A key that seals a tenant's values, itself wrapped by a master key of the installation (tenants/encryption/)."""

    id = models.UUIDField(primary_key=True)  # made by the program: it is bound into the wrapping
    wrapped = models.TextField(editable=False)
    master_key = models.CharField(max_length=64, editable=False)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(is_current=True), name="one_current_data_key")
        ]

    def __str__(self) -> str:
        return str(self.id)


class IdempotencyRecord(TenantOwned):
    """The answer to a POST that named an Idempotency-Key: the same key and request get it again (api.md).

    Written in the transaction of the effect itself, so there is one exactly when the effect is there. Answers may show
    secrets and people's texts: they are sealed whatever the tenant's policy says of messages, and kept for a day.
    """

    id = models.UUIDField(primary_key=True)  # made by the program: it is bound into the sealed answer
    caller = models.CharField(max_length=100)
    key_hash = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    answer = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "caller", "key_hash"], name="one_answer_per_idempotency_key")
        ]
        indexes = [models.Index(fields=["tenant", "created_at"], name="stored_answer_age")]

    def __str__(self) -> str:
        return str(self.id)


class ExportMark(TenantOwned):
    """Up to which transaction a tenant's rows were exported (tenants/portable/marks.py)."""

    id = UUIDv7Field(primary_key=True)
    groups = models.CharField(max_length=100)
    transaction = models.BigIntegerField()
    cluster = models.BigIntegerField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("mark of an export")
        verbose_name_plural = _("marks of exports")
        constraints = [models.UniqueConstraint(fields=["tenant", "groups"], name="one_mark_per_kind_of_export")]

    def __str__(self) -> str:
        return self.groups


class Schedule(models.Model):
    """An entry of the schedules (tenants/services/schedules.py): when it ran, when it runs, and whether it may."""

    name = models.CharField(_("name"), max_length=100, primary_key=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    next_run = models.DateTimeField(_("next run"), null=True, blank=True, editable=False)
    last_run = models.DateTimeField(_("last run"), null=True, blank=True, editable=False)
    last_outcome = models.CharField(_("last outcome"), max_length=500, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
