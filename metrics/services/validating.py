"""Running validators: page by page, each in a transaction of its own; one that breaks hides no other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from django.db import models, transaction

from metrics.validators import VALIDATORS, Keys, Validator

PAGE: Final = 2_000
SHOWN: Final = 10
logger = structlog.get_logger(__name__)


@dataclass
class Verdict:
    """What one validator found: how many rows are wrong, how many of them were mended, some of their names."""

    name: str
    says: str
    looked_at: int = 0
    found: int = 0
    mended: int = 0
    can_mend: bool = False
    rows: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def left(self) -> int:
        """Return how many rows are wrong still."""
        return self.found - self.mended

    @property
    def is_well(self) -> bool:
        """Tell whether nothing is wrong any more."""
        return not self.left and not self.error


def validators(*, module: str = "", of_tenants: bool) -> list[str]:
    """Return the names of an app's validators (all apps' without one), of tenants' rows or of the installation's."""
    return [
        name
        for name, entry in VALIDATORS.items()
        if entry.is_of_tenants == of_tenants and (not module or name.partition(".")[0] == module)
    ]


def validate(names: list[str], *, fix: bool = False, page: int = PAGE) -> Iterator[Verdict]:
    """Look at the rows in scope by each validator; with `fix` mend what can be mended. Yields one verdict each."""
    for name in names:
        entry = VALIDATORS[name]
        verdict = Verdict(name, str(entry.says), can_mend=entry.mend is not None)
        try:
            _examine(entry, verdict, fix=fix, page=page)
        except Exception as error:
            logger.exception("validator_failed", validator=name)
            verdict.error = f"{type(error).__name__}: {error}"
        yield verdict


def _examine(entry: Validator, verdict: Verdict, *, fix: bool, page: int) -> None:
    last: Any = None
    while True:
        with transaction.atomic():
            keys = _page(entry.model, last, page)
            if not keys:
                return
            wrong = entry.find(keys)
            _note(entry, verdict, wrong)
            if wrong and fix and entry.mend is not None:
                verdict.mended += entry.mend(wrong)
        verdict.looked_at += len(keys)
        last = keys[-1]


def _page(model: type[models.Model], last: Any, size: int) -> Keys:
    rows = model._default_manager.order_by("pk")
    if last is not None:
        rows = rows.filter(pk__gt=last)
    return list(rows.values_list("pk", flat=True)[:size])


def _note(entry: Validator, verdict: Verdict, wrong: Keys) -> None:
    verdict.found += len(wrong)
    if room := SHOWN - len(verdict.rows):
        rows = entry.model._default_manager.filter(pk__in=wrong[:room]).order_by("pk")
        verdict.rows += [str(name) for name in rows.values_list(entry.shown, flat=True)]
