"""Figures that are counted once, day by day, so that a report reads days and not messages; and the reports kept."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chats.models import Contact
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class DayFigures(TenantOwned):
    """A day of the tenant's calendar, counted from its rows by `analysis.services.daily`, which says what is in it.

    It stays when the rows that it was counted from are removed by their retention.
    """

    id = UUIDv7Field(primary_key=True)
    day = models.DateField(_("day"))
    figures = models.JSONField(_("figures"), default=dict)
    counted_at = models.DateTimeField(_("counted"), db_default=Now())

    class Meta:
        verbose_name = _("day's figures")
        verbose_name_plural = _("days' figures")
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="day_counted_once")]

    def __str__(self) -> str:
        return f"{self.day}"


class UsageMetric(TenantOwned):
    """What one contact, or one person of the staff, used on a day (database-components.md, `usage_metrics`).

    Of a contact: their conversations with all that was said in them; of the staff: what the person wrote themselves.
    """

    id = UUIDv7Field(primary_key=True)
    contact = TenantForeignKey(
        Contact, verbose_name=_("contact"), null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        db_index=False,
    )  # fmt: skip
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), null=True, blank=True, on_delete=models.CASCADE,
        related_name="+", db_index=False,
    )  # fmt: skip
    date = models.DateField(_("day"))
    total_conversations = models.IntegerField(_("conversations"), default=0)
    total_messages = models.IntegerField(_("messages"), default=0)
    total_tokens = models.BigIntegerField(_("tokens"), default=0)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        indexes = [
            models.Index(fields=["user", "date"], name="idx_usage_metrics_user_date"),
            models.Index(fields=["contact", "date"], name="usage_of_contact"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "date", "contact"], name="contacts_usage_once_a_day"),
            models.UniqueConstraint(fields=["tenant", "date", "user"], name="persons_usage_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.contact_id or self.user_id}"


class ReportType(models.TextChoices):
    """What a report tells of."""

    USAGE = "usage", _("usage")
    PERFORMANCE = "performance", _("performance")
    AGENTS = "agents", _("agents")
    SATISFACTION = "satisfaction", _("satisfaction")
    ALL = "all", pgettext_lazy("report", "everything")


class ReportPeriod(models.TextChoices):
    """How long a stretch a report covers."""

    DAILY = "daily", pgettext_lazy("report", "day")
    WEEKLY = "weekly", pgettext_lazy("report", "week")
    MONTHLY = "monthly", pgettext_lazy("report", "month")


class Report(TenantOwned):
    """A report as it was when it was made: its figures, which every format and language is drawn from."""

    id = UUIDv7Field(primary_key=True)
    report_type = models.CharField(_("type"), max_length=12, choices=ReportType.choices)
    period = models.CharField(pgettext_lazy("report", "period"), max_length=7, choices=ReportPeriod.choices)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    data = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(pgettext_lazy("report", "made"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "report_type", "period", "first_day"], name="report_made_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_report_type_display()} {self.first_day} – {self.last_day}"
