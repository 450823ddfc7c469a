"""Tenants: the operator makes them, their administrators set them, their owners the quotas (decision 28)."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.commits import call_after_commit
from tenants.models import Role, TenantModel
from tenants.services.actors import AccessError, Actor
from tenants.services.config import forget_settings
from tenants.services.credentials import forget_credentials
from tenants.services.setup import init_steps_of
from tenants.services.tenant_settings import QUOTAS

OPERATORS: Final = frozenset({"name", "is_active"})


def merged(stored: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return settings after a change that names some of them; null takes one back to its default (RFC 7396)."""
    return {key: value for key, value in {**stored, **changes}.items() if value is not None}


def check_quotas(actor: Actor, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raise AccessError when somebody below an owner would change what the tenant may use up."""
    if any(before.get(key) != after.get(key) for key in QUOTAS):
        try:
            actor.needs(Role.OWNER)
        except AccessError as error:
            raise AccessError(error.code, _("Quotas are the owners' to set."), "settings") from error


def make_tenant(actor: Actor, **fields: Any) -> TenantModel:
    """Store a tenant, with what every tenant begins with."""
    if not actor.is_operator:
        raise AccessError("permission_denied", _("Only who runs the installation may do this."))
    with transaction.atomic():
        tenant = TenantModel(**fields)
        _store(tenant)
        actor.tell("tenant_created", tenant)
    list(init_steps_of(tenant))
    return tenant


def change_tenant(actor: Actor, tenant: TenantModel, changes: dict[str, Any]) -> None:
    """Change a tenant's values; `settings` names those to change, see merged()."""
    actor.needs(Role.ADMIN)
    if OPERATORS & changes.keys() and not actor.is_operator:
        raise AccessError("permission_denied", _("Only who runs the installation may do this."))
    with transaction.atomic():
        stored = TenantModel.objects.select_for_update().get(pk=tenant.pk)
        if "settings" in changes:
            changes = {**changes, "settings": merged(stored.settings, changes["settings"])}
            check_quotas(actor, stored.settings, changes["settings"])
        changed = [name for name, value in changes.items() if getattr(stored, name) != value]
        for name in changed:
            setattr(stored, name, changes[name])
            setattr(tenant, name, changes[name])
        _store(stored)
        if changed:
            actor.tell("tenant_changed", stored, changed=changed)


def suspend(actor: Actor, tenant: TenantModel) -> None:
    """Switch a tenant off: nobody but the operator reaches it, its sockets close; its rows go by retention."""
    actor.needs(Role.OWNER)
    with transaction.atomic():
        tenant.is_active = False
        tenant.save(update_fields=["is_active", "updated_at"])
        actor.tell("tenant_suspended", tenant)
        _read_anew()


def _store(tenant: TenantModel) -> None:
    try:
        tenant.full_clean(validate_unique=False)
        with transaction.atomic():
            tenant.save()
    except ValidationError as error:
        attr, problems = next(iter(error.message_dict.items()))
        raise AccessError("invalid", " ".join(problems), attr) from error
    except IntegrityError as error:
        raise AccessError("conflict", _("There is a tenant of this name already."), "name") from error
    _read_anew()


def _read_anew() -> None:
    call_after_commit(forget_settings)
    call_after_commit(forget_credentials)
