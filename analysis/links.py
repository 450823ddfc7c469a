"""Where a notification of a report leads to, and the file that goes with its e-mail."""

from uuid import UUID

from django.db import transaction
from django.urls import reverse

from analysis.reports.formats import FORMATS, file_name
from analysis.services.reports import report_of
from notifications.services.attachments import Attachment, notification_attachments
from notifications.services.links import notification_links


@notification_links.register("report_id")
def report_path(report_id: str) -> str:
    """Return the path of a report in the administration."""
    return reverse("admin:analysis_report_change", args=[report_id])


@notification_attachments.register("report_id")
def report_file(report_id: str) -> Attachment | None:
    """Return a report as a PDF; None when it is gone."""
    with transaction.atomic():
        report = report_of(UUID(report_id))
    if report is None:
        return None
    return Attachment(file_name(report.data, "pdf"), FORMATS["pdf"].write(report.data), "application/pdf")
