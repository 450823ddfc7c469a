"""What a deployment may have forgotten: a system check with a hint (style.md, "Examples")."""

from collections.abc import Sequence
from typing import Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections
from django.db.models import Q

from tenants.encryption.errors import SealError
from tenants.encryption.master_keys import first_master_key
from tenants.encryption.policy import ALL, OFF, SENSITIVE, policy_of
from tenants.models import TenantModel

MOST_NAMED: Final = 5
HINT: Final = (
    "Make one with  python3 -c 'import secrets; print(\"k1:\" + secrets.token_urlsafe(32))'  and give it to every"
    " process; keep it apart from the backups. A database that was encrypted before needs the keys that it had."
    " See docs/encryption.md."
)


def check_encryption_keys(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_options: object
) -> list[CheckMessage]:
    """Return an error where tenants' texts are to be encrypted and no key is there to do it (a database check).

    A warning where no tenant wants that: keys of programs, second factors and stored answers cannot be kept either.
    """
    if not databases or "default" not in databases:
        return []
    try:
        first_master_key()
    except SealError as error:
        if settings.ENCRYPTION_KEYS:
            return [Error(str(error), hint=HINT, id="charla.E002")]
    else:
        return []
    if names := _sealing_tenants():
        shown = ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
        hint = f"{HINT} Or let these tenants have the setting encryption_policy “{OFF}”."
        said = f"CHARLA_ENCRYPTION_KEYS is empty, and texts are to be encrypted of: {shown}."
        return [Error(said, hint, id="charla.E003")]
    return [Warning("CHARLA_ENCRYPTION_KEYS is empty: no secret of a tenant can be stored.", HINT, id="charla.W001")]


def _sealing_tenants() -> list[str]:
    """Return the names of active tenants whose policy encrypts, six at most; none before there are tables."""
    if TenantModel._meta.db_table not in connections["default"].introspection.table_names():
        return []
    sealing = Q(settings__encryption_policy__in=[SENSITIVE, ALL])
    if policy_of(None) != OFF:
        sealing |= Q(settings__encryption_policy__isnull=True)
    rows = TenantModel.objects.filter(sealing, is_active=True).order_by("name")
    return list(rows.values_list("name", flat=True)[: MOST_NAMED + 1])
