"""The proof of an erasure: the database is asked, column by column, whether anything still names the person."""

from typing import Any, Final

from django.db import connection
from psycopg import sql

from tenants.lifecycle import Person
from tenants.scope import current_tenant_id

SHORTEST: Final = 4  # shorter ids are found inside everything and prove nothing
# Overwritten after the proof, in the transaction that ends the erasure; the names to search for follow by triggers.
OWN_ROWS: Final = {
    "chats_contact": "id <> ALL(%(contacts)s)",
    "chats_chatmodel": "id <> ALL(%(chats)s)",
    "chats_searchname": "(contact_key = ANY(%(contacts)s) OR chat_key = ANY(%(chats)s)) IS NOT TRUE",
}
COLUMNS: Final = """
SELECT c.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position)
FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
  AND c.data_type IN ('text', 'character varying', 'jsonb')
  AND EXISTS (SELECT FROM information_schema.columns AS o
              WHERE o.table_schema = 'public' AND o.table_name = c.table_name AND o.column_name = 'tenant_id')
GROUP BY c.table_name ORDER BY c.table_name
"""


def leftovers(person: Person) -> dict[str, int]:
    """Return how many of the tenant's rows still name the person, by table; empty when none does.

    What is sealed cannot be read here: of the person's own texts nothing is left to be sealed.
    """
    wanted = [name for name in person.identifiers if len(name) >= SHORTEST]
    if not wanted:
        return {}
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "contacts": [person.contact_id],
        "chats": list(person.chats),
    }
    values |= {f"name{number}": name for number, name in enumerate(wanted)}
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, columns in cursor.fetchall():
            cursor.execute(_question(table, columns, len(wanted)), values)
            rows: int = cursor.fetchone()[0]
            if rows:
                found[table] = rows
    return found


def _question(table: str, columns: list[str], names: int) -> sql.Composed:
    """Return the query that counts a table's rows in which a column holds one of so many names."""
    holds = [
        sql.SQL("strpos(lower({}::text), lower({})) > 0").format(
            sql.Identifier(column), sql.Placeholder(f"name{number}")
        )
        for column in columns
        for number in range(names)
    ]
    own = sql.SQL(f" AND {OWN_ROWS[table]}" if table in OWN_ROWS else "")
    return sql.SQL("SELECT count(*) FROM {table} WHERE tenant_id = %(tenant)s{own} AND ({holds})").format(
        table=sql.Identifier(table), own=own, holds=sql.SQL(" OR ").join(holds)
    )
