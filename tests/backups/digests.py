"""What a database holds, table by table: to tell whether anything of it changed."""

from typing import Any

from tenants.backups.proving import digest
from tenants.backups.snapshot import snapshot


def digests(known: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the SHA-256 of each table's rows, of the installation's database or of another one."""
    with snapshot(known) as shot:
        return {table.name: digest(shot, table) for table in shot.tables()}


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    """Return the tables that are not the same in both."""
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}
