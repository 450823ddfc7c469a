"""Bring `threads-data.json` and `guest-memory.json` into contacts, threads, labels and states."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.core.management import CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.models import JsonStateBatch
from chats.services.json_state.batches import as_dict, batch_called, batches
from chats.services.json_state.copies import copies_of
from chats.services.json_state.migrating import Migrated, migrate
from chats.services.json_state.people import Person
from chats.services.json_state.reading import GUESTS, THREADS, NotStateError, read_file
from chats.services.json_state.undoing import ChangedSinceError, Later, Undone, look, undo
from chats.services.json_state.words import WORDS, counted
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope

TOLD: Final = 20


class Command(TenantCommand):
    """See docs/json-state.md."""

    help = gettext_lazy("Migrate the JSON files of an earlier bot; safe to run again, and to undo by --rollback.")  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--threads", type=Path, metavar="FILE", help=_("The file threads-data.json."))
        parser.add_argument("--guests", type=Path, metavar="FILE", help=_("The file guest-memory.json."))
        parser.add_argument("--rollback", metavar="BATCH", help=_("Undo one batch exactly."))
        parser.add_argument(
            "--overwrite", action="store_true", help=_("With --rollback: undo also what was changed since.")
        )
        parser.add_argument("--list", action="store_true", help=_("List the batches."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the one thing that is asked for."""
        files = [options["threads"], options["guests"]]
        wanted = [any(files), bool(options["rollback"]), options["list"]]
        if sum(wanted) != 1:
            raise CommandError(_("Name --threads and --guests, or --rollback, or --list."), returncode=2)
        if options["overwrite"] and not options["rollback"]:
            raise CommandError(_("--overwrite goes with --rollback alone."), returncode=2)
        with tenant_scope(self.tenant(options["tenant"])):
            if options["list"]:
                self._list(options)
            elif options["rollback"]:
                self._rollback(options)
            else:
                self._migrate(options)

    def _migrate(self, options: dict[str, Any]) -> None:
        paths = {THREADS: options["threads"], GUESTS: options["guests"]}
        try:
            files = [read_file(kind, path) for kind, path in paths.items() if path]
            done = migrate(files, self._watch(options), dry_run=options["dry_run"])
        except NotStateError as error:
            raise CommandError(str(error)) from error
        for bad in done.bad[:TOLD]:
            self.say(f"{bad.file}:{bad.line}: {bad.key}: {bad.message}")
        if len(done.bad) > TOLD:
            self.say(_("and %(more)d more (see --json).") % {"more": len(done.bad) - TOLD})
        if done.old:
            self.say(_("%(count)d people were last active longer ago than the tenant keeps conversations: unless they "
                       "write, retention removes them.") % {"count": done.old})  # fmt: skip
        dry = {"dry_run": True} if options["dry_run"] else {}
        self.result({**dry, **done.as_dict()}, _words(done, dry_run=options["dry_run"]), as_json=options["json"])
        if done.proof and done.proof.lost:
            raise CommandError(_("Something of %(count)d people is not in the database: undo the batch by --rollback.")
                               % {"count": len(done.proof.lost)})  # fmt: skip
        if done.bad:
            words = (
                _("%(count)d entries cannot be migrated.")
                if options["dry_run"]
                else _("%(count)d entries were not migrated; the others were.")
            )
            raise CommandError(words % {"count": len(done.bad)})

    def _watch(self, options: dict[str, Any]) -> Any:
        def watch(people: Iterable[Person], total: int, label: str) -> Iterator[Person]:
            return self.progress(people, total=total, label=label, silent=options["no_progress"])

        return watch

    def _rollback(self, options: dict[str, Any]) -> None:
        with transaction.atomic():
            batch = batch_called(options["rollback"])
        if batch is None:
            raise CommandError(_("The tenant has no batch “%(batch)s”: see --list.") % {"batch": options["rollback"]})
        if batch.undone_at is not None:
            raise CommandError(_("This batch is undone already."))
        found = look(batch)
        for later in found.later[:TOLD]:
            self.say(_changed_since(later))
        if len(found.later) > TOLD:
            self.say(_("and %(more)d more (see --json).") % {"more": len(found.later) - TOLD})
        told = {
            "batch": str(batch.pk), **found.counts, "changed_since": [vars(later) for later in found.later],
            "blocked_by": sorted(map(str, found.blocked_by)), "copies": copies_of(batch.pk),
        }  # fmt: skip
        problem = _problem(found, overwrite=options["overwrite"])
        if not problem and not options["dry_run"]:
            self._undo(batch, options)
        told["undone"] = batch.undone_at is not None
        self.result(told, _words_of_undoing(told), as_json=options["json"])
        if problem:
            raise CommandError(problem)

    def _undo(self, batch: JsonStateBatch, options: dict[str, Any]) -> None:
        steps = undo(batch, overwrite=options["overwrite"])
        try:
            for _people in self.progress(steps, total=None, label="rollback", silent=options["no_progress"]):
                pass
        except ChangedSinceError as error:
            raise CommandError(_("Somebody is changing these contacts right now: run it again.")) from error

    def _list(self, options: dict[str, Any]) -> None:
        with transaction.atomic():
            told = [as_dict(batch) for batch in batches()]
        lines = [
            f"{one['batch']}  {one['begun']:%Y-%m-%d %H:%M}  {WORDS[one['state']]}  {counted(one['counts'])}"
            for one in told
        ]
        self.result({"batches": told}, "\n".join(lines) or _("There is no batch."), as_json=options["json"])


def _problem(found: Undone, *, overwrite: bool) -> str:
    if found.blocked_by:
        names = ", ".join(sorted(map(str, found.blocked_by)))
        return _("Later batches changed the same people: undo them first (%(batches)s).") % {"batches": names}
    if found.later and not overwrite:
        return _("Nothing was undone: %(count)d values were changed since. Give --overwrite to undo them too.") % {
            "count": len(found.later)
        }
    return ""


def _changed_since(later: Later) -> str:
    if later.becomes is None:  # of a row that the batch made, which goes
        return _("%(contact)s: %(table)s.%(name)s was changed since: it is %(now)r and would be removed.") % vars(later)
    told = _("%(contact)s: %(table)s.%(name)s was changed since: it is %(now)r and would become %(becomes)r.")
    return told % vars(later)


def _words(done: Migrated, *, dry_run: bool) -> str:
    lines = [
        _("%(read)d entries: %(good)s; %(bad)d bad, %(erased)d of people who were erased.")
        % {"read": done.read, "good": counted(done.counts) or _("nothing new"), "bad": len(done.bad),
           "erased": len(done.erased)}
    ]  # fmt: skip
    if dry_run:
        return "\n".join([*lines, _("Nothing was changed.")])
    if proof := done.proof and done.proof.as_dict():
        lines.append(_("Proof: %(people)d people, %(lost)d with a loss, %(changed_since)d changed since.")
                     % {**proof, "lost": len(proof["lost"])})  # fmt: skip
        lines += [f"  {name} {proof[name]}" for name in ("sha256_of_files", "sha256_of_database")]
    lines += [_("Copy: %(path)s") % {"path": path} for path in done.copies]
    if done.batch:
        lines.append(_("Batch %(batch)s; undo it by --rollback %(batch)s") % {"batch": done.batch.pk})
    return "\n".join(lines)


def _words_of_undoing(told: dict[str, Any]) -> str:
    counts = counted({name: told[name] for name in WORDS if name != "undone" and told.get(name)})
    state = _("Undone") if told["undone"] else _("Would be undone")
    return "\n".join([f"{state}: {counts or '0'}", *(_("Copy: %(path)s") % {"path": path} for path in told["copies"])])
