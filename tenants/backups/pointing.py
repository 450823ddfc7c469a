"""Letting Django's connections of this process lead to another database for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections

from tenants.scope import OPERATIONS

ADDRESS: Final = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


@contextmanager
def pointed_at(database: str) -> Iterator[None]:
    """Lead both connections to another database of the same server, under their own roles."""
    with _with({alias: {"NAME": database} for alias in (DEFAULT_DB_ALIAS, OPERATIONS)}):
        yield


@contextmanager
def as_owner_of(known: dict[str, Any]) -> Iterator[None]:
    """Lead the default connection to where `known` (libpq's words) leads: for migrating, as the owner alone may."""
    with _with({DEFAULT_DB_ALIAS: {name: str(known.get(key, "")) for key, name in ADDRESS.items()}}):
        yield


@contextmanager
def _with(changes: dict[str, dict[str, str]]) -> Iterator[None]:
    kept = {alias: dict(connections[alias].settings_dict) for alias in changes}
    _change(changes)
    try:
        yield
    finally:
        _change({alias: {name: kept[alias][name] for name in changed} for alias, changed in changes.items()})


def _change(changes: dict[str, dict[str, str]]) -> None:
    for alias, changed in changes.items():
        connections[alias].close()
        connections[alias].settings_dict.update(changed)
