"""What made-up conversations are like: an ordinary month, a rush, years, few endless ones, personal data, anger."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@dataclass(frozen=True)
class Scenario:
    """Shares run from 0 to 1; `days` is how far back conversations begin, `length` their messages on average.

    `open_share` of those that somebody wrote in during the last day are still open.
    """

    label: "StrPromise"
    days: float = 90
    length: int = 20
    open_share: float = 0.5
    escalated_share: float = 0.08
    angry_share: float = 0.12
    sensitive_share: float = 0.03


SCENARIOS: Final = {
    "normal": Scenario(_("three months of ordinary days")),
    "high_load": Scenario(
        _("a rush: everybody has written within the last two hours, and most still wait"),
        days=2 / 24, length=8, open_share=0.9, escalated_share=0.2, angry_share=0.25,
    ),
    "history": Scenario(_("three years, most of them long over: for retention and archiving"), days=3 * 365),
    "long_chats": Scenario(_("few conversations of a thousand messages and more"), length=1_500, days=365),
    "sensitive": Scenario(_("personal data in every third message, so that much is encrypted"), sensitive_share=0.3),
    "escalations": Scenario(
        _("angry people, and many who wait for the staff"), angry_share=0.7, escalated_share=0.6, days=14,
    ),
}  # fmt: skip
