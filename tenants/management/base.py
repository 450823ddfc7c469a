"""The base of Charla's commands: common options, the tenant's look-up, progress, one JSON answer (commands.md)."""

import difflib
import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, TypeVar

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tenants.access import Reach
from tenants.management.speaking import SpokenHelp, speak
from tenants.models import TenantModel
from tenants.signals import command_finished

T = TypeVar("T")
LINE_EVERY_SECONDS = 10.0
NICENESS = 10
LANGUAGES = ("en", "es")
STOPPED = 128 + signal.SIGINT
logger = structlog.get_logger(__name__)


class SpokenCommand(BaseCommand):
    """A command that speaks the language asked for, in its help too."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Run in the language that `--lang` names: argparse writes the help before any option is read."""
        named = [after for before, after in pairwise(argv) if before == "--lang"]
        named += [word.removeprefix("--lang=") for word in argv if word.startswith("--lang=")]
        with translation.override(named[-1] if named and named[-1] in LANGUAGES else translation.get_language()):
            try:
                super().run_from_argv(argv)
            except KeyboardInterrupt:
                self.stderr.write(_("Stopped."))
                sys.exit(STOPPED)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Let a command give an option of its own the name of one of Django's (decision 36), and say all in words."""
        self.help = str(self.help)  # argparse takes no lazy text
        options = {"conflict_handler": "resolve", "formatter_class": SpokenHelp, **kwargs}
        parser = super().create_parser(prog_name, subcommand, **options)
        speak(parser)
        return parser


class CharlaCommand(SpokenCommand):
    """A command with `--json`, `--no-progress`, `--lang` and a record of each run."""

    changes_data = False
    # They look at the code, and so does each process that serves when it starts: half of a short command's time.
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Run; what may go through a tenant's whole data leaves the processor to those who wait for an answer."""
        if self.changes_data:
            os.nice(NICENESS)
        super().run_from_argv(argv)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that all commands have."""
        parser.add_argument("--json", action="store_true", help=_("Print one JSON object and nothing else."))
        parser.add_argument("--no-progress", action="store_true", help=_("Show no progress."))
        parser.add_argument("--lang", choices=LANGUAGES, help=_("Language of the output."))
        if self.changes_data:
            parser.add_argument("--dry-run", action="store_true", help=_("Count what would change; change nothing."))

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run in the language asked for, and tell how it went by the signal `command_finished`."""
        began, outcome = time.monotonic(), "failed"
        try:
            with translation.override(options.get("lang") or translation.get_language()):
                result = super().execute(*args, **options)
            outcome = "done"
            return result
        finally:
            seconds = time.monotonic() - began
            name = type(self).__module__.rpartition(".")[2]
            error = sys.exception()
            changed = self.changes_data and outcome == "done" and not options.get("dry_run")
            logger.info("command_finished", command=name, outcome=outcome, seconds=round(seconds, 3))
            command_finished.send(
                sender=type(self), command=name, outcome=outcome, seconds=seconds, changed=changed, error=error
            )

    def say(self, text: str) -> None:
        """Write words for people, on stderr."""
        self.stderr.write(text, self.style.NOTICE)

    def result(self, data: dict[str, Any], text: str, *, as_json: bool) -> None:
        """Write the outcome on stdout: as one JSON object, or in words."""
        self.stdout.write(json.dumps(data, default=str, ensure_ascii=False) if as_json else text)

    def progress(self, items: Iterable[T], *, total: int | None, label: str, silent: bool) -> Iterator[T]:
        """Yield items while a bar shows rate and remaining time; without a terminal, a line now and then."""
        if silent:
            yield from items
        elif sys.stderr.isatty():
            columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
            with Progress(*columns, console=Console(stderr=True)) as bar:
                yield from bar.track(items, total=total, description=label)
        else:
            yield from self._lines(items, total, label)

    def _lines(self, items: Iterable[T], total: int | None, label: str) -> Iterator[T]:
        told = time.monotonic()
        for count, item in enumerate(items, 1):
            yield item
            if time.monotonic() - told >= LINE_EVERY_SECONDS:
                told = time.monotonic()
                self.say(f"{label}: {count}/{total if total is not None else '?'}")


class TenantCommand(CharlaCommand):
    """A command about tenants' rows: `--tenant NAME|all`, or exactly one where `one_tenant` says so."""

    one_tenant = False
    charla_reach = Reach.TENANT

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--tenant`."""
        super().add_arguments(parser)
        default = None if self.one_tenant else "all"
        parser.add_argument("--tenant", default=default, help=_("Name of the tenant."))

    def tenants(self, options: dict[str, Any]) -> list[TenantModel]:
        """Return the tenants asked for; CommandError for an unknown name, exit status 2 when one must be named."""
        name = options["tenant"]
        if name == "all" and not self.one_tenant:
            return list(TenantModel.objects.filter(is_active=True))
        return [self.tenant(name)]

    def tenant(self, name: str | None) -> TenantModel:
        """Return one tenant by its name; without a name, the only one there is."""
        if name:
            found = TenantModel.objects.filter(name=name).first()
            if found is None:
                raise CommandError(self._unknown(name))
            return found
        only = list(TenantModel.objects.filter(is_active=True)[:2])
        if len(only) != 1:
            raise CommandError(_("Name the tenant with --tenant."), returncode=2)
        return only[0]

    def _unknown(self, name: str) -> str:
        names = list(TenantModel.objects.values_list("name", flat=True))
        message = _("There is no tenant “%(name)s”.") % {"name": name}
        if close := difflib.get_close_matches(name, names):
            message += " " + _("Did you mean: %(names)s?") % {"names": ", ".join(close)}
        return message
