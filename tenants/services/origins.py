"""Which pages of the web may speak for a tenant: its setting `allowed_origins` (decision 29)."""

import re
from threading import Lock
from typing import Any, Final
from uuid import UUID

from cachetools import TTLCache, cached
from django.db import connection, transaction
from django.utils.translation import gettext as _

from tenants.services.config import FRESH_SECONDS, setting

MOST: Final = 100
ORIGIN: Final = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:\d{1,5})?")
EVERYBODYS: Final = """
SELECT DISTINCT jsonb_array_elements_text(settings->'allowed_origins') FROM tenants_tenantmodel
WHERE is_active AND jsonb_typeof(settings->'allowed_origins') = 'array'
"""
_known: TTLCache[Any, Any] = TTLCache(maxsize=1, ttl=FRESH_SECONDS)


def is_own(origin: str, host: str) -> bool:
    """Tell whether a page is one of this installation's own; an origin is what a stranger says, of whatever form."""
    place = origin.partition("://")[2]
    return bool(place) and place == host


def is_allowed(tenant_id: UUID, origin: str) -> bool:
    """Tell whether a tenant allows pages of an origin."""
    return origin in setting(tenant_id, "allowed_origins")


def is_allowed_by_any(origin: str) -> bool:
    """Tell whether some active tenant allows pages of an origin, while nobody has said which tenant is meant."""
    return origin in _everybodys()


def problem_of(origins: Any) -> str:
    """Return what is wrong with the setting, or an empty string."""
    if len(origins) > MOST:
        return _("at most %(most)s origins") % {"most": MOST}
    wrong = next((each for each in origins if not isinstance(each, str) or not ORIGIN.fullmatch(each)), None)
    if wrong is None:
        return ""
    return _("“%(origin)s” is no origin: write https://shop.example, in small letters and without a path") % {
        "origin": wrong
    }


@cached(_known, lock=Lock())
def _everybodys() -> frozenset[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EVERYBODYS)
        return frozenset(origin for (origin,) in cursor.fetchall())


def forget_origins() -> None:
    """Read anew at the next question: between tests."""
    _known.clear()
