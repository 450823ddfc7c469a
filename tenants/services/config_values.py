"""The types that a setting of the installation may have, and how its text is read."""

import json
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


class ConfigType(models.TextChoices):
    """Types of SystemConfig.config_value (domain.md)."""

    STRING = "string", _("text")
    INTEGER = "integer", _("whole number")
    FLOAT = "float", _("number")
    BOOLEAN = "boolean", _("yes or no")
    JSON = "json", "JSON"


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in TRUE | FALSE:
        return word in TRUE
    raise ValueError(f"“{text}” is neither true nor false.")


PARSERS: dict[str, Any] = {
    ConfigType.STRING: str,
    ConfigType.INTEGER: int,
    ConfigType.FLOAT: float,
    ConfigType.BOOLEAN: _boolean,
    ConfigType.JSON: json.loads,
}


def parse_config_value(text: str, config_type: str) -> Any:
    """Return the value that a setting's text stands for; raise ValueError when it does not fit the type."""
    try:
        return PARSERS[config_type](text)
    except RecursionError as error:
        raise ValueError(str(error)) from error
