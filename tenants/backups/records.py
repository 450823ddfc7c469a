"""The records of backups: what the administration shows, and what retention must not take away."""

from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.backup_models import Backup
from tenants.backups.errors import BackupError
from tenants.backups.files import found
from tenants.backups.making import Made, Told, silent
from tenants.backups.manifest import Manifest
from tenants.backups.proving import QUICK, RESTORE, Proof, prove

LONGEST_ERROR: Final = 500


def remember(made: Made, *, encrypted: bool) -> None:
    """Write down a backup that was made."""
    _known(made.manifest, made.path, made.size, seconds=made.seconds, is_encrypted=encrypted)


def know_files() -> None:
    """Write down what lies in the folder and is not known: after a restore the records are as old as the backup."""
    for one in found():
        if one.manifest and not Backup.objects.filter(pk=one.manifest.id, removed_at__isnull=True).exists():
            _known(one.manifest, one.path, one.size)


def note_proof(manifest: Manifest, path: Path, depth: str, error: str = "") -> None:
    """Note how a verification ended; a quick one says too little to be noted."""
    if depth == QUICK and not error:
        return
    now = timezone.now()
    row = _known(manifest, path, path.stat().st_size)
    row.last_error = error[:LONGEST_ERROR]
    if not error:
        row.checked_at = now
        row.proved_at = now if depth == RESTORE else row.proved_at
    row.save(update_fields=["last_error", "checked_at", "proved_at"])


def newest_proved() -> datetime | None:
    """Return when a backup that is there was last proved restorable; None when none ever was."""
    return Backup.objects.filter(proved_at__isnull=False, removed_at__isnull=True).order_by("-proved_at").values_list(
        "proved_at", flat=True
    ).first()  # fmt: skip


def _known(
    manifest: Manifest, path: Path, size: int, *, seconds: float = 0.0, is_encrypted: bool | None = None
) -> Backup:
    rows = sum(part.rows for part in manifest.under("table/"))
    fixed = {
        "kind": manifest.kind,
        "tenant_name": manifest.tenant["name"] if manifest.tenant else "",
        "base": UUID(manifest.base) if manifest.base else None,
        "row_count": rows,
        "program": manifest.program,
        "made_at": datetime.fromisoformat(manifest.made_at),
        "seconds": seconds,
    }
    if is_encrypted is not None:
        fixed["is_encrypted"] = is_encrypted
    with transaction.atomic():
        row, _made = Backup.objects.get_or_create(pk=UUID(manifest.id), defaults=fixed)
        row.path, row.size, row.removed_at = str(path), size, None
        row.save(update_fields=["path", "size", "removed_at"])
    return row


def proved(path: Path, *, depth: str, told: Told = silent) -> Proof:
    """Verify a backup and note how that ended; raises as prove() does."""
    try:
        proof = prove(path, depth=depth, told=told)
    except BackupError as error:
        Backup.objects.filter(path=str(path.absolute())).update(last_error=str(error)[:LONGEST_ERROR])
        raise
    note_proof(proof.manifest, path.absolute(), proof.depth)
    return proof
