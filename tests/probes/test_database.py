"""The second fence alone: what the application's role can do in SQL, in our scope, with a neighbour's rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from tenants.scope import in_tenant
from tests.probes.report import REPORT
from tests.probes.rows import relations, tenant_models
from tests.probes.world import World, rolled_back

MODELS = tenant_models()
each_table = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
SQL = "SQL as the application"
RELATIONS = [(model, field) for model, field, _target in relations()]


def changed(statement: str, *values: Any) -> int:
    """Run a statement in our scope; return how many rows it reached, 0 when the database refused."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            REPORT.probe(SQL, "not found" if cursor.rowcount <= 0 else "leaks")
            return int(cursor.rowcount)
    except DatabaseError:
        REPORT.probe(SQL, "refused")
        return 0


def reached(world: World, model: type[models.Model]) -> Iterator[str]:
    """Yield what could be done to a neighbour's rows of a table."""
    table, theirs = model._meta.db_table, str(world.theirs.id)
    keys = [row.pk for row in world.theirs.rows[model]]
    key = model._meta.pk.column
    if changed(f'SELECT 1 FROM "{table}" WHERE tenant_id = %s OR "{key}" = ANY(%s)', theirs, keys):
        yield "read"
    if changed(f'UPDATE "{table}" SET tenant_id = tenant_id WHERE "{key}" = ANY(%s)', keys):
        yield "changed"
    if changed(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s)', keys):
        yield "deleted"
    if changed(f'UPDATE "{table}" SET tenant_id = %s', theirs):
        yield "given away"
    columns = ", ".join(
        f'"{field.column}"' for field in model._meta.local_concrete_fields
        if not field.primary_key and field.column != "tenant_id" and not isinstance(field, models.GeneratedField)
    )  # fmt: skip
    with rolled_back():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        if _slipped_in(table, columns, theirs):
            yield "slipped in"


def _slipped_in(table: str, columns: str, theirs: str) -> bool:
    """Tell whether the policy lets a row in: it speaks before any unique constraint does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{table}" (tenant_id, {columns}) SELECT %s, {columns} FROM "{table}" LIMIT 1', [theirs]
            )
            is_in = bool(cursor.rowcount)
    except DatabaseError as error:
        is_in = "row-level security" not in str(error) and "immutable" not in str(error)
    REPORT.probe(SQL, "writes" if is_in else "refused")
    return is_in


@each_table
def test_a_neighbours_rows_cannot_be_reached_in_sql(world: World, model: type[models.Model]) -> None:
    assert world.theirs.rows[model], "the world has no row of it"
    with in_tenant(world.ours.id):
        assert list(reached(world, model)) == []
        transaction.set_rollback(True)


@each_table
def test_without_a_tenant_there_are_no_rows(world: World, model: type[models.Model]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE tenant_id IS NOT NULL')
        assert cursor.fetchall() == [(0,)]


def points_across(world: World, model: type[models.Model], field: Any) -> bool:
    """Tell whether a row of ours can be made to point to a neighbour's."""
    own, theirs = world.ours.rows[model][-1], world.theirs.spare[field.related_model]
    statement = f'UPDATE "{model._meta.db_table}" SET "{field.column}" = %s WHERE "{model._meta.pk.column}" = %s'
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement, [theirs, own.pk])
            assert cursor.rowcount == 1
    except IntegrityError as error:
        assert "foreign key" in str(error), error
        REPORT.probe(SQL, "refused")
        return False
    REPORT.probe(SQL, "writes")
    return True


@pytest.mark.parametrize(("model", "field"), RELATIONS, ids=lambda part: getattr(part, "name", None) or part.__name__)
def test_no_key_can_point_to_a_neighbours_row(world: World, model: type[models.Model], field: Any) -> None:
    with in_tenant(world.ours.id):
        assert not points_across(world, model, field)
        transaction.set_rollback(True)
