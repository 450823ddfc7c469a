"""How long backups are kept (BACKUP_RETENTION_DAYS), and which stay however old they are."""

from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from tenants.backup_models import Backup
from tenants.backups.copies import remove_copies
from tenants.backups.files import Found, found, option
from tenants.backups.manifest import Manifest


def remove_old(now: datetime | None = None) -> list[Path]:
    """Remove backups that are older than they are to be kept; return their files.

    Of each sort (what it holds, of which tenant) the newest stays, and the newest that was proved restorable, with all
    that an increment stands on. A file that does not open is nobody's to remove. Copies go with their files.
    """
    before = (now or timezone.now()) - timedelta(days=option("retention_days"))
    there = [(one, one.manifest) for one in found() if one.manifest]
    proved = set(Backup.objects.filter(proved_at__isnull=False).values_list("pk", flat=True))
    kept = _with_bases(_kept({str(pk) for pk in proved}, there, before), there)
    removed = [(one, manifest) for one, manifest in there if manifest.id not in kept]
    remove_copies([one.path.name for one, _manifest in removed])  # first: what is not removed is tried again
    for one, _manifest in removed:
        one.path.unlink(missing_ok=True)
    Backup.objects.filter(pk__in=[manifest.id for _one, manifest in removed]).update(removed_at=timezone.now())
    return [one.path for one, _manifest in removed]


def _kept(proved: set[str], there: list[tuple[Found, Manifest]], before: datetime) -> set[str]:
    kept: set[str] = set()
    seen: set[tuple[str, str, bool]] = set()
    for _one, manifest in there:  # the newest first
        sort = (manifest.kind, manifest.tenant["name"] if manifest.tenant else "")
        for marked, counts in (((*sort, False), True), ((*sort, True), manifest.id in proved)):
            if counts and marked not in seen:
                seen.add(marked)
                kept.add(manifest.id)
        if datetime.fromisoformat(manifest.made_at) >= before:
            kept.add(manifest.id)
    return kept


def _with_bases(kept: set[str], there: list[tuple[Found, Manifest]]) -> set[str]:
    bases = {manifest.id: manifest.base for _one, manifest in there}
    for one in list(kept):
        base = bases.get(one, "")
        while base and base not in kept:
            kept.add(base)
            base = bases.get(base, "")
    return kept
