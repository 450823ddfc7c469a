"""What the operator looks at first: disks, the database's size, and how the commands last did."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

MOST_TABLES: Final = 6
SCARCE: Final = 0.1
DATABASE: Final = "SELECT pg_database_size(current_database())"
TABLES: Final = """
SELECT c.relname, pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
ORDER BY bytes DESC LIMIT %s
"""


@dataclass(frozen=True)
class Disk:
    """A file system that holds something of Charla's; sizes in bytes."""

    holds: tuple[str, ...]
    total: int
    free: int

    @property
    def used_percent(self) -> int:
        """Return how full it is."""
        return round(100 * (self.total - self.free) / self.total) if self.total else 0

    @property
    def is_scarce(self) -> bool:
        """Whether less than a tenth is free."""
        return self.free < self.total * SCARCE


def disks() -> list[Disk]:
    """Return the file systems of this machine that hold files of Charla's, each once.

    What the file system keeps for itself is no part of it, as in `df`, and in the alert of `monitor_performance`.
    """
    found: dict[int, tuple[list[str], Path]] = {}
    folders = {_("files"): settings.MEDIA_ROOT, _("reports"): settings.REPORTS_DIR, _("logs"): settings.LOG_DIR}
    for name, folder in folders.items():
        place = _that_is_there(Path(folder))
        found.setdefault(place.stat().st_dev, ([], place))[0].append(name)
    sizes = [(names, shutil.disk_usage(place)) for names, place in found.values()]
    return [Disk(tuple(names), size.used + size.free, size.free) for names, size in sizes]


def _that_is_there(place: Path) -> Path:
    """Return a folder, or the nearest above it that exists."""
    return next(folder for folder in (place, *place.parents) if folder.exists())


def database_size() -> tuple[int, list[dict[str, Any]]]:
    """Return the database's size in bytes, and its largest tables with their indexes; rows as last estimated."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DATABASE)
        total: int = cursor.fetchone()[0]
        cursor.execute(TABLES, [MOST_TABLES])
        return total, [{"name": name, "bytes": size, "rows": rows} for name, size, rows in cursor.fetchall()]
