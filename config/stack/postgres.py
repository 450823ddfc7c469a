"""A PostgreSQL server of our own: made, started, watched and stopped by its programs."""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from config.stack.account import Account
from config.stack.binaries import POSTGRES_MAJOR, Binaries
from config.stack.children import start_child
from config.stack.errors import StackError
from config.stack.words import gettext

SUPERUSER = "postgres"
START_SECONDS = 60.0
# Independent of the machine's locales; whoever reaches the socket (its folder is closed) is trusted.
INITDB = (
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"),
    *("--auth-local=trust", "--auth-host=scram-sha-256", f"--username={SUPERUSER}", "--no-instructions"),
)
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "96MB",
    "max_connections": "100",
    "jit": "off",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "idle_in_transaction_session_timeout": "60s",
    # Statements and the details of errors hold what people wrote; a log must not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] %u ",
}
# For data that nobody will miss: tests.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@dataclass(frozen=True)
class Postgres:
    """One server: its programs, user, data, socket folder and log."""

    binaries: Binaries
    account: Account
    data: Path
    sockets: Path
    log: Path
    throwaway: bool = False

    def url(self, role: str, database: str) -> str:
        """Return the URL of a database for a role."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def initialise(self) -> None:
        """Make the data when there is none; StackError when what is there is not of this server."""
        if self.data.exists():
            self._refuse_foreign_data()
            return
        partial = self.data.with_name(self.data.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        self.account.own(partial)
        options = [*INITDB, "--no-sync"] if self.throwaway else [*INITDB]
        made = subprocess.run(
            [self.binaries.program("initdb"), f"--pgdata={partial}", *options],
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
            start_new_session=True,  # a Ctrl-C for us does not break it off
            **self.account.switch,  # type: ignore[call-overload]
        )
        if made.returncode != 0:
            raise StackError(self._why_not_made(made.stderr))
        partial.rename(self.data)

    def _why_not_made(self, output: str) -> str:
        if "No space left on device" in output:
            return gettext("The disk of {root} is full: free some space or choose another --data-dir.").format(
                root=self.data.parent
            )
        last = (output.strip().splitlines() or [gettext("no reason given")])[-1]
        return gettext("PostgreSQL could not make its data in {parent} ({last}): choose another --data-dir.").format(
            parent=self.data.parent, last=last
        )

    def _refuse_foreign_data(self) -> None:
        try:
            version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise StackError(
                gettext(
                    "The data folder is broken: {data} has no file PG_VERSION; put a backup in its place, or move it"
                    " away to begin anew."
                ).format(data=self.data)
            ) from None
        except PermissionError:
            raise StackError(
                gettext(
                    "The data in {data} belongs to another user: start Charla as that user or choose another"
                    " --data-dir."
                ).format(data=self.data)
            ) from None
        if version != POSTGRES_MAJOR:
            raise StackError(
                gettext(
                    "The data in {data} was made by PostgreSQL {version} and this is {postgres_major}: dump it with"
                    " the old version and restore it, or choose another --data-dir."
                ).format(data=self.data, version=version, postgres_major=POSTGRES_MAJOR)
            )

    def start(self, env: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start the server as a child of this process; it shuts down cleanly should this process be killed."""
        settings = SETTINGS | (THROWAWAY if self.throwaway else {}) | {"unix_socket_directories": str(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return start_child(
            [self.binaries.program("postgres"), "-D", str(self.data), *options],
            log=self.log,
            env=env,
            account=self.account,
            when_orphaned=signal.SIGINT,
            cwd=Path("/"),
        )

    def ready(self) -> bool:
        """Tell whether the server takes connections."""
        try:
            with psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def end_leftover(self) -> None:
        """End a server that an earlier, killed start left on this data (the caller holds the folder)."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
            process = psutil.Process(pid)
            if str(self.data) not in process.cmdline():
                return
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return
        for asked in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(psutil.Error):
                process.send_signal(asked)
                process.wait(10)
                return

    def why_down(self, *, since: int) -> str:
        """Return the sentence for a server that does not come up, from what its log got after the given size."""
        with self.log.open("rb") as log:
            log.seek(since)
            lines = log.read().decode(errors="replace").splitlines()
        told = [line.split(":  ", 1)[-1] for line in lines if "FATAL" in line or "PANIC" in line]
        reason = (told or lines or [gettext("no reason given")])[0 if told else -1]
        if "No space left on device" in "\n".join(lines):
            return gettext("The disk of {root} is full: free some space or choose another --data-dir.").format(
                root=self.data
            )
        return gettext(
            "PostgreSQL cannot use the data in {data} ({reason}): put a backup in its place, or move it away"
            " to begin anew; more is in {log}."
        ).format(data=self.data, reason=reason, log=self.log)

    def wait_ready(self, child: subprocess.Popen[bytes], pause: Callable[[float], None]) -> bool:
        """Wait until the server takes connections; False when it ended or took too long."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and child.poll() is None:
            if self.ready():
                return True
            pause(0.05)
        return False
