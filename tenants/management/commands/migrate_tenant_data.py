"""Copy or move data from one tenant to another."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.access import Reach
from tenants.management.base import TenantCommand
from tenants.portable.kinds import Group
from tenants.portable.moving import LossError
from tenants.services.tenant_migration import Migrated, Migration, migrate

ALL = "all"
TYPES = (Group.AGENTS, Group.KNOWLEDGE, Group.SETTINGS, Group.CHATS)
# Agents name their knowledge, and conversations their agents.
IN_ORDER = (Group.SETTINGS, Group.KNOWLEDGE, Group.AGENTS, Group.CHATS)


class Command(TenantCommand):
    """See commands.md."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy("Copy data from one tenant to another, or move it. Safe to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add from where, to where, and what."""
        super(TenantCommand, self).add_arguments(parser)  # without --tenant: there are two
        parser.add_argument("--from", dest="source", help=_("Name of the tenant that has the data."))
        parser.add_argument("--to", dest="target", help=_("Name of the tenant that gets it."))
        parser.add_argument("--type", choices=[*TYPES, ALL], default=ALL, help=_("What to copy."))
        parser.add_argument("--move", action="store_true", help=_("Remove it from where it was."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy or move, and prove the counts."""
        if not options["source"] or not options["target"]:
            raise CommandError(_("Name both tenants: --from and --to."), returncode=2)
        source, target = self.tenant(options["source"]), self.tenant(options["target"])
        if source == target:
            raise CommandError(_("--from and --to are the same tenant."), returncode=2)
        groups = IN_ORDER if options["type"] == ALL else (Group(options["type"]),)
        wanted = Migration(source, target, groups, move=options["move"], dry_run=options["dry_run"])

        def watch(steps: Iterator[int], total: int | None, label: str) -> Iterator[int]:
            return self.progress(steps, total=total, label=label, silent=options["no_progress"])

        try:
            done = migrate(wanted, watch)
        except LossError as error:
            raise CommandError(str(error)) from error
        self.result(done.as_dict(), "\n".join(_words(done, wanted)), as_json=options["json"])
        for problem in done.bad[:10]:
            self.say(problem)
        if done.missing:
            raise CommandError(_("The counts do not fit: see what could not be stored."))


def _words(done: Migrated, wanted: Migration) -> Iterator[str]:
    if wanted.dry_run:
        yield _("Nothing was changed. There would be:")
    for kind, count in done.source.items():
        told = {"kind": kind, "count": count, "created": done.created[kind], "skipped": done.skipped[kind]}
        if count:
            yield _("%(kind)s: %(count)s, of them %(created)s new in the target, %(skipped)s there already.") % told
    if done.unlinked.total():
        names = ", ".join(f"{kind} {count}" for kind, count in done.unlinked.items() if count)
        yield _("Left empty, for what they name is not in this tenant: %(names)s.") % {"names": names}
    if done.left.total():
        names = ", ".join(f"{kind} {count}" for kind, count in done.left.items() if count)
        yield _("Still in use where it was, and left there: %(names)s.") % {"names": names}
