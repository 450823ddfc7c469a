"""The work that `metrics` brings: what is stored is validated every Sunday."""

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from metrics.services.scheduled_validation import validate_installation, validate_tenant
from tenants.services.schedules import SCHEDULES, ScheduleEntry

WEEK: Final = timedelta(days=7)
SUNDAY: Final = timedelta(days=3)  # the slots' first day, 1 January 1970, was a Thursday
SCHEDULES.add(
    "metrics.validate",
    ScheduleEntry(_("validate what is stored"), WEEK, validate_tenant, offset=SUNDAY + timedelta(hours=5)),
)
SCHEDULES.add(
    "metrics.validate_installation",
    ScheduleEntry(
        _("validate what belongs to no tenant"), WEEK, validate_installation,
        offset=SUNDAY + timedelta(hours=5), of_all=True,
    ),
)  # fmt: skip
