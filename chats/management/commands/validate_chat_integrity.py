"""validate_chat_integrity (commands.md)."""

from typing import Any

from django.utils.translation import gettext_lazy

from chats.validators import INTEGRITY
from metrics.management.validation import ValidationCommand


class Command(ValidationCommand):
    """See chats/validators.py."""

    help = gettext_lazy(
        "Find conversations whose numbers, counters, people or references are not right, and mend them."
    )  # type: ignore[assignment]

    def names(self, options: dict[str, Any]) -> list[str]:
        """Return the validators, in the order in which they mend."""
        return list(INTEGRITY)
