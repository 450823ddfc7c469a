"""validate_chat_content (commands.md)."""

from typing import Any

from django.utils.translation import gettext_lazy

from chats.validators import CONTENT
from metrics.management.validation import ValidationCommand


class Command(ValidationCommand):
    """See chats/validators.py."""

    help = gettext_lazy(
        "Find messages that are empty, too long, unreadable or not found by the search, and mend what can be mended."
    )  # type: ignore[assignment]

    def names(self, options: dict[str, Any]) -> list[str]:
        """Return the validators, in the order in which they mend."""
        return list(CONTENT)
