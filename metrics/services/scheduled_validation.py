"""Validating by the clock (commands.md, `validate_system`): what is wrong is told, and nothing is changed."""

from collections.abc import Iterable
from typing import Final

from metrics.services.validating import Verdict, validate, validators
from tenants.services.schedules import FindingsError, once

# For the work row and the log, which are in English.
FINDINGS: Final = "manage.py validate_system finds something wrong: %(checks)s"


def validate_tenant() -> None:
    """Validate the current tenant's rows; FindingsError names the checks that found something or broke."""
    _raise_findings(validate(validators(of_tenants=True)))


def validate_installation() -> None:
    """Validate the rows that belong to no tenant, once for all tenants."""
    once(lambda: _raise_findings(validate(validators(of_tenants=False))))


def _raise_findings(verdicts: Iterable[Verdict]) -> None:
    wrong = [each for each in verdicts if not each.is_well]
    if wrong:
        names = ", ".join(f"{each.name} ({each.error or each.left})" for each in wrong)
        raise FindingsError(FINDINGS % {"checks": names})
