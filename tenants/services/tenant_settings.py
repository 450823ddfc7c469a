"""The typed schema of TenantModel.settings: what a tenant may set, and what holds when it says nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.services import business_hours, debounce, escalation_rules, origins
from tenants.services.config_values import parse_config_value


@dataclass(frozen=True)
class Setting:
    """One setting: its Python type, and its bounds where it is a number."""

    kind: type | tuple[type, ...]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    check: Callable[[Any], str] = lambda value: ""

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value, or an empty string."""
        is_bool_for_number = isinstance(value, bool) and self.kind is not bool
        if not isinstance(value, self.kind) or is_bool_for_number:
            kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
            return _("must be of type %(kind)s") % {"kind": ", ".join(kind.__name__ for kind in kinds)}
        if self.choices and value not in self.choices:
            return _("must be one of %(choices)s") % {"choices": ", ".join(self.choices)}
        number: Any = value
        if self.minimum is not None and number < self.minimum:
            return _("must be at least %(minimum)s") % {"minimum": self.minimum}
        if self.maximum is not None and number > self.maximum:
            return _("must be at most %(maximum)s") % {"maximum": self.maximum}
        return self.check(value)


def _unknown_of(values: list[Any], known: tuple[str, ...]) -> str:
    wrong = [value for value in values if value not in known]
    return _("may hold %(choices)s") % {"choices": ", ".join(known)} if wrong else ""


SCHEMA: dict[str, Setting] = {
    "response_debounce": Setting((int, float, dict), check=debounce.problem_of),
    "reply_budget_per_hour": Setting(int, 1, 1_000),
    "complete_after_hours": Setting(int, 1, 8_760),
    "archive_after_hours": Setting(int, 0, 8_760),
    "sentiment_analyzer": Setting(str, choices=("automatic", "lexical", "trained", "model", "transformers")),
    "intent_threshold": Setting((int, float), 0, 1),
    "session_timeout": Setting(int, 60, 30 * 86_400),
    "message_retention_days": Setting(int, 1, 36_500),
    "file_retention_days": Setting(int, 1, 36_500),
    "analysis_retention_days": Setting(int, 1, 36_500),
    "log_retention_days": Setting(int, 1, 36_500),
    "encryption_policy": Setting(str, choices=("off", "sensitive", "all")),
    "escalation_rules": Setting(dict, check=escalation_rules.problem_of),
    "business_hours": Setting(dict, check=business_hours.problem_of),
    "allowed_origins": Setting(list, check=origins.problem_of),
    "rate_limit_per_hour": Setting(int, 1, 10_000_000),
    "key_rate_limit_per_hour": Setting(int, 1, 10_000_000),
    "visitor_rate_limit_per_hour": Setting(int, 1, 10_000_000),
    "socket_limit": Setting(int, 1, 1_000_000),
    "key_socket_limit": Setting(int, 1, 1_000_000),
    "visitor_socket_limit": Setting(int, 1, 1_000_000),
    "max_conversation_length": Setting(int, 1, 10_000_000),
    "scheduled_reports": Setting(list, check=lambda periods: _unknown_of(periods, ("daily", "weekly", "monthly"))),
}

# What the operator sets for the whole installation and no tenant for itself.
INSTALLATIONS = {
    "default_model": Setting(str),
    "maintenance_mode": Setting(bool),
    "address_rate_limit_per_hour": Setting(int, 1, 10_000_000),
}

# What a tenant may use up: its owners' to set (decision 28).
QUOTAS = frozenset(
    {
        "rate_limit_per_hour",
        "key_rate_limit_per_hour",
        "visitor_rate_limit_per_hour",
        "socket_limit",
        "key_socket_limit",
        "visitor_socket_limit",
        "max_conversation_length",
    }
)


def validate(settings: Any) -> None:
    """Raise ValidationError naming each setting that is unknown or out of range."""
    if not isinstance(settings, dict):
        raise ValidationError(_("Settings must be a JSON object."))
    problems = [
        f"{key}: {problem}"
        for key, value in settings.items()
        if (problem := SCHEMA[key].problem(value) if key in SCHEMA else _("is not a known setting"))
    ]
    if problems:
        raise ValidationError(problems)


def validate_timezone(name: str) -> None:
    """Raise ValidationError for a name that the time zone database does not know."""
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone “%(name)s”.") % {"name": name})


def check_config(key: str, text: str, config_type: str) -> None:
    """Raise ValueError for text that is not of its type, and for a value by which a known setting would not work."""
    value = parse_config_value(text, config_type)
    known = SCHEMA.get(key) or INSTALLATIONS.get(key)
    if known is not None and (problem := known.problem(value)):
        raise ValueError(f"{key}: {problem}")
