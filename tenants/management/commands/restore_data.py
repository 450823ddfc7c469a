"""Restore a backup, all or nothing; release what was held back after it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Reach
from tenants.backups import copies, proving, quarantine, records
from tenants.backups.errors import BackupError
from tenants.backups.restoring import Restored, restore
from tenants.backups.tenant_restore import restore_tenant
from tenants.management.base import TenantCommand
from tenants.management.telling import steps


class Command(TenantCommand):
    """Into a new database that takes the old one's place when it is whole."""

    help = gettext_lazy("Restore a backup. What it would send out is held until --release.")  # type: ignore[assignment]
    changes_data = True
    charla_reach = Reach.INSTALLATION

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", metavar="FILE", help=_("The backup."))
        parser.add_argument("--into", default="", metavar="NAME", help=_("Make a database of this name; swap nothing."))
        parser.add_argument("--verify-only", action="store_true", help=_("Read all of it; change nothing."))
        parser.add_argument("--release", action="store_true", help=_("Send out what was held after a restore."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for."""
        try:
            if options["release"]:
                self._release(options)
            elif not options["file"]:
                raise CommandError(_("Name the backup, or --release."), returncode=2)
            elif options["verify_only"] or options["dry_run"]:
                self._verify(copies.at_hand(Path(options["file"])), options)
            else:
                self._restore(copies.at_hand(Path(options["file"])), options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _restore(self, path: Path, options: dict[str, Any]) -> None:
        with steps(self, _("restore"), options) as told:
            if options["tenant"] == "all":
                done = restore(path, into=options["into"], told=told)
            elif options["into"]:
                raise CommandError(_("--into makes a whole database: leave --tenant out."), returncode=2)
            else:
                done = restore_tenant(path, options["tenant"], told=told)
        records.know_files()
        self.result(_told(done), self._words(done), as_json=options["json"])

    def _words(self, done: Restored) -> str:
        rows, held, lines = done.rows, done.held, []
        if done.database:
            lines = [_("Restored the backup of %(at)s (%(rows)d rows) into the database %(database)s.") % {
            "at": done.manifest.made_at[:19].replace("T", " "), "rows": rows, "database": done.database}]  # fmt: skip
        if done.former:
            lines.append(_("The former database is kept as %(name)s until the next restore.") % {"name": done.former})
        if done.migrated:
            lines.append(_("Migrations applied since the backup: %(count)d.") % {"count": done.migrated})
        if done.files or not (done.database or done.configuration):
            lines.append(_("Files put back: %(count)d.") % {"count": done.files})
        if done.configuration:
            lines.append(
                _("The configuration of then is in %(path)s: compare it, nothing was set.")
                % {"path": done.configuration}
            )
        lines += [f"  {name}: {count}" for name, count in done.steps.items() if count]
        if held:
            lines.append(
                _("%(count)d pieces of outgoing work are held: look, then run restore_data --release.")
                % {"count": held}
            )
        return "\n".join(lines)

    def _verify(self, path: Path, options: dict[str, Any]) -> None:
        with steps(self, _("verify"), options) as told:
            proof = proving.prove(path, depth=proving.WHOLE, told=told)
        said = _("%(path)s is whole: every byte was read and every digest is right.") % {"path": path}
        self.result({"path": path, "bytes": proof.size, "whole": True}, said, as_json=options["json"])

    def _release(self, options: dict[str, Any]) -> None:
        tenant = None if options["tenant"] == "all" else str(self.tenant(options["tenant"]).pk)
        waiting = quarantine.held(tenant)
        count = sum(waiting.values()) if options["dry_run"] else quarantine.release(tenant)
        words = _("%(count)d held rows would go out.") if options["dry_run"] else _("%(count)d held rows go out now.")
        self.result({"released": count, "held": waiting}, words % {"count": count}, as_json=options["json"])


def _told(done: Restored) -> dict[str, Any]:
    return {
        "id": done.manifest.id, "made_at": done.manifest.made_at, "database": done.database, "former": done.former,
        "held": done.held, "migrated": done.migrated, "steps": done.steps, "rows": done.rows,
        "files": done.files, "configuration": done.configuration,
    }  # fmt: skip
