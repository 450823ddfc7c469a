"""What may be wrong with tenants, people's memberships and the installation's settings: `tenants` is below this app."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext_lazy as _

from metrics.validators import VALIDATORS, Keys, Validator, add_model_validators, mend_by_sql
from tenants.deletion_models import Deletion
from tenants.models import Role, SystemConfig, TenantModel, WorkItem
from tenants.scope import in_tenant
from tenants.services.tenant_settings import check_config, validate, validate_timezone
from tenants.services.work import WORK_KINDS

OWNED: Final = "SELECT EXISTS (SELECT FROM tenants_membership WHERE tenant_id = %s AND role = %s)"
# Rows of which nobody holds the lease any more wait for the sweeper; ones that wait for long have none.
STUCK: Final = """
SELECT id FROM tenants_workitem
WHERE id = ANY(%s) AND state = 'leased' AND lease_until < now() - interval '1 hour'
"""
READY: Final = """
UPDATE tenants_workitem SET state = 'ready', lease_token = NULL, lease_until = NULL, run_after = now()
WHERE id = ANY(%(keys)s) AND state = 'leased' AND lease_until < now() - interval '1 hour'
"""


def bad_settings(keys: Keys) -> Keys:
    """Return the tenants with a setting that is unknown or out of its range."""
    return [row.pk for row in _tenants(keys) if not _passes(validate, row.settings)]


def bad_zones(keys: Keys) -> Keys:
    """Return the tenants whose time zone does not exist."""
    return [row.pk for row in _tenants(keys) if not _passes(validate_timezone, row.timezone)]


def ownerless(keys: Keys) -> Keys:
    """Return the active tenants that nobody owns."""
    found = []
    for row in _tenants(keys):
        with in_tenant(row), connection.cursor() as cursor:
            cursor.execute(OWNED, [row.pk, Role.OWNER])
            if row.is_active and not cursor.fetchone()[0]:
                found.append(row.pk)
    return found


def bad_config(keys: Keys) -> Keys:
    """Return the settings of the installation whose value does not fit."""
    rows = SystemConfig.objects.filter(pk__in=keys).order_by("pk")
    return [row.pk for row in rows if not _passes(check_config, row.config_key, row.config_value, row.config_type)]


def strange_work(keys: Keys) -> Keys:
    """Return the work rows of a kind that nothing works off."""
    rows = WorkItem.objects.filter(pk__in=keys).exclude(kind__in=[*WORK_KINDS.entries]).exclude(state="done")
    return list(rows.values_list("pk", flat=True))


def stuck_work(keys: Keys) -> Keys:
    """Return the work rows whose lease ran out an hour ago."""
    with connection.cursor() as cursor:
        cursor.execute(STUCK, [keys])
        return [row[0] for row in cursor.fetchall()]


def _tenants(keys: Keys) -> Any:
    return TenantModel.objects.filter(pk__in=keys).order_by("pk")


def _passes(check: Any, *values: Any) -> bool:
    try:
        check(*values)
    except (ValidationError, ValueError):
        return False
    return True


add_model_validators("tenants", but=[Deletion])  # its rows are the operations role's alone, and point nowhere
VALIDATORS.add(
    "tenants.settings", Validator(_("tenants with a setting that cannot be"), TenantModel, bad_settings, None, "name")
)
VALIDATORS.add(
    "tenants.zones", Validator(_("tenants in a time zone that does not exist"), TenantModel, bad_zones, None, "name")
)
VALIDATORS.add("tenants.owners", Validator(_("tenants that nobody owns"), TenantModel, ownerless, None, "name"))
VALIDATORS.add(
    "tenants.config",
    Validator(_("system settings whose value does not fit"), SystemConfig, bad_config, None, "config_key"),
)
VALIDATORS.add("tenants.work", Validator(_("work rows of a kind that nothing works off"), WorkItem, strange_work))
VALIDATORS.add(
    "tenants.leases",
    Validator(_("work rows whose lease ran out an hour ago"), WorkItem, stuck_work, mend_by_sql(READY)),
)
