"""Setting an installation up: its operator, its first tenant, and what each app brings to a new tenant."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.validators import validate_email
from django.db import transaction

from tenants.lifecycle import TenantStep, demo_steps, init_steps
from tenants.models import Membership, Role, SystemConfig, TenantModel, User
from tenants.registry import Registry
from tenants.scope import in_tenant
from tenants.services.config import DEFAULTS
from tenants.services.config_values import ConfigType

DEMO_NAME = "La Hoja Contenta"
SYSTEM_CONFIG = {
    "default_model": (ConfigType.STRING, "The model that an agent without its own uses."),
    "max_conversation_length": (ConfigType.INTEGER, "Messages that a conversation holds at most."),
    "rate_limit_per_hour": (ConfigType.INTEGER, "Requests of a tenant in an hour."),
    "maintenance_mode": (ConfigType.BOOLEAN, "While true, writing is refused and the administration works."),
}


@dataclass(frozen=True)
class Administrator:
    """The operator; `password` only when one was made up just now: it is shown this once."""

    user: User
    created: bool
    password: str | None


@dataclass(frozen=True)
class Plan:
    """What setting up would find, and what it would do; `admin` is None where no operator is asked for."""

    tenant_exists: bool
    admin: str | None
    admin_exists: bool
    steps: tuple[str, ...]


def planned(name: str, *, email: str | None = None, demo: bool = False) -> Plan:
    """Look at what there is and change nothing. ValidationError for a bad name or address."""
    check_tenant_name(name)
    existing = _operator(email) if email else None
    if email and existing is None:
        validate_email(email)
    steps = (*(each for each, _step in init_steps.items()), *(each for each, _step in demo_steps.items() if demo))
    there = TenantModel.objects.filter(name=name).exists()
    return Plan(there, existing.email if existing else email, existing is not None, steps)


def _operator(email: str) -> User | None:
    return User.objects.filter(email=email.lower()).first() or User.objects.filter(is_superuser=True).first()


def ensure_administrator(*, email: str, password: str | None) -> Administrator:
    """Find the operator or make one; an existing one's password stays as it is. ValidationError for a bad address."""
    existing = _operator(email)
    if existing is not None:
        return Administrator(existing, created=False, password=None)
    validate_email(email)
    made_up = None if password else secrets.token_urlsafe(12)
    user = User.objects.create_superuser(email, password or made_up, first_name="", last_name="")
    return Administrator(user, created=True, password=made_up)


def check_tenant_name(name: str) -> None:
    """Raise ValidationError for a name that no tenant has and none may be given: file names and commands hold it."""
    if not TenantModel.objects.filter(name=name).exists():
        TenantModel(name=name).full_clean(validate_unique=False)


def ensure_tenant(name: str, *, admin: User | None) -> TenantModel:
    """Find the tenant or make it; the administrator, where one is given, owns it. ValidationError for a bad name."""
    check_tenant_name(name)
    with transaction.atomic():
        tenant, _created = TenantModel.objects.get_or_create(
            name=name,
            defaults={
                "display_name": name.replace("-", " ").title(),
                "admin": admin,
                "default_language": settings.LANGUAGE_CODE[:2],
            },
        )
    if admin is not None:
        with in_tenant(tenant):
            Membership.objects.get_or_create(user=admin, defaults={"role": Role.OWNER})
    return tenant


def dress_as_demo(tenant: TenantModel) -> None:
    """Give the demo tenant the shop's name, unless somebody gave it another."""
    if tenant.display_name == tenant.name.replace("-", " ").title():
        tenant.display_name, tenant.default_language = DEMO_NAME, "es"
        tenant.save(update_fields=["display_name", "default_language", "updated_at"])


def ensure_system_config() -> None:
    """Write the installation's settings that are not there yet, with their defaults."""
    for key, (kind, description) in SYSTEM_CONFIG.items():
        value = str(DEFAULTS[key]).lower() if kind == ConfigType.BOOLEAN else str(DEFAULTS[key])
        SystemConfig.objects.get_or_create(
            config_key=key, defaults={"config_value": value, "config_type": kind, "description": description}
        )


def init_steps_of(tenant: TenantModel) -> Iterator[str]:
    """Run what each app does for a new tenant, each step in a transaction of its own; yield the steps' names."""
    yield from _run(init_steps, tenant)


def demo_steps_of(tenant: TenantModel) -> Iterator[str]:
    """Run what each app brings to the demo, each step in a transaction of its own; yield the steps' names."""
    yield from _run(demo_steps, tenant)


def _run(steps: Registry[TenantStep], tenant: TenantModel) -> Iterator[str]:
    for name, step in steps.items():
        with in_tenant(tenant):
            step(tenant)
        yield name
