"""The servers of our own as services of the supervisor."""

from collections.abc import Callable
from functools import cached_property

from config.stack.folder import DataFolder
from config.stack.home import Home, find_home
from config.stack.servers import (
    POSTGRES_STOP,
    SERVER_ENV,
    VALKEY_STOP,
    postgres_at,
    start_postgres,
    start_valkey,
    valkey_at,
)
from config.stack.supervisor import Service, Supervisor
from config.stack.urls import DatabaseUrls, embedded_urls
from config.stack.words import gettext


class EmbeddedServers:
    """Starts them, hands them to the supervisor, and notes where their data is when that is not the data folder."""

    def __init__(self, folder: DataFolder, supervisor: Supervisor, pause: Callable[[float], None]) -> None:
        self.folder, self.supervisor, self.pause = folder, supervisor, pause

    @cached_property
    def home(self) -> Home:
        """Where the servers live, chosen once."""
        return find_home(self.folder)

    def start_postgres(self) -> DatabaseUrls:
        """Start PostgreSQL; return its URLs."""
        postgres = postgres_at(self.home, self.folder.logs)
        child = start_postgres(postgres, self.pause)
        service = Service("postgres", postgres.log, lambda: postgres.start(SERVER_ENV), *POSTGRES_STOP)
        service.adopt(child)
        self.supervisor.services.append(service)
        return embedded_urls(postgres)

    def start_valkey(self) -> str:
        """Start Valkey; return its URL."""
        valkey = valkey_at(self.home, self.folder.logs)
        child = start_valkey(valkey, self.pause)
        service = Service("valkey", valkey.log, lambda: valkey.start(SERVER_ENV), *VALKEY_STOP)
        service.adopt(child)
        self.supervisor.services.append(service)
        return valkey.url

    @property
    def notes(self) -> list[str]:
        """Sentences for the box."""
        if "home" not in self.__dict__ or self.home.path == self.folder.root:
            return []
        note = gettext("The servers' data is in {home}: their user {user} cannot reach the folder above.")
        return [note.format(home=self.home.path, user=self.home.account.name)]
