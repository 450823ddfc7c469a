"""What a person is told when their conversation goes to the staff, and when somebody will be there."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from tenants.models import TenantModel
from tenants.services.business_hours import next_opening
from tenants.services.config import setting


def handover_notice(tenant: TenantModel, *, reason: str, language: str, now: datetime | None = None) -> str:
    """Return the honest sentence of an escalation in the person's language, with the next opening when it is closed."""
    with override(language or tenant.default_language):
        said = _sentence(reason)
        opening = opening_notice(tenant, now=now)
    return f"{said} {opening}" if opening else said


def opening_notice(tenant: TenantModel, *, now: datetime | None = None) -> str:
    """Return when the staff are there next, in the active language; empty while they are there."""
    hours = setting(tenant.pk, "business_hours")
    opening = next_opening(hours, tenant.timezone, now or timezone.now())
    if opening is None:
        return ""
    when = date_format(opening, _("l j F, H:i"))
    return _("Nobody is there right now; our team is back on %(when)s (%(zone)s).") % {
        "when": when,
        "zone": tenant.timezone,
    }


def _sentence(reason: str) -> str:
    sentences = {
        "requested": _("Of course, I am letting our team know so that a person can take over."),
        "negative_sentiment": _(
            "I am sorry about this. I have asked a person of our team to take over, so that it gets solved."
        ),
        "agent_unsure": _("I still cannot find the answer, so I have asked a person of our team to take over."),
        "rule": _("This is something for a person. I have asked our team to take over."),
        "reply_budget": _("We have been going round in circles. I have asked a person of our team to take over."),
    }
    failed = _("I am sorry, I cannot answer right now. I have asked a person of our team to take over.")
    return sentences.get(reason, failed)
