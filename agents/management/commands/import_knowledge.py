"""Import knowledge from files: CSV, JSON, JSON Lines, XML, Markdown, HTML and text, plain or gzipped."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.services.bases import base_for_import
from agents.services.importing.columns import read_mapping
from agents.services.importing.importer import (
    LENIENT,
    READERS,
    STRICT,
    Importer,
    ImportOptions,
    ImportReport,
    Watch,
    files_in,
)
from agents.services.importing.records import UnreadableFileError
from tenants.management.base import TenantCommand
from tenants.management.reports import write_report
from tenants.scope import tenant_scope

PROBLEMS_TOLD = 10


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy("Import knowledge from files into a knowledge base. Safe to run again.")  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to import, whereto and how."""
        super().add_arguments(parser)
        parser.add_argument("--file", type=Path, action="append", default=[], help=_("A file; may be given often."))
        parser.add_argument("--directory", type=Path, help=_("A folder: every file below it that can be imported."))
        parser.add_argument("--base", default="", help=_("Name of the knowledge base; made when missing."))
        parser.add_argument("--format", choices=sorted(READERS), default="", help=_("Format, if names do not tell."))
        parser.add_argument("--encoding", default="", help=_("Encoding, if it is guessed wrong."))
        parser.add_argument("--mapping", default="", help=_("Columns by name: title=Tema,content=Texto."))
        parser.add_argument("--level", choices=[STRICT, LENIENT], default="", help=_("IMPORT_VALIDATION_LEVEL."))
        parser.add_argument("--report", type=Path, help=_("Write a report of every problem to this file (JSON)."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, tell, and fail when a file was refused."""
        tenant = self.tenant(options["tenant"])
        paths = _paths(options)
        try:
            import_options = ImportOptions(
                format=options["format"],
                encoding=options["encoding"],
                mapping=read_mapping(options["mapping"]),
                level=options["level"],
                dry_run=options["dry_run"],
            )
        except UnreadableFileError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["report"]:
            write_report(options["report"], {})
        with tenant_scope(tenant):
            try:
                base, _created = base_for_import(options["base"], dry_run=options["dry_run"])
            except ValidationError as error:
                raise CommandError(" ".join(error.messages), returncode=2) from error
            report = Importer(base, import_options, self._watch(silent=options["no_progress"])).run(paths)
        if options["report"]:
            write_report(options["report"], report.as_dict())
        self._tell(report, options)

    def _watch(self, *, silent: bool) -> Watch:
        return lambda entries, name, total: self.progress(entries, total=total, label=name, silent=silent)

    def _tell(self, report: ImportReport, options: dict[str, Any]) -> None:
        stored, refused = report.stored, [file for file in report.files if file.refused]
        words = _("%(base)s: %(created)s new, %(updated)s changed, %(unchanged)s as they were, %(errors)s errors.") % {
            "base": report.base, "errors": report.errors, "created": stored.created, "updated": stored.updated,
            "unchanged": stored.unchanged,
        }  # fmt: skip
        for file in report.files:
            for problem in file.problems[:PROBLEMS_TOLD]:
                self.say(f"{file.file}:{problem.line}: {problem.message}")
            if len(file.problems) > PROBLEMS_TOLD:
                more = sum(file.counts[severity] for severity in ("error", "warning")) - PROBLEMS_TOLD
                self.say(f"{file.file}: " + _("and %(more)s more (see --report).") % {"more": more})
        self.result(report.as_dict(), words, as_json=options["json"])
        if refused:
            names = ", ".join(file.file for file in refused)
            raise CommandError(_("Nothing was imported from: %(names)s.") % {"names": names})


def _paths(options: dict[str, Any]) -> list[Path]:
    folder = options["directory"]
    missing = [path for path in [*options["file"], *([folder] if folder else [])] if not path.exists()]
    if missing:
        raise CommandError(_("There is no %(path)s.") % {"path": missing[0]})
    paths = [*options["file"], *(files_in(folder) if folder else [])]
    if not paths:
        raise CommandError(_("Name what to import with --file or --directory."), returncode=2)
    return paths
