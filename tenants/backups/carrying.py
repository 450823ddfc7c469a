"""What the current database knows better than any backup: it is taken along into the restored one.

Whoever was to be erased since the backup, and what is known of the backups themselves.
"""

from psycopg import sql

from tenants.backups import catalogue
from tenants.backups.connecting import Connection
from tenants.registry import Registry

CARRIED: Registry[str] = Registry("table that a restore takes along")
CARRIED.add("tenants_backup", "What is known of the backups.")


def carry_over(old: Connection, new: Connection) -> None:
    """Copy the old database's rows over the new one's; a table that either lacks, or of another shape, is left."""
    there = {table.name: table for table in catalogue.tables(old)}
    for table in catalogue.tables(new):
        if table.name not in CARRIED or there.get(table.name) != table:
            continue
        staged = sql.Identifier(f"carried_{table.name}"[:63])
        with new.transaction():
            new.execute(sql.SQL("CREATE TEMP TABLE {} (LIKE {}) ON COMMIT DROP").format(
                staged, sql.Identifier("public", table.name)))  # fmt: skip
            with old.cursor().copy(table.copy_out()) as source, new.cursor().copy(table.copy_in(staged)) as target:
                for row in source:
                    target.write(row)
            known = sql.SQL("WHERE EXISTS (SELECT FROM tenants_tenantmodel AS k WHERE k.id = s.tenant_id)")
            newer = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in table.columns]
            new.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} AS s {} ON CONFLICT ({}) DO UPDATE SET {}").format(
                    sql.Identifier("public", table.name), table.listed, table.listed, staged,
                    known if table.is_tenants else sql.SQL(""),
                    sql.SQL(", ").join(map(sql.Identifier, table.key)), sql.SQL(", ").join(newer),
                )
            )  # fmt: skip
