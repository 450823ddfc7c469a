"""The backup of every night: made, proved, and the old ones removed."""

import structlog

from tenants.backups import copies, records, retention
from tenants.backups.files import option
from tenants.backups.making import FULL, make
from tenants.backups.proving import RESTORE
from tenants.models import TenantModel
from tenants.scope import all_tenants, current_tenant_id

logger = structlog.get_logger(__name__)


def back_up() -> None:
    """Back everything up, restore it into a server of its own, and only then remove what is old.

    To be called across tenants. BackupError says what went wrong; what was made stays then, and so do the older ones.
    """
    made = make(kind=FULL)
    records.remember(made, encrypted=option("encryption"))
    try:
        copies.keep_copy(made.path)  # before the proof, which takes longer: a machine may burn meanwhile
    finally:
        records.proved(made.path, depth=RESTORE)
    removed = retention.remove_old()
    logger.info(
        "backup_made", path=str(made.path), size=made.size, seconds=round(made.seconds, 1), removed=len(removed)
    )


def back_up_once() -> None:
    """Back up in the slot of one tenant: schedules run for each tenant, and this is about all of them."""
    mine = current_tenant_id()
    with all_tenants():
        if TenantModel.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True).first() == mine:
            back_up()
