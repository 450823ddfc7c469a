"""How long a reply waits for the rest of what a person writes: the setting `response_debounce` (decision 8).

A number of seconds for all channels, or an object by channel, `{"whatsapp": 5}`. People on messaging channels send
their thought in pieces; on the web and through the API they send it whole.
"""

from typing import Any, Final

from django.utils.translation import gettext as _

DEFAULTS: Final = {"whatsapp": 3.0}
LONGEST: Final = 60
# Somebody who never stops writing is answered after as many times the debounce: more than a burst of twenty lasts.
STEADY_STREAM: Final = 20


def debounce_of(value: float | dict[str, float], channel: str) -> float:
    """Return a channel's debounce in seconds, 0 for none."""
    if isinstance(value, dict):
        return float(value.get(channel, DEFAULTS.get(channel, 0)))
    return float(value)


def problem_of(value: Any) -> str:
    """Return what is wrong with a setting, or an empty string."""
    seconds = value.values() if isinstance(value, dict) else (value,)
    if not all(_is_in_range(each) for each in seconds):
        return _("use seconds from 0 to %(longest)s, or an object of them by channel") % {"longest": LONGEST}
    return ""


def _is_in_range(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST
