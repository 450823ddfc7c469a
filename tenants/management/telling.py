"""Showing progress of work that calls back after each step, in place of being a loop of the command's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from tenants.management.base import CharlaCommand


@contextmanager
def steps(command: CharlaCommand, label: str, options: dict[str, Any]) -> Iterator[Callable[[str], None]]:
    """Yield what is to be called after each step."""
    shown = command.progress(repeat(None), total=None, label=label, silent=options["no_progress"])

    def told(_name: str) -> None:
        next(shown)

    try:
        yield told
    finally:
        shown.close()  # type: ignore[attr-defined]
