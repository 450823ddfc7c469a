"""The options of bin/run."""

import argparse
import errno
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.stack.errors import StackError
from config.stack.words import gettext

DEFAULT_PORT = 8000
HIGHEST_PORT = 65_535
MOST_PROCESSES = 3  # PostgreSQL's connections last for as many


@dataclass(frozen=True)
class Options:
    """Where to listen, where the data is, whether there is demo data at first, how many webs and workers, or none."""

    host: str
    port: int
    data_dir: Path | None
    demo: bool
    processes: int = 1
    servers_only: bool = False

    @property
    def local_address(self) -> tuple[str, int]:
        """Host and port at which this machine reaches the web server."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port  # noqa: S104 - as given

    @property
    def local_url(self) -> str:
        """The address to click on."""
        host, port = self.local_address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def refuse_used_port(self) -> None:
        """Raise StackError when nobody can listen there."""
        self.listen(backlog=1).close()

    def listen(self, backlog: int = 2048) -> socket.socket:
        """Listen there, for processes to share; StackError when nobody can."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            return _listening(socket.socket(family, kind, protocol), address, backlog)
        except socket.gaierror:
            raise StackError(self._foreign_host()) from None
        except PermissionError:
            raise StackError(
                gettext("Port {port} is reserved for root: choose one above 1023 with --port.").format(port=self.port)
            ) from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise StackError(self._foreign_host()) from None
            raise StackError(
                gettext(
                    "Port {port} on {host} cannot be used ({reason}): stop the program that listens there or choose"
                    " another with --port."
                ).format(port=self.port, host=self.host, reason=(error.strerror or str(error)).lower())
            ) from None

    def _foreign_host(self) -> str:
        return gettext("--host {host} is not an address of this machine: try 127.0.0.1 or 0.0.0.0.").format(
            host=self.host
        )


def parse(arguments: list[str]) -> Options:
    """Read the command line; ends the program with status 2 when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="bin/run",
        description=gettext("Start Charla with its servers; Ctrl-C stops it and keeps the data."),
        epilog=gettext("With DATABASE_URL or REDIS_URL in the environment it uses those servers instead of its own."),
    )
    parser.add_argument("--host", default="127.0.0.1", help=gettext("address to listen on (default: %(default)s)"))
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help=gettext("port to listen on (default: %(default)s)")
    )
    parser.add_argument("--data-dir", type=Path, help=gettext("folder of all data (default: .data beside manage.py)"))
    parser.add_argument("--no-demo", action="store_true", help=gettext("make no demo data on the first start"))
    parser.add_argument(
        "--processes",
        type=int,
        choices=range(1, MOST_PROCESSES + 1),
        default=1,
        metavar="N",
        help=gettext("how many web and how many worker processes (default: 1); of 2, one goes on when one dies"),
    )
    parser.add_argument(
        "--servers-only",
        action="store_true",
        help=gettext("start PostgreSQL and Valkey alone, for commands as restore_data; migrate and serve nothing"),
    )
    given = parser.parse_args(arguments)
    return Options(given.host, given.port, given.data_dir, not given.no_demo, given.processes, given.servers_only)


def _listening(listener: socket.socket, address: Any, backlog: int) -> socket.socket:
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= HIGHEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(
        gettext("{text} is not a port: give a number from 1 to {highest}").format(text=text, highest=HIGHEST_PORT)
    )
