"""The work that `audit` brings: each night every tenant's chain is verified."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from audit.services.verifying import verify_or_raise
from tenants.services.schedules import SCHEDULES, ScheduleEntry

SCHEDULES.add(
    "audit.verify",
    ScheduleEntry(_("verify the audit log"), timedelta(days=1), verify_or_raise, offset=timedelta(hours=4)),
)
