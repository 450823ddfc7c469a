"""Make a report of usage, performance, agents or satisfaction, of a tenant or of the whole installation."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.models import ReportPeriod, ReportType
from analysis.reports.formats import FORMATS, file_name
from analysis.reports.sections import stretch_of, title_of, whose
from analysis.services.daily import count_days, today_in, uncounted
from analysis.services.report_mailing import NobodyError, NoMailServerError, mail_report, readers
from analysis.services.report_periods import Span
from analysis.services.reports import make_report
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.portable.files import new_file
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """See commands.md. `--tenant all` is one report of the whole installation, with a table of its tenants."""

    help = gettext_lazy("Make a report, with charts, of the last whole day, week or month.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to tell of, how, and to whom."""
        super().add_arguments(parser)
        parser.add_argument("--type", choices=ReportType.values, default="all", help=_("What to tell of."))
        parser.add_argument("--period", choices=ReportPeriod.values, default="monthly", help=_("The stretch of time."))
        parser.add_argument("--format", choices=FORMATS, default="html", help=_("The format of the file."))
        parser.add_argument(
            "--email", nargs="*", metavar="ADDRESS",
            help=_("Mail it, without addresses to the tenant's owners and administrators (of all: the operators)."),
        )  # fmt: skip
        parser.add_argument(
            "--output", help=_("A file or a folder; “-” is the standard output. Else the data folder's “reports”.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Count what is not counted yet, make the report, write and mail it."""
        tenants, whole = self.tenants(options), options["tenant"] == "all"
        zone = "UTC" if whole or not tenants else tenants[0].timezone
        span = Span.last_whole(ReportPeriod(options["period"]), today_in(zone))
        for tenant in tenants:
            self._count(tenant, span, silent=options["no_progress"])
        data = make_report(ReportType(options["type"]), span, tenants, whole=whole)
        language = options["lang"] or (None if whole else tenants[0].default_language) or translation.get_language()
        with translation.override(language):
            content = FORMATS[options["format"]].write(data)
            place = self._write(content, file_name(data, options["format"]), options["output"])
            mailed = self._mail(data, options, None if whole else tenants[0])
        if place is None:
            return
        words = [f"{title_of(data)} · {whose(data)} · {stretch_of(data)}", str(place)]
        words += [_("Mailed to %(addresses)s.") % {"addresses": ", ".join(mailed)}] if mailed else []
        told = {"file": str(place), "bytes": len(content), "mailed": mailed, "report": data}
        self.result(told, "\n".join(words), as_json=options["json"])

    def _count(self, tenant: TenantModel, span: Span, *, silent: bool) -> None:
        with tenant_scope(tenant):
            days = uncounted(span.needed_from, span.last)
            for _day in self.progress(count_days(days), total=len(days), label=tenant.name, silent=silent):
                pass

    def _write(self, content: bytes, name: str, output: str | None) -> Path | None:
        if output == "-":
            sys.stdout.buffer.write(content)
            return None
        target = Path(output) if output else settings.REPORTS_DIR
        if output is None or target.is_dir() or output.endswith("/"):
            target = target / name
        try:
            with new_file(target, compress=False) as file:
                file.write(content)
        except OSError as error:
            told = {"file": target, "error": error.strerror}
            raise CommandError(gettext_lazy("%(file)s cannot be written: %(error)s") % told) from error
        return target

    # Errors are put into words where they are shown: in the operator's language, not in the report's.
    def _mail(self, data: dict[str, Any], options: dict[str, Any], tenant: TenantModel | None) -> list[str]:
        if options["email"] is None:
            return []
        try:
            return mail_report(data, options["format"], options["email"] or readers(tenant))
        except NoMailServerError as error:
            raise CommandError(gettext_lazy("There is no mail server: set EMAIL_URL.")) from error
        except NobodyError as error:
            raise CommandError(gettext_lazy("There is nobody to mail it to: give --email an address.")) from error
        except (OSError, SMTPException) as error:
            raise CommandError(gettext_lazy("The mail was not sent: %(error)s") % {"error": error}) from error
