"""What a migration's counts and states are called for people."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy

WORDS: Final = {
    "contacts_made": gettext_lazy("contacts made"),
    "contacts_changed": gettext_lazy("contacts changed"),
    "contacts_kept": gettext_lazy("contacts kept for their conversations"),
    "contacts_put_back": gettext_lazy("contacts put back"),
    "contacts_removed": gettext_lazy("contacts removed"),
    "threads_made": gettext_lazy("threads made"),
    "threads_changed": gettext_lazy("threads changed"),
    "threads_put_back": gettext_lazy("threads put back"),
    "threads_removed": gettext_lazy("threads removed"),
    "states_made": gettext_lazy("states made"),
    "states_changed": gettext_lazy("states changed"),
    "states_put_back": gettext_lazy("states put back"),
    "states_removed": gettext_lazy("states removed"),
    "gone_already": gettext_lazy("gone already"),
    "done": gettext_lazy("done"),
    "cut off": gettext_lazy("cut off"),
    "undone": gettext_lazy("undone"),
}


def counted(counts: Mapping[str, Any]) -> str:
    """Return counts in words, those that are named here."""
    return ", ".join(f"{WORDS[name]} {counts[name]}" for name in WORDS if isinstance(counts.get(name), int))
