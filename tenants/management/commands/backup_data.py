"""Back the installation up, list its backups, or verify one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Reach
from tenants.backup_models import Backup
from tenants.backups import copies, files, proving, records
from tenants.backups.errors import BackupError
from tenants.backups.making import CONFIG, FULL, KINDS, Made, make
from tenants.management.base import TenantCommand
from tenants.management.telling import steps


class Command(TenantCommand):
    """Database, files and configuration; whole, or what changed since the last one."""

    help = gettext_lazy("Back up the installation: compressed, encrypted, with counts and digests.")  # type: ignore[assignment]
    changes_data = True
    charla_reach = Reach.INSTALLATION

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--type", choices=KINDS, default=FULL, help=_("What to back up."))
        parser.add_argument("--output", default="", help=_("A folder, or the file to write; else BACKUP_DIRECTORY."))
        parser.add_argument("--incremental", action="store_true", help=_("Only what changed since the one before."))
        parser.add_argument("--list", action="store_true", help=_("List the backups that there are."))
        parser.add_argument("--verify", metavar="FILE", help=_("Verify a backup."))
        parser.add_argument(
            "--depth", choices=proving.DEPTHS, default=proving.WHOLE,
            help=_("How far to verify: the table of contents, every byte, or a restore into a server of its own."),
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for."""
        try:
            if options["list"]:
                self._list(options)
            elif options["verify"]:
                self._verify(copies.at_hand(Path(options["verify"])), options)
            else:
                self._make(options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _make(self, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            said = _("A backup would be written to %(path)s.") % {"path": options["output"] or files.directory()}
            self.result({"dry_run": True}, said, as_json=options["json"])
            return
        tenant = None if options["tenant"] == "all" else self.tenant(options["tenant"])
        if tenant and options["incremental"]:
            raise CommandError(_("Increments are of the whole installation: leave --tenant out."), returncode=2)
        if tenant and options["type"] == CONFIG:
            raise CommandError(_("The configuration is the installation's: leave --tenant out."), returncode=2)
        if not options["output"]:
            copies.elsewhere()  # says that its library is missing before anything is written
        with steps(self, _("backup"), options) as told:
            made = make(
                kind=options["type"], tenant=tenant, incremental=options["incremental"], output=options["output"],
                told=told,
            )  # fmt: skip
        if made.reason:
            self.say(_("This is a full backup: %(reason)s") % {"reason": made.reason})
        records.remember(made, encrypted=files.option("encryption"))
        copy = "" if options["output"] else copies.keep_copy(made.path)
        self.result({**_told(made), "copy": copy}, self._words(made, copy), as_json=options["json"])

    def _words(self, made: Made, copy: str) -> str:
        said = _("%(path)s: %(size)s, %(rows)d rows of %(tables)d tables in %(seconds).1f s.") % {
            "path": made.path, "size": filesizeformat(made.size), "rows": made.rows,
            "tables": len(made.manifest.under("table/")), "seconds": made.seconds,
        }  # fmt: skip
        return f"{said}\n{_('Copied as %(name)s.') % {'name': copy}}" if copy else said

    def _list(self, options: dict[str, Any]) -> None:
        seen = files.found()
        known = {str(row.pk): row for row in Backup.objects.all()}
        rows, lines = [], []
        for one in seen:
            record = known.get(one.manifest.id) if one.manifest else None
            proved = record.proved_at if record else None
            rows.append({
                "path": one.path, "size": one.size, "error": one.reason, "proved_at": proved,
                **({"id": one.manifest.id, "type": one.manifest.kind, "made_at": one.manifest.made_at,
                    "tenant": one.manifest.tenant, "base": one.manifest.base} if one.manifest else {}),
            })  # fmt: skip
            state = one.reason or (
                _("proved restorable %(at)s") % {"at": f"{proved:%Y-%m-%d %H:%M}"} if proved else _("not proved yet")
            )
            lines.append(f"{one.path.name}  {filesizeformat(one.size)}  {state}")
        for name in copies.copied_names():
            if name not in {one.path.name for one in seen}:
                rows.append({"path": name, "is_elsewhere": True})
                lines.append(f"{name}  {_('elsewhere: restore_data fetches it by its name')}")
        none = _("There is no backup in %(folder)s.") % {"folder": files.directory()}
        self.result({"backups": rows}, "\n".join(lines) or none, as_json=options["json"])

    def _verify(self, path: Path, options: dict[str, Any]) -> None:
        with steps(self, _("verify"), options) as told:
            proof = records.proved(path, depth=options["depth"], told=told)
        told_by = {
            proving.QUICK: _("%(path)s opens, and its table of contents fits it."),
            proving.WHOLE: _("%(path)s is whole: every byte was read and every digest is right."),
            proving.RESTORE: _("%(path)s was restored into a server of its own: no difference in %(tables)d tables."),
        }[proof.depth]
        self.result(
            {"path": path, "depth": proof.depth, "bytes": proof.size, "tables": proof.tables, "whole": True},
            told_by % {"path": path, "tables": proof.tables}, as_json=options["json"],
        )  # fmt: skip


def _told(made: Made) -> dict[str, Any]:
    parts = {part.name: {"rows": part.rows, "sha256": part.sha256} for part in made.manifest.parts}
    return {
        "id": made.manifest.id, "path": made.path, "type": made.manifest.kind, "size": made.size, "rows": made.rows,
        "seconds": round(made.seconds, 3), "tenant": made.manifest.tenant, "base": made.manifest.base, "parts": parts,
    }  # fmt: skip
