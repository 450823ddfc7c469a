"""How `manage.py` finds the servers: from its environment, or those of a running bin/run (decision 35)."""

import fcntl
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from config.stack.errors import StackError
from config.stack.words import gettext

PROJECT = Path(__file__).resolve().parents[2]
# These change or read the schema as it is defined, so they run as the owner of it.
OWNER_COMMANDS = {
    *("migrate", "showmigrations", "sqlmigrate", "makemigrations", "squashmigrations", "optimizemigration"),
    *("flush", "sqlflush", "inspectdb", "createcachetable", "test"),
}
# This one makes databases and swaps them: it runs as the application and is told who the owner is.
OWNER_BESIDE = {"restore_data"}
# These work without any server.
SERVERLESS_COMMANDS = {
    *("help", "version", "check", "makemigrations", "makemessages", "compilemessages", "collectstatic"),
    *("diffsettings", "spectacular", "findstatic", "startapp"),
    "chaos",  # it starts servers of its own
}
HELP_OPTIONS = {"-h", "--help", "--version"}


def data_folder(environment: Mapping[str, str]) -> Path:
    """Return the data folder that the environment names, by default `.data` beside manage.py."""
    return Path(environment.get("CHARLA_DATA_DIR") or PROJECT / ".data").absolute()


def command_environment(arguments: list[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment lacks for a command of manage.py.

    `arguments` begin with the command's name. StackError when the command needs a server and none is known.
    """
    command = arguments[0] if arguments else "help"
    found: dict[str, str] = {}
    if "DATABASE_URL" not in environment:
        found = running_stack(data_folder(environment))
        if not found and command not in SERVERLESS_COMMANDS and not HELP_OPTIONS & set(arguments):
            raise StackError(
                gettext(
                    "No Charla runs with the data folder {folder}: start bin/run in another terminal, or set"
                    " DATABASE_URL, REDIS_URL and SECRET_KEY."
                ).format(folder=data_folder(environment))
            )
        found = {name: value for name, value in found.items() if name not in environment}
    if "SECRET_KEY" not in {**environment, **found} and command in SERVERLESS_COMMANDS:
        found["SECRET_KEY"] = secrets.token_urlsafe(48)  # nothing that such a command makes is kept
    owner = found.pop("DATABASE_OWNER_URL", None) or environment.get("DATABASE_OWNER_URL")
    if owner and command in OWNER_COMMANDS:
        found["DATABASE_URL"] = owner
    elif owner and command in OWNER_BESIDE:
        found["DATABASE_OWNER_URL"] = owner
    return found


def running_stack(folder: Path) -> dict[str, str]:
    """Return the environment of the stack that runs with a data folder; empty when none does."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        if not _is_held(folder / "run.lock"):
            return {}
    except PermissionError:
        raise StackError(
            gettext("The stack in {folder} belongs to another user: run this command as that user.").format(
                folder=folder
            )
        ) from None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    found: dict[str, str] = state["environment"]
    return found


def _is_held(lock: Path) -> bool:
    """Tell whether a supervisor holds the folder: a killed one leaves its state file behind, but never the lock."""
    with lock.open(encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
