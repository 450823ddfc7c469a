"""One tenant's rows: what belongs to it, and what it cannot be without (the people and models that it names)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg import sql

from tenants.backups import catalogue
from tenants.backups.catalogue import Table
from tenants.backups.connecting import Connection

TENANTS: Final = "tenants_tenantmodel"
# The log says what happened here; no backup unsays it (decision 13).
STAYS: Final = frozenset({"audit_auditlog", "audit_auditarchive"})
# Single-column keys from tenants' tables to those of the installation.
REFERENCES: Final = """
SELECT f.relname, k.attname, t.relname, a.attname
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
JOIN pg_class f ON f.oid = c.confrelid JOIN pg_attribute k ON k.attrelid = f.oid AND k.attnum = c.confkey[1]
WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND t.relnamespace = 'public'::regnamespace
ORDER BY 1, 3, 4
"""
WITH_INSERT_TRIGGERS: Final = """
SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 4 <> 0 AND tgtype & 2 = 0
"""


@dataclass(frozen=True)
class Wanted:
    """Some rows of a table."""

    table: Table
    where: sql.Composable


def own(connection: Connection, tenant_id: UUID) -> list[Wanted]:
    """Return what belongs to the tenant: to be replaced as a whole."""
    mine = sql.SQL("t.tenant_id = {}").format(sql.Literal(tenant_id))
    return [
        Wanted(table, mine) for table in catalogue.tables(connection) if table.is_tenants and table.name not in STAYS
    ]


def itself(connection: Connection, tenant_id: UUID) -> Wanted:
    """Return the tenant's own row."""
    (table,) = [table for table in catalogue.tables(connection) if table.name == TENANTS]
    return Wanted(table, sql.SQL("t.id = {}").format(sql.Literal(tenant_id)))


def named(connection: Connection, tenant_id: UUID) -> list[Wanted]:
    """Return the installation's rows that the tenant's rows point to: to be there, and never to be changed."""
    tables = {table.name: table for table in catalogue.tables(connection)}
    asked: dict[tuple[str, str], list[sql.Composable]] = {}
    for target, key, source, column in connection.execute(REFERENCES).fetchall():
        holder = tables.get(source)
        if holder is None or target == TENANTS or tables[target].is_tenants or not _points(holder):
            continue
        where = sql.SQL("id = {}" if holder.name == TENANTS else "tenant_id = {}")
        asked.setdefault((target, key), []).append(
            sql.SQL("SELECT {} FROM {} WHERE " ).format(sql.Identifier(column), sql.Identifier("public", source))
            + where.format(sql.Literal(tenant_id))
        )  # fmt: skip
    return [
        Wanted(tables[target], sql.SQL("t.{} IN ({})").format(sql.Identifier(key), sql.SQL(" UNION ").join(queries)))
        for (target, key), queries in sorted(asked.items())
    ]


def named_tables(connection: Connection) -> set[str]:
    """Return the names of the installation's tables that tenants' rows point to."""
    tables = {table.name: table for table in catalogue.tables(connection)}
    return {
        target for target, _key, source, _column in connection.execute(REFERENCES).fetchall()
        if target != TENANTS and source in tables and _points(tables[source]) and not tables[target].is_tenants
    }  # fmt: skip


def _points(holder: Table) -> bool:
    return holder.name == TENANTS or (holder.is_tenants and holder.name not in STAYS)


def with_insert_triggers(connection: Connection) -> set[str]:
    """Return the tables whose triggers write to others when rows are added."""
    return {name.strip('"') for (name,) in connection.execute(WITH_INSERT_TRIGGERS).fetchall()}
