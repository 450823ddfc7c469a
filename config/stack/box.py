"""What a person sees of the start: a line per step, the box with addresses and log-in, the end."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.stack.words import gettext


@dataclass(frozen=True)
class Login:
    """The first log-in; the password is known only until it was shown once."""

    email: str
    password: str | None
    from_environment: bool = False

    @property
    def password_text(self) -> str:
        """Say what the password is, or where it is from."""
        if self.from_environment:
            return gettext("as in CHARLA_ADMIN_PASSWORD")
        if self.password:
            once = gettext("shown only this once")
            return f"{self.password}   ({once})"
        return gettext("as shown at the first start (forgotten: manage.py changepassword {email})").format(
            email=self.email
        )


class Teller:
    """Writes to the terminal; a terminal that is gone is no reason to fall."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """Write one line."""
        with self._reachable():
            self.console.print(Text(text, style=style))

    def warn(self, text: str) -> None:
        """Write one line that should be noticed."""
        self.say(text, "yellow")

    def fail(self, text: str) -> None:
        """Write the sentence that ends the start, on stderr."""
        with self._reachable():
            Console(stderr=True, highlight=False, soft_wrap=True).print(Text(f"charla: {text}", style="bold red"))

    def box(self, url: str, login: Login | None, folder: Path, notes: list[str]) -> None:
        """Show where to click and how to log in."""
        rows = Table.grid(padding=(0, 2))
        rows.add_column(style="bold", no_wrap=True)
        rows.add_column(overflow="fold")
        rows.add_row(gettext("Try it"), f"{url}/")
        rows.add_row(gettext("Administration"), f"{url}/admin/")
        rows.add_row("API", f"{url}/api/docs/")
        if login:
            rows.add_row(gettext("Email"), login.email)
            rows.add_row(gettext("Password"), login.password_text)
        rows.add_row(gettext("Data"), str(folder))
        rows.add_row(gettext("Logs"), str(folder / "logs"))
        for note in notes:
            rows.add_row(gettext("Note"), note)
        rows.add_row(gettext("Stop"), gettext("Ctrl-C (the data is kept)"))
        with self._reachable():
            self.console.print(Panel(rows, title=gettext("Charla is ready"), border_style="green", expand=False))

    def _reachable(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.suppress(OSError)
