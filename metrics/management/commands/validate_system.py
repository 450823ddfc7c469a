"""validate_system: is what is stored consistent? Models, relations, settings, counters, sequences."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.management.validation import ValidationCommand
from metrics.services.validating import validators
from metrics.validators import VALIDATORS


class Command(ValidationCommand):
    """See commands.md."""

    help = gettext_lazy("Find inconsistencies in what is stored, and mend what can be mended safely.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--module`."""
        super().add_arguments(parser)
        modules = sorted({name.partition(".")[0] for name in VALIDATORS.entries})
        parser.add_argument("--module", choices=modules, default="", help=_("One app alone."))

    def names(self, options: dict[str, Any]) -> list[str]:
        """Return the app's validators, or all."""
        return validators(module=options["module"], of_tenants=True)

    def installations(self, options: dict[str, Any]) -> list[str]:
        """Return those of rows that belong to no tenant."""
        return validators(module=options["module"], of_tenants=False)
