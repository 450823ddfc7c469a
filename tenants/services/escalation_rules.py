"""A tenant's rules for handing a conversation to its staff: the setting `escalation_rules`, over these defaults."""

from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class EscalationRules:
    """When the agent should stop.

    `very_negative`: a score (−1…0) at or below which one message is enough. `negative_messages`, `unsure_replies`: how
    many in a row are enough, 0 for never. `keywords`: words or phrases, without regard to case and accents.
    `intents`: names of intents that are for a person.
    """

    on_request: bool = True
    very_negative: float = -0.7
    negative_messages: int = 3
    unsure_replies: int = 2
    keywords: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()


def rules_of(value: dict[str, Any]) -> EscalationRules:
    """Return the rules that a tenant's setting makes, defaults where it says nothing."""
    own: dict[str, Any] = {name: tuple(given) if isinstance(given, list) else given for name, given in value.items()}
    return EscalationRules(**own)


def problem_of(value: dict[str, Any]) -> str:
    """Return what is wrong with a setting, or an empty string."""
    known = {field.name: field.default for field in fields(EscalationRules)}
    for name, given in value.items():
        if name not in known:
            return _("“%(name)s” is not one of %(names)s") % {"name": name, "names": ", ".join(known)}
        if problem := _problem(name, given, known[name]):
            return f"{name}: {problem}"
    return ""


def _problem(name: str, given: Any, default: Any) -> str:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if isinstance(default, bool):
        return "" if isinstance(given, bool) else _("use true or false")
    if isinstance(default, tuple):
        is_list = isinstance(given, list) and all(isinstance(item, str) and item.strip() for item in given)
        return "" if is_list else _("use a list of words")
    if name == "very_negative":
        return "" if is_number and -1 <= given <= 0 else _("use a number from -1 to 0")
    return "" if is_number and isinstance(given, int) and 0 <= given <= 20 else _("use a whole number from 0 to 20")
