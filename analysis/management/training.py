"""What the commands that learn have in common: reading labelled files, progress, and the question at the terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from analysis.services.labelled_files import LabelledFileError, LabelledText, ReadLabel, read_labelled
from tenants.management.base import CharlaCommand

PROBLEMS_TOLD: Final = 10
YES: Final = ("y", "yes", "s", "si", "sí")


def read_or_refuse(path: Path, read_label: ReadLabel) -> list[LabelledText]:
    """Return a file's texts; CommandError that tells its bad lines."""
    try:
        return read_labelled(path, read_label)
    except LabelledFileError as error:
        lines = [f"{error.name}:{problem.line}: {problem.message}" for problem in error.problems[:PROBLEMS_TOLD]]
        if (more := len(error.problems) - PROBLEMS_TOLD) > 0:
            lines.append(_("and %(more)s more.") % {"more": more})
        raise CommandError("\n".join(lines)) from error


def watcher(command: CharlaCommand, label: str, *, silent: bool) -> Callable[[Iterable[int]], Iterator[int]]:
    """Return what shows a command's progress through the steps of learning."""

    def watch(steps: Iterable[int]) -> Iterator[int]:
        total = len(steps) if isinstance(steps, range) else None
        return command.progress(steps, total=total, label=label, silent=silent)

    return watch


def asked(command: CharlaCommand, figures: str, options: dict[str, Any]) -> bool:
    """Show the figures to the person at the terminal, if there is one to ask, and return whether to use it."""
    if options["activate"] or options["dry_run"] or options["json"] or not sys.stdin.isatty():
        return False
    command.say(figures)
    return input(_("Use it from now on? [y/N] ")).strip().lower() in YES
