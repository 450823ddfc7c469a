"""Statements that the server keeps planned: for the few that run with every message, never for a query of lists.

Under the policies planning an INSERT costs PostgreSQL as much as running it. A kept plan is made once for all values,
so a statement belongs here only when one plan is right for each of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.backends.postgresql import base

_prepared: ContextVar[bool] = ContextVar("charla_prepared_statements", default=False)


class PreparedCursor(base.ServerBindingCursor):  # type: ignore[name-defined]
    """A cursor that sends values apart from the statement and lets the server keep its plan from the first time on."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run one statement."""
        return super().execute(query, params, **{"prepare": True, **options})


@contextmanager
def prepared_statements() -> Iterator[None]:
    """Prepare what runs in this block, the ORM's statements included (see DATABASE_PREPARE for poolers without it)."""
    token = _prepared.set(True)
    try:
        yield
    finally:
        _prepared.reset(token)


def are_prepared() -> bool:
    """Tell the database backend whether the statement at hand is one to be kept planned."""
    return _prepared.get()
