"""Export tenants' data to files: JSON or JSON Lines to import again, CSV and XML for other programs."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.portable.files import STANDARD_OUTPUT
from tenants.portable.formats import FORMATS
from tenants.portable.kinds import EXPORTED_TYPES, Group
from tenants.portable.reading import Wanted
from tenants.services.exporting import Exported, ExportOptions, export_tenant

ALL = "all"


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy("Export a tenant's data, in clear. The export itself is written to the audit log.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to export, how and whereto."""
        super().add_arguments(parser)
        parser.add_argument("--type", choices=[*EXPORTED_TYPES, ALL], default=ALL, help=_("What to export."))
        parser.add_argument("--format", choices=FORMATS, default="jsonl", help=_("Format; JSON can be imported again."))
        parser.add_argument("--from", type=_time, dest="begin", help=_("Begun since this day or time (UTC)."))
        parser.add_argument("--to", type=_time, dest="end", help=_("Begun before this day or time (UTC)."))
        parser.add_argument("--since-last", action="store_true", help=_("Only what changed since the last export."))
        parser.add_argument("--output", type=Path, help=_("A file, a folder, or - for standard output."))
        parser.add_argument("--compress", action="store_true", help=_("Compress with gzip."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Export each tenant and say what left."""
        if options["begin"] and options["end"] and options["end"] <= options["begin"]:
            raise CommandError(_("Nothing is before --to and not before --from: swap them?"), returncode=2)
        wanted = ExportOptions(
            groups=list(Group) if options["type"] == ALL else [Group(options["type"])],
            format=options["format"],
            wanted=Wanted(begin=options["begin"], end=options["end"]),
            since_last=options["since_last"],
            compress=options["compress"],
        )
        tenants = self.tenants(options)
        paths = _paths(tenants, wanted, options)
        done = {tenant.name: self._export(tenant, wanted, path, options) for tenant, path in paths}
        if options["output"] != STANDARD_OUTPUT:
            told = {name: exported.as_dict() for name, exported in done.items()}
            self.result({"exported": told}, "\n".join(_words(done)), as_json=options["json"])
        unreadable = sum(sum(exported.unreadable.values()) for exported in done.values())
        if unreadable:
            raise CommandError(
                _("%(count)s fields do not open with the keys in CHARLA_ENCRYPTION_KEYS; they are marked.")
                % {"count": unreadable}
            )

    def _export(self, tenant: TenantModel, wanted: ExportOptions, path: Path, options: dict[str, Any]) -> Exported:
        def watch(steps: Iterator[int], total: int, label: str) -> Iterator[int]:
            return self.progress(steps, total=total, label=f"{tenant.name}: {label}", silent=options["no_progress"])

        try:
            return export_tenant(tenant, wanted, path, watch)
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be written: %(error)s.") % {"path": path, "error": error.strerror}
            ) from error


def _time(text: str) -> datetime:
    """Read a day or a time; UTC unless it says otherwise."""
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)  # noqa: DTZ001 - below
    except ValueError:  # written as one, but there is no such day
        moment = None
    if moment is None:
        raise ArgumentTypeError(_("“%(text)s” is no day or time: write it as 2026-01-31.") % {"text": text})
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _paths(
    tenants: list[TenantModel], wanted: ExportOptions, options: dict[str, Any]
) -> list[tuple[TenantModel, Path]]:
    """Return where each tenant's export goes: the file that was named, or a new name in the folder."""
    output = options["output"]
    is_file = output is not None and (output == STANDARD_OUTPUT or (output.suffix and not output.is_dir()))
    if not is_file:
        folder = output or Path(settings.EXPORT_DIRECTORY)
        ending = wanted.ending if wanted.is_one_file else ""
        name = f"{options['type']}-{timezone.now():%Y%m%dT%H%M%SZ}{ending}"
        return [(tenant, folder / f"{tenant.name}-{name}") for tenant in tenants]
    if len(tenants) > 1 or not wanted.is_one_file:
        raise CommandError(_("Name a folder: this export is more than one file."), returncode=2)
    if output == STANDARD_OUTPUT and options["json"]:
        raise CommandError(_("With --json standard output is taken: name a file or a folder."), returncode=2)
    return [(tenants[0], output)]


def _words(done: dict[str, Exported]) -> Iterator[str]:
    for name, exported in done.items():
        yield _("%(tenant)s: %(count)s records in %(path)s (%(megabytes).1f MB).") % {
            "tenant": name, "count": exported.counts.total(), "path": exported.path,
            "megabytes": exported.bytes / 1_000_000,
        }  # fmt: skip
        yield from (f"  {kind}: {count}" for kind, count in exported.counts.items())
