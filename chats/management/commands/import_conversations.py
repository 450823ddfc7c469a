"""Import conversations and contacts from Chatwoot, Zendesk and WhatsApp."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.conversation_imports.importing import SOURCES, Wanted, import_conversations
from chats.services.conversation_imports.storing import Report
from chats.services.conversation_imports.whatsapp import ORDERS
from tenants.management.base import TenantCommand
from tenants.management.reports import write_report
from tenants.scope import tenant_scope

TOLD: Final = 20
CAME: Final = ("contacts", "conversations", "messages", "known_messages")


class Command(TenantCommand):
    """See docs/importing.md."""

    help = gettext_lazy("Import conversations from Chatwoot, Zendesk or WhatsApp. Safe to run again.")  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to import, and how it is read."""
        super().add_arguments(parser)
        parser.add_argument("--source", required=True, choices=SOURCES, help=_("Where the files come from."))
        parser.add_argument(
            "--file", type=Path, action="append", required=True, help=_("An export; may be given often.")
        )
        parser.add_argument(
            "--own-name", action="append", default=[], help=_("WhatsApp: the name of one of yours in the chat.")
        )
        parser.add_argument(
            "--dates", choices=ORDERS, default="", help=_("WhatsApp: the order, if it is guessed wrong.")
        )
        parser.add_argument("--report", type=Path, help=_("Write a report of every problem to this file (JSON)."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Import one file after another and tell what came of each; the report's place is tried first."""
        if options["report"]:
            write_report(options["report"], {})
        reports: dict[str, Report] = {}
        with tenant_scope(self.tenant(options["tenant"])):
            for path in options["file"]:
                wanted = Wanted(options["source"], path, options["own_name"], options["dates"], options["dry_run"])
                report = reports.setdefault(str(path), Report())
                steps = import_conversations(wanted, report)
                for _items in self.progress(steps, total=None, label=path.name, silent=options["no_progress"]):
                    pass
        self._tell(reports, options)

    def _tell(self, reports: dict[str, Report], options: dict[str, Any]) -> None:
        told = {name: report.as_dict() for name, report in reports.items()}
        if options["report"]:
            write_report(options["report"], told)
        for name, report in reports.items():
            for problem in report.problems[:TOLD]:
                self.say(f"{name}:{problem.line}: {problem.message}")
        lines = [
            _("%(file)s: %(conversations)d conversations, %(contacts)d contacts, %(messages)d messages; "
              "%(known_messages)d messages were there, %(problems)d problems.") % {**one, "file": name}
            for name, one in told.items()
        ]  # fmt: skip
        old = sum(report.counts["beyond_retention"] for report in reports.values())
        if old:
            self.say(_("%(count)d conversations are older than the tenant keeps them: retention removes them.")
                     % {"count": old})  # fmt: skip
        dry = [_("Nothing was changed.")] if options["dry_run"] else []
        answer = {"dry_run": options["dry_run"], "files": told}
        self.result(answer, "\n".join([*lines, *dry]), as_json=options["json"])
        problems = sum(report.counts["problems"] for report in reports.values())
        if problems:
            came = any(report.counts[name] for report in reports.values() for name in CAME)
            rest = _("%(count)d problems; the rest was imported.")
            raise CommandError((rest if came else _("%(count)d problems; nothing came of it.")) % {"count": problems})
