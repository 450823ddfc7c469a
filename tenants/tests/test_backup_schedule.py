"""The backup of every night."""

from pathlib import Path
from typing import Any

import pytest

from tenants.backup_models import Backup
from tenants.backups import scheduled
from tenants.backups.errors import BackupError
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, tenant_scope
from tenants.services.schedules import SCHEDULES
from tenants.tests.test_restoring import folder

__all__ = ["folder"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Prove by reading alone: the drill has a test of its own."""
    monkeypatch.setattr(scheduled, "RESTORE", "whole")


def run(tenant: TenantModel) -> None:
    """Run the slot of one tenant, as a worker does."""
    with tenant_scope(tenant):
        SCHEDULES["tenants.backup"].run()


def test_one_backup_is_made_however_many_tenants_there_are(
    tenant: TenantModel, neighbour: TenantModel, quick: None
) -> None:
    run(tenant)
    run(neighbour)
    made = Backup.objects.using(OPERATIONS).get()
    assert made.kind == "full"
    assert made.checked_at is not None


def test_a_backup_that_cannot_be_proved_is_told_of(tenant: TenantModel, quick: None, monkeypatch: Any) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise BackupError("no")

    monkeypatch.setattr("tenants.backups.records.prove", refuse)
    with pytest.raises(BackupError):
        run(tenant)
    assert Backup.objects.using(OPERATIONS).get().last_error == "no"
