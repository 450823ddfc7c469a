"""Every command told to work on our tenant, with a neighbour's ids in its options and files."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from tests.probes.report import REPORT
from tests.probes.sending import file_of
from tests.probes.world import MARK, OURS, World, rolled_back

APPS = ("tenants", "audit", "metrics", "notifications", "agents", "chats", "analysis", "config")
COMMON = {"help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color",
          "skip_checks", "tenant", "lang", "json", "no_progress", "dry_run"}  # fmt: skip
# Processes that run until they are stopped, and what kills those of a whole installation.
PROCESSES = {"sweep", "runstack", "chaos", "worker", "serve"}


def commands() -> list[str]:
    """Return the project's own commands that work on one tenant."""
    own = {name: app for name, app in get_commands().items() if app in APPS and name not in PROCESSES}
    return sorted(name for name, app in own.items() if "tenant" in options_of(name))


def options_of(name: str) -> dict[str, Any]:
    """Return a command's arguments by name."""
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    return {action.dest: action for action in parser._actions}


def lines(name: str, world: World, folder: Path, *, every: bool) -> Iterator[list[str]]:
    """Yield the arguments of every run: each option with each of a few of the neighbour's names, and with files."""
    named = world.theirs.identifiers()
    for ending in ("csv", "json", "jsonl", "md"):
        (folder / f"named.{ending}").write_bytes(file_of(world, ending).read())
    files = [str(path) for path in sorted(folder.iterdir())]
    taking = [one for dest, one in options_of(name).items() if dest not in COMMON and one.nargs != 0]
    positional = [one for one in taking if not one.option_strings]
    for value in [*files, *named[:2], *named[2::9]] if every else [files[0], named[0]]:
        yield [value] * len(positional)
        for action in taking:
            if action.option_strings:
                yield [*[files[0]] * len(positional), f"{action.option_strings[-1]}={value}"]


@pytest.mark.parametrize("name", commands())
def test_a_command_with_a_neighbours_ids_neither_shows_nor_changes_anything_there(
    world: World, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_probe: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)  # a name that a command takes for a file is one here
    wrong = []
    for arguments in lines(name, world, tmp_path, every=every_probe):
        out = io.StringIO()
        with rolled_back():
            outcome = "own data"
            try:
                call_command(name, *arguments, f"--tenant={OURS}", stdout=out, stderr=out)
            except (CommandError, SystemExit) as refused:
                out.write(str(refused))
                outcome = "refused"
            text = out.getvalue()
            for value in arguments:
                text = text.replace(value.partition("=")[2] or value, "")
            REPORT.probe("commands", outcome)
            if MARK in text and not Path(arguments[0] if arguments else "").exists():
                REPORT.probe("commands", "leaks")
                wrong.append(f"{arguments} printed {text[:300]}")
            if world.fingerprint() != world.before["owner"]:
                REPORT.probe("commands", "writes")
                wrong.append(f"{arguments} changed the neighbour")
    assert wrong == []
