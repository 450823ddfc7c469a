"""What follows a commit and may fail without taking anything with it."""

from collections.abc import Callable
from typing import Any

from django.db import transaction


def call_after_commit(function: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    """Call a function once the current transaction is committed; its failure is logged by Django and goes no further.

    Not with functools.partial: Django names what failed by its `__qualname__`, which a partial does not have, and the
    failure would reach whoever committed.
    """

    def call() -> None:
        function(*arguments, **named)

    call.__qualname__ = function.__qualname__
    transaction.on_commit(call, robust=True)
